package notify

import (
	"sync"
	"time"
)

// Pace keeps a least time between the beginnings of two attempts, for all
// notifiers that share a destination. A nil Pace keeps none.
type Pace struct {
	every time.Duration
	mu    sync.Mutex
	last  time.Time
}

// take is 0 when an attempt may begin now, and counts it; else how long to
// wait before asking again.
func (p *Pace) take(now time.Time) time.Duration {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if early := p.every - now.Sub(p.last); early > 0 && early <= p.every {
		return early
	}
	p.last = now
	return 0
}

// began counts an attempt of before a restart.
func (p *Pace) began(at time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.After(p.last) {
		p.last = at
	}
}
