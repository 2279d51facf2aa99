package notify

import (
	"sync"
	"time"
)

// RateLimit keeps a minimum time between the starts of two attempts, for all notifiers
// that share a destination. The zero value does not limit.
type RateLimit struct {
	every time.Duration
	mu    sync.Mutex
	last  time.Time
}

// NewRateLimit returns a limit of one attempt per interval.
func NewRateLimit(every time.Duration) *RateLimit { return &RateLimit{every: every} }

// take is 0 when an attempt may begin now, and counts it; else how long to
// wait before asking again.
func (l *RateLimit) take(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if early := l.every - now.Sub(l.last); early > 0 && early <= l.every {
		return early
	}
	l.last = now
	return 0
}

// began counts an attempt from before a restart.
func (l *RateLimit) began(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.last) {
		l.last = at
	}
}
