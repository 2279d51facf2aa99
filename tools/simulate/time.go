package main

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"
	"unsafe"
)

const never = time.Duration(1<<63 - 1)

// poll is the poll interval of the log, as by the tailer's default.
const poll = 100 * time.Millisecond

// machine is simulated time, and the tasks that wait for it. Only one of them
// runs at a time, as a coroutine, so that a world is the same each time.
type machine struct {
	begin   time.Time
	mono    time.Duration // since the world began: what a clock step does not change
	stepped time.Duration // what clock steps have added to the wall clock
	chance  *rand.Rand

	tasks   []*task
	current *task
	busy    time.Duration // when something happened last
	horizon time.Duration // until when nothing happens from outside
	after   func()        // runs after each turn of a task
}

// task is one goroutine of the daemon.
type task struct {
	name  string
	due   time.Duration
	wake  <-chan struct{}
	ctx   context.Context
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	ended bool
	err   error
}

// Now has a separate monotonic reading: differences of times are what they are in the
// real program, also across a clock step. The layout is that of time.Time, which
// TestSimulatedTime holds it to.
func (m *machine) Now() time.Time {
	wall := m.begin.Add(m.mono + m.stepped)
	const (
		hasMonotonic = 1 << 63
		secondsShift = 30
		since1885    = 2682288000 // seconds from 1885 to 1970
	)
	t := struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}{hasMonotonic | uint64(wall.Unix()+since1885)<<secondsShift | uint64(wall.Nanosecond()), int64(m.mono) + 1, nil}
	return *(*time.Time)(unsafe.Pointer(&t))
}

// Wait gives the turn back until the pause is over, or wake or ctx is done.
func (m *machine) Wait(ctx context.Context, wake <-chan struct{}, pause time.Duration) {
	t := m.current
	t.ctx, t.wake, t.due = ctx, wake, never
	if pause >= 0 {
		t.due = m.mono + pause
	}
	t.yield(struct{}{})
}

func (m *machine) Jitter(most time.Duration) time.Duration {
	return time.Duration(m.chance.Int64N(int64(most)))
}

// quiet is a pause of a poller. When nothing happens for long, it polls ever more
// rarely, but soon after something happens again.
func (m *machine) quiet(every time.Duration) time.Duration {
	pause := max(every, (m.mono-m.busy)/2)
	if pause > every && m.mono+pause > m.horizon {
		pause = max(m.horizon-m.mono, 0) + m.Jitter(every)
	}
	return pause
}

// start adds a task. It runs when time goes on.
func (m *machine) start(name string, run func() error) *task {
	t := &task{name: name, due: m.mono, ctx: context.Background()}
	t.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		t.err = run()
	})
	m.tasks = append(m.tasks, t)
	return t
}

// turn lets one task go on until it waits again.
func (m *machine) turn(t *task) {
	m.current = t
	_, more := t.next()
	m.current = nil
	t.ended = !more
	if m.after != nil {
		m.after()
	}
}

// pass lets time pass, with all that the tasks do meanwhile.
func (m *machine) pass(d time.Duration) {
	m.horizon = m.mono + d
	for until := m.mono + d; ; {
		var first *task
		for _, t := range m.tasks {
			if t.ready() {
				t.due = min(t.due, m.mono)
			}
			if !t.ended && (first == nil || t.due < first.due) {
				first = t
			}
		}
		if first == nil || first.due > until {
			m.mono = until
			return
		}
		m.mono = max(m.mono, first.due)
		m.turn(first)
	}
}

// ready reports whether a task need not wait any longer.
func (t *task) ready() bool {
	select {
	case <-t.wake:
		return true
	case <-t.ctx.Done():
		return true
	default:
		return false
	}
}

// finish runs tasks whose contexts have ended to their ends, and removes them.
func (m *machine) finish() {
	for _, t := range m.tasks {
		for !t.ended {
			m.turn(t)
		}
	}
	m.tasks = nil
}
