package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/webhook"
	"jira-oauth-watcher/tailer"
)

const (
	settleEvery = 2 * time.Second
	idleSettle  = 20 * time.Second // of a node, at most
)

// daemon is what cmd/watcher makes of a configuration, with tasks in place of
// goroutines. It follows the order of cmd/watcher/generation.go.
type daemon struct {
	w        *world
	store    *store.Store
	conf     *conf.Config
	recorder *pipeline.Recorder
	logs     []*pipeline.Log
	readers  []*reader
	ctx      context.Context
	cancel   context.CancelFunc
	killed   bool
}

// start opens the state file and begins where it says.
func (w *world) start() error {
	state, err := store.Open(w.stateDir(), w.log)
	if err != nil {
		return err
	}
	c, err := w.load()
	if err != nil {
		return err
	}
	return w.run(&daemon{w: w, store: state, conf: c})
}

// load reads the configuration as it is now.
func (w *world) load() (*conf.Config, error) {
	path := filepath.Join(w.stateDir(), "config.toml")
	if err := os.WriteFile(path, []byte(w.config()), 0o600); err != nil {
		return nil, err
	}
	return conf.Load(path)
}

// config is the configuration that the steps so far have led to.
func (w *world) config() string {
	if w.node != nil {
		return w.node.config()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "node = \"jira-1\"\nstate_dir = %q\n", w.stateDir())
	fmt.Fprintf(&b, "[alerts]\nmute = [%s]\nstorm = %d\nburst = %q\nrepeat_interval = %q\n[causes]\n", w.muted, w.Storm,
		cmp.Or(w.burst(), "0"), w.Repeat)
	for _, l := range w.disks {
		if l.configured {
			fmt.Fprintf(&b, "[[log]]\npath = %q\nname = %q\nstart = %q\npoll = true\n", l.path, l.name, w.Start)
		}
	}
	for i, r := range w.receivers {
		if r.configured {
			url := fmt.Sprintf("https://%s.example/hook/%s", r.name, w.secret("Hook"))
			fmt.Fprintf(&b, "[[webhook]]\nname = %q\nurl = %q\nretry_for = %q\n", r.name, url, w.RetryFor)
			if w.Picky && i == 1 {
				b.WriteString("min_severity = \"critical\"\n")
			}
		}
	}
	return b.String()
}

// burst is as the configuration has it.
func (w *world) burst() string { return strings.Replace(w.Burst, "in", " in ", 1) }

// run starts the tasks of a generation.
func (w *world) run(d *daemon) error {
	d.ctx, d.cancel = context.WithCancel(context.Background())
	w.daemon, w.machine.busy = d, w.machine.mono
	var targets []notify.Target
	for _, c := range d.conf.Webhooks {
		hook, err := webhook.New(c)
		if err != nil {
			return err
		}
		hook.Over(w.receiver(c.Name))
		targets = append(targets, notify.Target{Notifier: c.Notifier, Kind: "webhook", To: hook})
	}
	access := slices.ContainsFunc(d.conf.Logs, func(l conf.Log) bool { return l.Kind == conf.KindAccess })
	d.recorder = &pipeline.Recorder{Store: d.store, Rules: incident.NewRules(d.conf), AccessLog: access, MaxOpen: w.MaxOpen}
	switch {
	case w.node == nil:
		d.recorder.Tally = w.model
	case w.node.rest != "":
		d.recorder.Jira = w.node
	}
	var names []string
	for _, t := range targets {
		names = append(names, t.Name)
		d.recorder.Recipients = append(d.recorder.Recipients, pipeline.Recipient{Name: t.Name, MinSeverity: t.MinSeverity})
	}
	removed, err := d.store.Orphans(names, clock.Now())
	if err != nil {
		return err
	}
	for _, t := range targets {
		worker := notify.NewWorker(t, d.store, w.log)
		w.machine.start("notifier "+t.Name, func() error { return worker.Run(d.ctx) })
	}
	for _, l := range d.conf.Logs {
		if err := d.follow(l); err != nil {
			return err
		}
	}
	if err := d.store.SweepReceipts(); err != nil {
		return err
	}
	w.machine.start("settle", d.settle)
	return errors.Join(d.recorder.CloseUnconfigured(), d.recorder.CheckRemoved(removed, clock.Now()), d.recorder.CatchUp())
}

