package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/receive"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

const (
	settleEvery = 2 * time.Second       // how often what is due by time is queued
	settleIdle  = 10 * time.Second      // the same if nothing has changed for activeFor
	activeFor   = 2 * time.Minute       // longer than whatever an incident waits for
	readyEvery  = 10 * time.Millisecond // how often readiness is checked at the start
	onceGrace   = time.Minute           // how long --once tries to deliver
	stdinPath   = "-"                   // --log - is standard input
	stdinName   = "stdin"               // its name in alerts
)

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{Use: "run", Args: atMost(0)}
	config := configFlag(c)
	logFormat := choiceFlag(c, "log-format",
		"format of the program's own log; auto is journal under systemd, otherwise text",
		logAuto, logText, logJSON, logJournal)
	c.Flags().StringArrayVar(&o.logs, "log", nil, "also follow `FILE` (- is standard input); can be repeated")
	c.Flags().BoolVar(&o.once, "once", false, "read the logs to their end, deliver the alerts, and exit")
	c.Flags().BoolVar(&o.confirm, "confirm", false,
		"print OK for each stored line of standard input, as rsyslog's omprog expects with confirmMessages")
	c.RunE = func(*cobra.Command, []string) error {
		o.config, o.logFormat = *config, *logFormat
		return a.run(c.Context(), o)
	}
	return c
}

type runOptions struct {
	config    string
	logs      []string
	once      bool
	confirm   bool
	logFormat string
}

// load reads the configuration and adds the logs of the command line.
func (o runOptions) load() (*conf.Config, error) {
	var c *conf.Config
	var err error
	if o.config == "" && len(o.logs) > 0 {
		c, err = wrongConfig(conf.Default())
	} else {
		c, err = loadConfig(o.config, false)
	}
	if err != nil {
		return nil, err
	}
	for _, path := range o.logs {
		l := conf.NewLog(path)
		if path == "" {
			return nil, usage("--log needs the name of a file")
		}
		if path == stdinPath {
			l.Path, l.Name = stdinPath, stdinName
		} else if why := conf.BadLog(path); why != "" {
			return nil, usage("--log %s %s", path, why)
		}
		for _, other := range c.Logs {
			files := path != stdinPath && other.Path != stdinPath
			if path == other.Path || files && conf.SameFile(path, other.Path) {
				return nil, usage("--log %s is the same file as the log %q (%s), so its failures would be counted twice: "+
					"name it only once", path, other.Name, other.Path)
			}
		}
		c.AddLog(l)
	}
	if len(c.Logs) == 0 && (o.once || !c.Receive.On()) {
		return nil, usage("there is no log to follow: add a [[log]] to %s, or give --log FILE", c.File)
	}
	if o.confirm && !slices.Contains(o.logs, stdinPath) {
		return nil, usage("--confirm answers for the lines of standard input: add --log -")
	}
	return c, nil
}

func (a *app) run(ctx context.Context, o runOptions) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)

	if !o.once {
		beLight()
	}
	c, err := o.load()
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if c.File == "" {
		level = slog.LevelWarn // this terminal shows the alerts
	}
	log, err := newLogger(a.errw, o.logFormat, level)
	if err != nil {
		return err
	}
	d := &daemon{
		app: a, options: o, log: log, stateDir: c.StateDir,
		http: listener{key: "[http] listen"}, otlp: listener{key: "[receive] otlp"},
		stats: map[incident.Source]pipeline.Stats{},
	}
	defer d.close()
	first, err := d.build(c, d.validCauses)
	if err != nil {
		return err
	}
	warning, err := store.Guard(c.StateDir)
	if err != nil {
		return err
	}
	if warning != "" {
		log.Warn(warning)
	}
	d.store, err = store.Open(c.StateDir, log)
	if err != nil {
		return err
	}
	version, commit := build()
	program := status.Program{Version: version, Commit: commit, Go: runtime.Version()}
	d.site = status.New(program, d.store, log) // has the counters, which are there without a listener, too
	if o.once {
		return d.once(ctx, first)
	}
	if err := d.listen(first); err != nil {
		return err
	}
	if c.File == "" {
		d.greet(c)
	}
	about := []any{"version", version, "logs", len(c.Logs)}
	if c.Receive.On() {
		about = append(about, "receiver", c.Receive.Listen)
	}
	log.Info("started", append(about, "notifiers", strings.Join(namesOf(first.targets), ", "))...)
	return d.follow(ctx, first, hup)
}

// validCauses are the causes of dir without the files that have problems: these are logged. A
// service that is started at night runs with the rest.
func (d *daemon) validCauses(dir string) (*matchers.Set, error) {
	set, problems, err := matchers.LoadValid(dir)
	for _, p := range problems {
		d.log.Error("custom cause file rejected and ignored: fix it, then reload", "err", p.String())
	}
	return set, err
}

