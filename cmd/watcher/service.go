package main

import (
	"fmt"
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"jira-oauth-watcher/internal/store"
)

// service tells systemd how we are (sd_notify(3)); elsewhere it does nothing.
type service struct {
	log      *slog.Logger
	watchdog time.Duration // 0 = none
	isReady  bool
	status   string // what the last STATUS= said, or READY is going to say
	refused  string // begins the status after a refused reload
}

func newService(log *slog.Logger) *service {
	watchdog, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("watchdog setting not understood", "err", err)
	}
	return &service{log: log, watchdog: watchdog, status: "following the logs"}
}

func (s *service) tell(state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		s.log.Warn("systemd not told", "err", err)
	}
}

func (s *service) ready() {
	s.isReady = true
	s.tell(systemd.SdNotifyReady + "\nSTATUS=" + s.refused + s.status)
}

// refuse ends a reload that changed nothing.
func (s *service) refuse() {
	s.refused = "reload refused, the old configuration stays: see the log; "
	s.ready()
}

// say changes the line that systemctl status shows.
func (s *service) say(status string) {
	if status == s.status {
		return
	}
	s.status = status
	if s.isReady {
		s.tell("STATUS=" + s.refused + status)
	}
}

func (s *service) stopping() { s.tell(systemd.SdNotifyStopping) }

func (s *service) reloading() {
	s.tell(systemd.SdNotifyReloading + "\n" + systemd.SdNotifyMonotonicUsec())
}

// watch says READY once every log has been looked at, and from then on feeds
// the watchdog as long as all of them show signs of life. It returns whether
// the service is ready.
func (s *service) watch(beats []time.Time) bool {
	for _, b := range beats {
		if b.IsZero() {
			return s.isReady
		}
		if s.watchdog > 0 && time.Since(b) > s.watchdog {
			return s.isReady // not fed: systemd ends and restarts us
		}
	}
	if !s.isReady {
		s.ready()
	}
	if s.watchdog > 0 {
		s.tell(systemd.SdNotifyWatchdog)
	}
	return s.isReady
}

// interval is how often watch must be called.
func (s *service) interval(most time.Duration) time.Duration {
	if s.watchdog > 0 {
		return min(most, s.watchdog/3)
	}
	return most
}

// counts are what the status tells of the state file. It is read only when
// something has changed in it: a quiet service does not look.
type counts struct {
	store     *store.Store
	changed   <-chan struct{} // nil at first
	incidents int
	waiting   map[string]int // by notifier
}

func (c *counts) read() error {
	select {
	case <-c.changed:
	default:
		if c.changed != nil && total(c.waiting) == 0 { // a delivery that is made closes nothing
			return nil
		}
	}
	c.changed = c.store.Changed()
	var err error
	if c.waiting, _, err = c.store.Waiting(); err != nil {
		return err
	}
	return c.store.View(func(tx *store.Tx) error {
		c.incidents = tx.Open()
		return nil
	})
}

// status is what g does, in a line.
func (g *generation) status(c *counts) string {
	logs, blind, waiting := 0, 0, 0
	for _, l := range g.logs {
		if l.Ended() {
			continue
		}
		logs++
		if l.Reader.Stats().Waiting != nil {
			blind++
		}
	}
	for _, t := range g.targets {
		waiting += c.waiting[t.Name]
	}
	following := plural(logs, "log")
	if blind > 0 {
		following += fmt.Sprintf(" (%d cannot be read)", blind)
	}
	return fmt.Sprintf("following %s; %s; %s waiting", following, plural(c.incidents, "open incident"), deliveries(waiting))
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func deliveries(n int) string {
	if n == 1 {
		return "1 delivery"
	}
	return fmt.Sprintf("%d deliveries", n)
}