func (d *daemon) follow(l conf.Log) error {
	source := incident.Source{Name: l.Name, Path: l.Path}
	from, known, err := d.store.Position(l.Path)
	if err != nil {
		return err
	}
	options := tailer.Options{NoNotify: true, ByHand: true, Optional: l.Kind.Optional(), Log: d.w.log.With("log", l.Name)}
	if l.Start == conf.StartBeginning || known && from.IsZero() {
		options.Start = tailer.Beginning
	}
	r := &reader{w: d.w, disk: d.w.diskOf(l.Path), Follower: tailer.Follow(l.Path, from, options)}
	p := &pipeline.Log{
		Source: source, Kind: l.Kind, Zone: l.TimeZone, Access: d.conf.Jira.AccessLine, Reader: r, Set: func() *matchers.Set { return d.w.set }, Recorder: d.recorder,
		Checkpoint: &pipeline.Checkpoint{Key: l.Path, Begin: r.Follower.Position}, Silent: l.SilentAfter,
	}
	d.logs, d.readers, d.recorder.Logs = append(d.logs, p), append(d.readers, r), append(d.recorder.Logs, source)
	m := d.w.machine
	m.start("log "+l.Name, func() error { return p.Run(d.ctx) })
	m.start("pinner "+l.Name, func() error {
		for d.ctx.Err() == nil {
			clock.Wait(d.ctx, nil, m.quiet(poll))
			if d.ctx.Err() == nil && r.begun {
				d.w.model.polled(r.disk)
				r.Discover()
			}
		}
		return nil
	})
	return nil
}

// settle does what the main loop of the daemon does periodically.
func (d *daemon) settle() error {
	for {
		pause := d.w.machine.quiet(settleEvery)
		if d.w.node != nil { // what waits for evidence is due soon after a line
			pause = min(pause, max(settleEvery, d.w.machine.mono-d.w.machine.busy-20*time.Second), idleSettle)
		}
		clock.Wait(d.ctx, nil, pause)
		if d.ctx.Err() != nil {
			return nil
		}
		if err := d.recorder.CheckNotifiers(clock.Now()); err != nil {
			return err
		}
		if err := d.recorder.Settle(clock.Now(), d.current); err != nil {
			return err
		}
	}
}

func (d *daemon) current(log string) bool {
	for _, l := range d.logs {
		if l.Source.Name == log && !l.Ended() {
			return l.Current()
		}
	}
	return true
}

// end stops all tasks. When the daemon is killed, what is under way comes to
// nothing: the state file is closed first.
func (d *daemon) end() error {
	m := d.w.machine
	for !d.killed && slices.ContainsFunc(d.w.receivers, func(r *receiver) bool { return r.sending }) {
		m.pass(poll) // a request under way has some time to finish
	}
	if d.killed {
		d.store.Close()
		for _, r := range d.w.receivers {
			if r.sending {
				m.turn(r.task) // its answer is lost
			}
		}
	}
	d.cancel()
	tasks := m.tasks
	m.finish()
	for _, r := range d.readers {
		r.Close()
	}
	for _, t := range tasks {
		if t.err != nil && !d.killed {
			return fmt.Errorf("%s ended with: %w", t.name, t.err)
		}
	}
	d.w.daemon = nil
	d.w.model.ended()
	return nil
}

func (w *world) stop() error {
	d := w.daemon
	if err := d.end(); err != nil {
		return err
	}
	return d.store.Close()
}

func (w *world) kill() error {
	w.daemon.killed = true
	return w.daemon.end()
}

// reload ends the generation and begins the next one with the same state file.
func (w *world) reload() error {
	d := w.daemon
	c, err := w.load()
	if err != nil {
		return err
	}
	if err := d.end(); err != nil {
		return err
	}
	return w.run(&daemon{w: w, store: d.store, conf: c})
}

// reader is the tailer, read by hand: what it waits for is simulated.
type reader struct {
	*tailer.Follower
	w     *world
	disk  *disk
	begun bool // the first poll was done
}

func (r *reader) Block(ctx context.Context, wait time.Duration) (tailer.Block, error) {
	m := r.w.machine
	if r.begun && r.w.Slow > 0 {
		clock.Wait(ctx, nil, m.Jitter(r.w.Slow))
	}
	for until := m.mono + wait; ; {
		if err := ctx.Err(); err != nil {
			return tailer.Block{}, err
		}
		r.w.model.polled(r.disk)
		r.begun = true
		b, err := r.Follower.Block(ctx, 0)
		if len(b.Text) > 0 {
			m.busy = m.mono
		}
		if len(b.Text) > 0 || err != nil || m.mono >= until {
			return b, err
		}
		pause := m.quiet(poll)
		if wait < settleEvery { // it waits for the end of an event
			pause = min(poll, until-m.mono)
		}
		clock.Wait(ctx, nil, pause)
	}
}

// Gaps notes what must become an alert.
func (r *reader) Gaps() []tailer.Gap {
	gaps := r.Follower.Gaps()
	for _, g := range gaps {
		if g.Bytes != 0 {
			r.w.model.gap(r.disk, g)
		}
	}
	return gaps
}

// newLogger writes to what is searched for secrets.
func newLogger(to *strings.Builder, now func() time.Time) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.String(a.Key, now().Format("2006-01-02T15:04:05.000"))
			}
			return a
		},
	}))
}