// greet says on a terminal that silence means that all is well.
func (d *daemon) greet(c *conf.Config) {
	for _, l := range c.Logs {
		state := "following " + l.Path
		if l.Path == stdinPath {
			fmt.Fprintln(d.errw, "reading standard input: its failures are printed here")
			continue
		} else if missing(l.Path) {
			state = l.Path + " is not there yet, waiting"
		}
		fmt.Fprintf(d.errw, "%s: failures from now on are printed here; the position is stored in %s\n", state, c.StateDir)
	}
}

// daemon is what lives as long as the process.
type daemon struct {
	*app
	options runOptions
	log     *slog.Logger
	store   *store.Store

	stateDir string
	stdin    *confirmed

	site     *status.Site
	http     listener
	otlp     listener
	receiver atomic.Pointer[receive.Receiver]   // of the running generation
	stats    map[incident.Source]pipeline.Stats // of logs, before a reload

	beaten time.Time // when the address of [heartbeat] was requested last
}

func (d *daemon) close() {
	d.http.close()
	d.otlp.close()
	if d.stdin != nil {
		d.stdin.Close()
	}
	if d.store != nil {
		d.store.Close()
	}
}

// once reads each log to its end, delivers and returns.
func (d *daemon) once(ctx context.Context, g *generation) error {
	if err := g.open(d); err != nil {
		return err
	}
	defer g.close(d)
	if err := together(ctx, g.readers()); err != nil {
		return err
	}
	return d.drain(ctx, g)
}

// drain delivers what is queued when nothing more will be read. Deliveries that still wait then
// are an error.
func (d *daemon) drain(ctx context.Context, g *generation) error {
	if err := g.recorder.Finish(); err != nil {
		return err
	}
	draining, cancel := context.WithTimeout(ctx, onceGrace)
	defer cancel()
	if err := together(draining, each(g.workers, func(w *notify.Worker) task { return w.Drain })); err != nil {
		return err
	}
	state := stateCounts{changed: true}
	if err := state.read(d, g); err != nil {
		return err
	}
	if state.waiting > 0 {
		return fmt.Errorf("%d deliveries failed; they are kept in %s and will be retried by the next run",
			state.waiting, g.conf.StateDir)
	}
	return nil
}

// follow runs one generation after the other: a reload is a restart that keeps
// the process.
func (d *daemon) follow(ctx context.Context, g *generation, hup <-chan os.Signal) error {
	var err error
	for g != nil && err == nil {
		g, err = d.generation(ctx, g, hup)
	}
	return err
}

// generation runs g until it is to be replaced (by what is returned), until
// ctx is done, or until all logs have ended.
func (d *daemon) generation(ctx context.Context, g *generation, hup <-chan os.Signal) (next *generation, err error) {
	if err := g.open(d); err != nil {
		return nil, err
	}
	defer g.close(d)
	d.show(g)
	if g.reloaded { // the one before it has ended
		d.log.Info("configuration reloaded", "file", g.conf.File)
	}
	running, stop := context.WithCancel(ctx)
	sending, reading := start(running, g.senders(d)), start(running, g.readers())
	finish := func() error {
		stop()
		return errors.Join(reading.wait(), sending.wait())
	}
	service, state := newSystemd(d.log), &stateCounts{changed: true}
	tick, idle := time.NewTimer(readyEvery), false
	defer tick.Stop()
	settled, changed, active, started := time.Now(), d.store.Changed(), time.Now(), false
	for {
		select {
		case <-ctx.Done():
			service.stopping()
			return nil, finish()
		case <-reading.done:
			if err := finish(); err != nil || ctx.Err() != nil {
				return nil, err
			}
			return nil, d.drain(ctx, g) // the end of all input: what is queued is still delivered
		case <-sending.done:
			return nil, finish()
		case <-hup:
			if next := d.reload(service); next != nil {
				return next, finish()
			}
		case <-changed:
			changed, active, state.changed = d.store.Changed(), time.Now(), true
			if idle {
				idle = false
				tick.Reset(settleEvery)
			}
		case now := <-tick.C:
			pause, was := readyEvery, idle
			if service.watch(g.heartbeats()) {
				pause = settleEvery
			}
			if idle = now.Sub(active) > activeFor; idle {
				pause = clock.ToTick(settleIdle)
			}
			if pause > readyEvery && !started || idle && !was {
				started = true
				d.giveBack()
			}
			tick.Reset(service.interval(pause))
			if now.Sub(settled) >= settleEvery {
				settled = now
				d.unmapMuch()
				err := errors.Join(g.recorder.CheckNotifiers(now), g.recorder.Settle(now, g.current), state.read(d, g))
				if err != nil {
					return nil, errors.Join(err, finish())
				}
				service.setStatus(g.status(state))
			}
		}
	}
}

// reload builds the next generation; nil when that fails: the current one stays.
func (d *daemon) reload(service *systemd) *generation {
	service.reloading()
	next, err := d.next()
	d.site.Metrics().Reload(err)
	if err != nil {
		d.log.Error("reload rejected, keeping the current configuration", "err", err)
		service.refuse()
		return nil
	}
	next.reloaded = true
	return next
}
