package tailer

import (
	"sync/atomic"
	"time"

	"jira-oauth-watcher/internal/clock"
)

const (
	idleAfter = 10 * time.Second // without activity
	idlePoll  = 10 * time.Second
)

// pollInterval is how often a log is polled without an event. While the log is
// active, and wherever there is no watch, that is Options.Poll: a file that comes
// and goes within a rotation must not be missed. A log that has been quiet for
// long, and that a watch covers, is polled every ten seconds, so that an idle
// machine can sleep.
type pollInterval struct {
	base     time.Duration
	start    time.Time
	lastSign atomic.Int64 // when there was a sign of life, counted from start
	watched  atomic.Bool  // a watch runs
}

func (p *pollInterval) active() { p.lastSign.Store(int64(clock.Since(p.start))) }

func (p *pollInterval) idle() bool {
	return p.watched.Load() && clock.Since(p.start)-time.Duration(p.lastSign.Load()) > idleAfter
}

func (p *pollInterval) next() time.Duration {
	if p.idle() {
		return max(p.base, clock.ToTick(idlePoll))
	}
	return p.base
}
