package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/doctor"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/jira"
	"jira-oauth-watcher/internal/listen"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/receive"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

// generation is all that one configuration makes. It is built completely, and
// opens nothing but an address to listen on, while the one before it still runs.
type generation struct {
	conf    *conf.Config
	set     func() *matchers.Set
	targets []notify.Target
	jira    pipeline.Integrations // nil = Jira is not asked
	http    *listen.Server        // only if its address is not that of the one before
	otlp    *listen.Server        // the same

	reloaded bool // it replaces an earlier one

	recorder *pipeline.Recorder // from here on, made by open
	logs     []*pipeline.Log
	receiver *receive.Receiver // nil = off
	workers  []*notify.Worker
	closers  []func() error
}

// build makes a generation of a configuration and its causes, which load reads.
func (d *daemon) build(c *conf.Config, load func(dir string) (*matchers.Set, error)) (*generation, error) {
	set, err := catalogue(c, load)
	if err != nil {
		return nil, err
	}
	targets, err := newNotifiers(c, d.out, terminal(d.out))
	if err != nil {
		return nil, wrong{err}
	}
	if d.options.confirm && targets[0].Kind == "console" {
		return nil, usage("--confirm requires a notifier, because alerts would be printed among the answers: " +
			"add one to a configuration file, and name that with --config")
	}
	if targets, err = withShip(c, targets, d.out, d.options.confirm); err != nil {
		return nil, err
	}
	for _, w := range c.Warnings {
		d.log.Warn(w)
	}
	g := &generation{conf: c, set: set, targets: targets}
	if !c.Jira.Token.IsZero() {
		if g.jira, err = jira.New(c.Alerts.JiraURL, c.Jira.Token); err != nil {
			return nil, usage("jira.url: %w", err)
		}
	}
	return g, nil
}

// next builds the next generation from the configuration as it is now.
func (d *daemon) next() (*generation, error) {
	c, err := d.options.load()
	if err != nil {
		return nil, err
	}
	if c.StateDir != d.stateDir {
		return nil, fmt.Errorf("state_dir cannot change from %s to %s while the program is running: restart it",
			d.stateDir, c.StateDir)
	}
	g, err := d.build(c, matchers.Load)
	if err != nil {
		return nil, err
	}
	return g, d.listen(g)
}

// open makes what uses the store: each log is read from its stored position.
func (g *generation) open(d *daemon) error {
	removed, err := d.removed(g.targets)
	if err != nil {
		return err
	}
	g.recorder = &pipeline.Recorder{
		Store: d.store, Rules: incident.NewRules(g.conf), Tally: d.site.Metrics(), Jira: g.jira,
		Ship:             g.conf.Ship.File != "",
		AlertUnreachable: g.conf.Jira.AlertUnreachable,
		AccessLog:        slices.ContainsFunc(g.conf.Logs, func(l conf.Log) bool { return l.Kind == conf.KindAccess }),
	}
	queue := d.site.Metrics().Queue(d.store)
	for _, t := range g.targets {
		g.workers = append(g.workers, notify.NewWorker(t, queue, d.log))
		if t.Name == notify.Ship {
			continue
		}
		to := pipeline.Recipient{Name: t.Name, MinSeverity: t.MinSeverity}
		if keeper, ok := t.To.(notify.Keeper); ok {
			to.Keeps, to.Groups = true, keeper.Groups()
		}
		g.recorder.Recipients = append(g.recorder.Recipients, to)
	}
	for _, l := range g.conf.Logs {
		if err := g.follow(d, l); err != nil {
			return err
		}
	}
	if g.conf.Receive.On() && !d.options.once {
		g.receiveLogs(d)
	}
	g.recorder.Logs = each(g.logs, func(l *pipeline.Log) incident.Source { return l.Source })
	if err := d.store.SweepReceipts(); err != nil {
		return err
	}
	if err := g.recorder.CloseUnconfigured(); err != nil {
		return err
	}
	if err := g.recorder.CheckRemoved(removed, time.Now()); err != nil {
		return err
	}
	if g.conf.Alerts.Announce && !g.reloaded && !d.options.once {
		version, _ := build()
		if err := g.recorder.Started(version); err != nil {
			return err
		}
	}
	return g.recorder.CatchUp()
}

// stream is what all logs have in common.
func (g *generation) stream(l conf.Log) *pipeline.Log {
	return &pipeline.Log{
		Source:   incident.Source{Name: l.Name, Path: l.Path},
		Kind:     l.Kind,
		Zone:     l.TimeZone,
		Access:   g.conf.Jira.AccessLine,
		Set:      g.set,
		Recorder: g.recorder,
		Silent:   l.SilentAfter,
	}
}

// newLog adds a log.
func (g *generation) newLog(d *daemon, l conf.Log) *pipeline.Log {
	p := g.stream(l)
	p.Earlier = d.stats[p.Source]
	g.logs = append(g.logs, p)
	return p
}

