package main

import (
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// service tells systemd how we are (sd_notify(3)); elsewhere it does nothing.
type service struct {
	log      *slog.Logger
	watchdog time.Duration // 0 = none
	isReady  bool
}

func newService(log *slog.Logger) *service {
	watchdog, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("watchdog setting not understood", "err", err)
	}
	return &service{log: log, watchdog: watchdog}
}

func (s *service) tell(state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		s.log.Warn("systemd not told", "err", err)
	}
}

func (s *service) ready(status string) { s.tell(systemd.SdNotifyReady + "\nSTATUS=" + status) }

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
		s.isReady = true
		s.ready("following the logs")
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
