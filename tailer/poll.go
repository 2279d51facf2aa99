package tailer

import (
	"sync/atomic"
	"time"

	"jira-oauth-watcher/internal/clock"
)

const (
	idleAfter = 10 * time.Second // without activity
	idlePoll  = 10 * time.Second

	busyGap  = 3 * time.Millisecond  // a log is busy if text comes so soon after text
	busyFor  = 20 * time.Millisecond // how long it counts as busy then
	busyPoll = 2 * time.Millisecond
)

// pollInterval is how often a log is polled without an event. While the log is
// active, and wherever there is no watch, that is Options.Poll: a file that comes
// and goes within a rotation must not be missed. A log that has been quiet for
// long, and that a watch covers, is polled every ten seconds, so that an idle
// machine can sleep.
//
// A busy log that a watch covers is read every two milliseconds instead of at every
// event: on the way of an event there are three goroutines, and there may be many
// events. Meanwhile events are taken every 20 ms only, so that the kernel merges them.
type pollInterval struct {
	base     time.Duration
	start    time.Time
	lastSign atomic.Int64 // when there was a sign of life, counted from start
	lastText atomic.Int64 // when there was text, counted from start
	busyTill atomic.Int64 // counted from start
	watched  atomic.Bool  // a watch runs
}

func (p *pollInterval) now() int64 { return int64(clock.Since(p.start)) }

func (p *pollInterval) active() { p.lastSign.Store(p.now()) }

// text says that text was read.
func (p *pollInterval) text() {
	now := p.now()
	p.lastSign.Store(now)
	if before := p.lastText.Swap(now); now-before < int64(busyGap) && p.watched.Load() {
		p.busyTill.Store(now + int64(busyFor))
	}
}

func (p *pollInterval) busy() bool { return p.now() < p.busyTill.Load() }

func (p *pollInterval) idle() bool {
	return p.watched.Load() && p.now()-p.lastSign.Load() > int64(idleAfter)
}

func (p *pollInterval) next() time.Duration {
	if p.idle() {
		return max(p.base, clock.ToTick(idlePoll))
	}
	return p.base
}