// follow adds a log, and its reader.
func (g *generation) follow(d *daemon, l conf.Log) error {
	p := g.newLog(d, l)
	if l.Path == stdinPath {
		if d.stdin == nil {
			d.stdin = &confirmed{StreamReader: tailer.Stream(d.in), out: d.out}
		}
		p.Reader = d.stdin.StreamReader
		if d.options.confirm {
			p.Reader = d.stdin
			g.closers = append(g.closers, d.stdin.refuse)
		}
		return nil
	}
	path, err := filepath.Abs(l.Path)
	if err != nil {
		return fmt.Errorf("log %q: %w", l.Name, err)
	}
	if d.options.once && l.Kind.Optional() && missing(path) {
		p.Reader = tailer.Stream(strings.NewReader(""))
		return nil
	}
	key, err := d.store.LogKey(path, conf.SameFile)
	if err != nil {
		return err
	}
	from, known, err := d.store.Position(key)
	if err != nil {
		return err
	}
	options := tailer.Options{Once: d.options.once, NoNotify: l.Poll, Optional: l.Kind.Optional(), Log: d.log.With("log", l.Name)}
	// A zero position was stored for a log that could not be read, by a version
	// that did not store the time of its first poll.
	if l.Start == conf.StartBeginning || known && from.IsZero() || !known && d.options.once {
		options.Start = tailer.Beginning
	}
	f := tailer.Follow(path, from, options)
	g.closers = append(g.closers, f.Close)
	p.Reader, p.Checkpoint = f, &pipeline.Checkpoint{Key: key, Begin: f.Position}
	return nil
}

// missing reports whether there is no such log.
func missing(path string) bool {
	name, err := tailer.Current(path)
	if err == nil {
		_, err = os.Stat(name)
	}
	return errors.Is(err, fs.ErrNotExist)
}

// removed are the notifiers that are no longer configured while alerts wait for them. It logs
// them.
func (d *daemon) removed(configured []notify.Target) ([]store.Orphan, error) {
	orphans, err := d.store.Orphans(namesOf(configured), time.Now())
	for _, o := range orphans {
		if o.GivenUp {
			d.log.Warn("notifier has not been configured for a week, its queued alerts are deleted",
				"notifier", o.Name, "waiting", o.Waiting)
			continue
		}
		d.log.Warn("notifier is no longer configured, its queued alerts are kept for a week: "+
			"give a notifier that name to send them",
			"notifier", o.Name, "waiting", o.Waiting, "until", o.Until.Format(time.RFC3339))
	}
	return orphans, err
}

// close ends what open opened. What has been counted is kept for the next generation to continue.
func (g *generation) close(d *daemon) {
	for _, c := range g.closers {
		_ = c()
	}
	for _, l := range g.logs {
		d.stats[l.Source] = l.Stats()
	}
}

func (g *generation) readers() []task {
	all := each(g.logs, func(l *pipeline.Log) task { return l.Run })
	if g.receiver != nil {
		all = append(all, g.receiver.Run)
	}
	return all
}

// senders are all tasks but the readers, which must not run yet.
func (g *generation) senders(d *daemon) []task {
	all := each(g.workers, func(w *notify.Worker) task { return w.Run })
	for _, t := range g.targets {
		if t.Buttons != nil {
			log := d.log.With("notifier", t.Name)
			all = append(all, func(ctx context.Context) error { return t.Buttons.Run(ctx, log, g.recorder.Acknowledge) })
		}
	}
	if g.conf.Probe.OnAlert {
		all = append(all, g.recorder.Prober(func(ctx context.Context, host string) *alert.Probe {
			found := newDoctor(g.conf).Probe(ctx, doctor.ForHost(host)) // Jira's Java may be a different one by now
			return found.Alert()
		}))
	}
	if to := g.conf.Heartbeat.URL; !to.IsZero() {
		all = append(all, func(ctx context.Context) error { return d.beat(ctx, to) })
	}
	return all
}

const (
	beatEvery   = time.Minute      // how often the address of [heartbeat] is requested at most
	beatTimeout = 10 * time.Second // for one request
)

// beat requests the address of [heartbeat] while all is well. It is a separate task, so that no
// alert waits for it. A request that fails is not retried: the next one follows anyway.
func (d *daemon) beat(ctx context.Context, to conf.Secret) error {
	client, err := notify.NewClient(conf.Notifier{}, conf.Client{})
	if err != nil {
		return err
	}
	client.Timeout = beatTimeout
	for failed := false; ctx.Err() == nil; {
		now := time.Now()
		if early := beatEvery - now.Sub(d.beaten); early > 0 || !d.site.Well(now) {
			clock.Wait(ctx, nil, max(early, settleEvery))
			continue
		}
		d.beaten = now
		_, err := notify.Request{Client: client, To: to}.Send(ctx)
		switch {
		case err == nil && failed:
			d.log.Info("heartbeat accepted again")
		case err != nil && !failed && ctx.Err() == nil:
			d.log.Warn("heartbeat failed, further failures are not logged", "err", err)
		}
		failed = err != nil
	}
	return nil
}

// heartbeats are those of the logs that still run.
func (g *generation) heartbeats() []time.Time {
	var all []time.Time
	for _, l := range g.logs {
		if !l.Ended() {
			all = append(all, l.Heartbeat())
		}
	}
	return all
}

// current reports whether a log has been read to its end: only then does its
// silence mean anything. One that is no longer followed has ended.
func (g *generation) current(log string) bool {
	for _, l := range g.logs {
		if l.Source.Name == log && !l.Ended() {
			return l.Current()
		}
	}
	return true
}
