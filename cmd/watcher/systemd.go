package main

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"

	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/text"
)

// systemd reports the state of the service to systemd (sd_notify(3)); elsewhere
// it does nothing.
type systemd struct {
	log      *slog.Logger
	watchdog time.Duration // 0 = none
	isReady  bool
	status   string // of the last STATUS=, or what READY will report
	refused  string // begins the status after a rejected reload
}

func newSystemd(log *slog.Logger) *systemd {
	watchdog, err := sd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("invalid watchdog setting", "err", err)
	}
	return &systemd{log: log, watchdog: watchdog, status: "following the logs"}
}

func (s *systemd) notify(state string) {
	if _, err := sd.SdNotify(false, state); err != nil {
		s.log.Warn("sd_notify failed", "err", err)
	}
}

func (s *systemd) ready() {
	s.isReady = true
	s.notify(sd.SdNotifyReady + "\nSTATUS=" + s.refused + s.status)
}

// refuse ends a rejected reload.
func (s *systemd) refuse() {
	s.refused = "reload rejected, keeping the current configuration: see the log; "
	s.ready()
}

// setStatus changes the line that systemctl status shows.
func (s *systemd) setStatus(status string) {
	if status == s.status {
		return
	}
	s.status = status
	if s.isReady {
		s.notify("STATUS=" + s.refused + status)
	}
}

func (s *systemd) stopping() { s.notify(sd.SdNotifyStopping) }

func (s *systemd) reloading() {
	s.notify(sd.SdNotifyReloading + "\n" + sd.SdNotifyMonotonicUsec())
}

// watch reports READY once every log has been polled, and from then on notifies
// the watchdog as long as all of them have a heartbeat. It returns whether the
// service is ready.
func (s *systemd) watch(heartbeats []time.Time) bool {
	oldest := slices.MinFunc(append(heartbeats, time.Now()), time.Time.Compare)
	if oldest.IsZero() || s.watchdog > 0 && time.Since(oldest) > s.watchdog {
		return s.isReady // not notified: systemd ends and restarts us
	}
	if !s.isReady {
		s.ready()
	}
	if s.watchdog > 0 {
		s.notify(sd.SdNotifyWatchdog)
	}
	return s.isReady
}

// interval is how often watch must be called.
func (s *systemd) interval(most time.Duration) time.Duration {
	if s.watchdog > 0 {
		return min(most, s.watchdog/3)
	}
	return most
}

// stateCounts are what the status says of the state file. They are read only when
// something has changed in it, so that a quiet service reads nothing.
type stateCounts struct {
	changed   bool // what follows must be read
	incidents int  // open ones
	waiting   int  // deliveries
}

func (c *stateCounts) read(d *daemon, g *generation) error {
	if !c.changed && c.waiting == 0 { // a completed delivery closes no incident
		return nil
	}
	waiting, _, err := d.store.Waiting()
	if err != nil {
		return err
	}
	c.changed, c.waiting = false, 0
	for _, t := range g.targets {
		c.waiting += waiting[t.Name]
	}
	return d.store.View(func(tx *store.Tx) { c.incidents = tx.Open() })
}

// status is what g does, in one line.
func (g *generation) status(c *stateCounts) string {
	logs, unreadable := 0, 0
	for _, l := range g.logs {
		if l.Ended() {
			continue
		}
		logs++
		if l.Health().Waiting != nil {
			unreadable++
		}
	}
	following := text.Count(logs, "log")
	if unreadable > 0 {
		following += fmt.Sprintf(" (%d cannot be read)", unreadable)
	}
	return fmt.Sprintf("following %s; %s; %s waiting",
		following, text.Count(c.incidents, "open incident"), text.Plural(c.waiting, "delivery", "deliveries"))
}
