// Package clock gives the program its time: the system's, or the simulator's, which can
// skip weeks.
package clock

import (
	"context"
	"math/rand/v2"
	"os"
	"time"
)

// Source is a clock, with what waits for it.
type Source interface {
	// Now is the time, with a monotonic reading that no clock step changes.
	Now() time.Time
	// Wait returns after pause (negative = never), when wake can be received
	// from, or when ctx is done.
	Wait(ctx context.Context, wake <-chan struct{}, pause time.Duration)
	// Jitter is a random duration from 0 to less than most.
	Jitter(most time.Duration) time.Duration
	// Born is when a file was created, if its file system says at.
	Born(f *os.File, at time.Time) time.Time
}

var source Source = system{}

// Use replaces the system's clock for the whole process. The simulator calls it
// before anything else runs.
func Use(s Source) { source = s }

// Now is the time.
func Now() time.Time { return source.Now() }

// Since is how long ago t was.
func Since(t time.Time) time.Duration { return source.Now().Sub(t) }

// Until is how long it is until t.
func Until(t time.Time) time.Duration { return t.Sub(source.Now()) }

// ToTick is how long it is to the next whole multiple of every since 1970. What waits for
// nothing in particular waits so, all at once: a processor that wakes up once can sleep longer.
func ToTick(every time.Duration) time.Duration {
	return every - time.Duration(source.Now().UnixNano()%int64(every))
}

// Wait returns after pause (negative = never), when wake can be received from,
// or when ctx is done.
func Wait(ctx context.Context, wake <-chan struct{}, pause time.Duration) {
	source.Wait(ctx, wake, pause)
}

// Jitter is a random duration from 0 to less than most.
func Jitter(most time.Duration) time.Duration { return source.Jitter(most) }

// Born is when a file was created, if its file system says at.
func Born(f *os.File, at time.Time) time.Time { return source.Born(f, at) }

// system is the clock of the machine.
type system struct{}

func (system) Now() time.Time { return time.Now() }

func (system) Wait(ctx context.Context, wake <-chan struct{}, pause time.Duration) {
	var timer <-chan time.Time
	if pause >= 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer:
	}
}

func (system) Jitter(most time.Duration) time.Duration { return rand.N(most) }

func (system) Born(_ *os.File, at time.Time) time.Time { return at }
