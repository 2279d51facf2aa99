package tailer

import (
	"sync/atomic"
	"time"

	"jira-oauth-watcher/internal/clock"
)

const (
	calmAfter = 10 * time.Second // without a sign of life
	calmPoll  = 2 * time.Second
)

// pace is how often is looked at a log unasked. While it lives, and wherever no
// watch would tell, that is Options.Poll: a file that comes and goes within a
// rotation must not be missed. A log that has been quiet for long, and whose
// watch tells when that ends, is looked at every two seconds only, so that an idle
// machine can sleep.
type pace struct {
	poll  time.Duration
	start time.Time
	lived atomic.Int64 // when there was a sign of life, counted from start
	told  atomic.Bool  // a watch runs
}

func (p *pace) alive() { p.lived.Store(int64(clock.Since(p.start))) }

func (p *pace) calm() bool {
	return p.told.Load() && clock.Since(p.start)-time.Duration(p.lived.Load()) > calmAfter
}

func (p *pace) pause() time.Duration {
	if p.calm() {
		return max(p.poll, calmPoll)
	}
	return p.poll
}
