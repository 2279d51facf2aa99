package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

// generation is all that one configuration makes. It is built completely, and
// opens nothing but an address to listen on, while the one before it still runs.
type generation struct {
	conf     *conf.Config
	set      *matchers.Set
	targets  []notify.Target
	recorder *pipeline.Recorder
	server   *status.Server // only when it answers on another address than the one before

	logs    []*pipeline.Log
	workers []*notify.Worker
	buttons []task
	closers []func() error
}

// build makes a generation of a configuration and its causes.
func (d *daemon) build(c *conf.Config, set *matchers.Set) (*generation, error) {
	targets, err := newNotifiers(c, d.out, terminal(d.out))
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	for _, w := range c.Warnings {
		d.log.Warn(w)
	}
	g := &generation{conf: c, set: set, targets: targets}
	g.recorder = &pipeline.Recorder{Rules: incident.NewRules(c)}
	for _, t := range targets {
		g.recorder.Recipients = append(g.recorder.Recipients, pipeline.Recipient{Name: t.Name, MinSeverity: t.MinSeverity})
	}
	return g, nil
}

// reload builds the next generation from the configuration as it is now.
func (d *daemon) reload() (*generation, error) {
	c, err := d.options.load()
	if err != nil {
		return nil, err
	}
	if c.StateDir != d.stateDir {
		return nil, fmt.Errorf("state_dir cannot change from %s to %s while the program runs: restart it for that", d.stateDir, c.StateDir)
	}
	set, err := loadCauses(c)
	if err != nil {
		return nil, err
	}
	g, err := d.build(c, set)
	if err != nil {
		return nil, err
	}
	if err := d.listen(g); err != nil {
		return nil, err
	}
	return g, nil
}

// open begins where the store says that reading had stopped.
func (g *generation) open(d *daemon) error {
	if err := d.depart(g.targets); err != nil {
		return err
	}
	g.recorder.Store, g.recorder.Tally = d.store, d.site.Metrics()
	queue := d.site.Metrics().Queue(d.store)
	for _, t := range g.targets {
		g.workers = append(g.workers, notify.NewWorker(t, queue, d.log))
		if t.Buttons != nil {
			log := d.log.With("notifier", t.Name)
			g.buttons = append(g.buttons, func(ctx context.Context) error { return t.Buttons.Run(ctx, log, g.recorder.Acknowledge) })
		}
	}
	for _, l := range g.conf.Logs {
		p := &pipeline.Log{
			Source:   incident.Source{Name: l.Name, Path: l.Path},
			Zone:     l.TimeZone,
			Set:      g.set,
			Recorder: g.recorder,
			Silent:   l.SilentAfter,
		}
		p.Earlier = d.counts[p.Source]
		g.recorder.Logs = append(g.recorder.Logs, p.Source)
		if l.Path == stdinPath {
			if d.stdin == nil {
				d.stdin = tailer.Stream(d.in)
			}
			p.Reader = d.stdin
			g.logs = append(g.logs, p)
			continue
		}
		path, err := filepath.Abs(l.Path)
		if err != nil {
			return fmt.Errorf("log %q: %w", l.Name, err)
		}
		key, err := d.store.LogKey(path, conf.SameFile)
		if err != nil {
			return err
		}
		from, known, err := d.store.Position(key)
		if err != nil {
			return err
		}
		options := tailer.Options{Once: d.options.once, NoNotify: l.Poll, Log: d.log.With("log", l.Name)}
		// A zero position was stored for a log that could not be read, by a version
		// that did not store the time of its first look.
		if l.Start == conf.StartBeginning || known && from.IsZero() || !known && d.options.once {
			options.Start = tailer.Beginning
		}
		f := tailer.Follow(path, from, options)
		g.closers = append(g.closers, f.Close)
		p.Reader, p.Checkpoint = f, &pipeline.Checkpoint{Key: key, Begin: f.Position}
		g.logs = append(g.logs, p)
	}
	if err := d.store.SweepReceipts(); err != nil {
		return err
	}
	return g.recorder.CloseUnconfigured()
}

// depart says for whom alerts wait that no configured notifier sends.
func (d *daemon) depart(configured []notify.Target) error {
	var names []string
	for _, t := range configured {
		names = append(names, t.Name)
	}
	gone, err := d.store.Orphans(names, time.Now())
	for _, g := range gone {
		if g.GivenUp {
			d.log.Warn("notifier has not been configured for a week, the alerts that waited for it are given up", "notifier", g.Name, "waiting", g.Waiting)
			continue
		}
		d.log.Warn("notifier is no longer configured, its alerts wait for a week: give a notifier that name again to have them sent",
			"notifier", g.Name, "waiting", g.Waiting, "until", g.Until.Format(time.RFC3339))
	}
	return err
}

func (g *generation) close() error {
	var all error
	for _, c := range g.closers {
		all = errors.Join(all, c())
	}
	return all
}

func (g *generation) readers() []task {
	var tasks []task
	for _, l := range g.logs {
		tasks = append(tasks, l.Run)
	}
	return tasks
}

func (g *generation) senders() []task {
	tasks := slices.Clone(g.buttons)
	for _, w := range g.workers {
		tasks = append(tasks, w.Run)
	}
	return tasks
}

func (g *generation) drains() []task {
	var tasks []task
	for _, w := range g.workers {
		tasks = append(tasks, w.Drain)
	}
	return tasks
}

// beats are the last signs of life of the logs that still run.
func (g *generation) beats() []time.Time {
	var beats []time.Time
	for _, l := range g.logs {
		if !l.Ended() {
			beats = append(beats, l.Heartbeat())
		}
	}
	return beats
}

// settle queues what time alone brings.
func (g *generation) settle(now time.Time) error {
	if err := g.recorder.CheckNotifiers(now); err != nil {
		return err
	}
	return g.recorder.Settle(now, g.current)
}

// current tells whether a log has been read to its end: only then does its
// silence mean anything. One that is no longer followed has ended.
func (g *generation) current(log string) bool {
	for _, l := range g.logs {
		if l.Source.Name == log && !l.Ended() {
			return l.Current()
		}
	}
	return true
}
