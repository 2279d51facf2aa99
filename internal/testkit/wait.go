// Package testkit is what the tests of several packages share. It is not in the
// program.
package testkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// patience is how long the machine must have had nothing to do before a wait is
// given up. It is no deadline: while other processes keep the processors busy, no
// time passes for it, so that a test never fails because a machine is slow.
const patience = 20 * time.Second

// Long is a wait that only the end of a context cuts short.
const Long = time.Hour

// Until polls condition until it returns nil, and fails the test with its last
// error when the machine has been idle for 20 seconds meanwhile, or shortly before
// the time limit of go test.
func Until(t testing.TB, condition func() error) {
	t.Helper()
	for p := newIdleMeter(t); ; time.Sleep(2 * time.Millisecond) {
		err := condition()
		if err == nil {
			return
		}
		if why := p.exhausted(); why != nil {
			t.Fatalf("%v\n(%v)", err, why)
		}
	}
}

// Eventually is Until for a condition that needs no explanation but its name.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	Until(t, func() error {
		if !holds() {
			return fmt.Errorf("it never came true: %s", what)
		}
		return nil
	})
}

// WithPatience is a context that ends as Until gives up. The caller must call
// cancel.
func WithPatience(t testing.TB) (ctx context.Context, cancel func()) {
	ctx, end := context.WithCancelCause(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p, tick := newIdleMeter(t), time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if why := p.exhausted(); why != nil {
					end(why)
					return
				}
			}
		}
	}()
	return ctx, func() { end(nil); <-stopped }
}

const interval = 100 * time.Millisecond // between two readings of /proc/stat

// idleMeter adds up how long the machine has been idle, as a share of all its
// processors.
type idleMeter struct {
	limit       time.Time // of go test; zero = none
	at          time.Time
	idle, total int64 // of the last reading, in ticks of the kernel
	sum         time.Duration
}

func newIdleMeter(t testing.TB) *idleMeter {
	m := &idleMeter{at: time.Now()}
	if t, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if limit, ok := t.Deadline(); ok {
			m.limit = limit.Add(-5 * time.Second) // time to report what is wrong
		}
	}
	m.idle, m.total = processors()
	return m
}

func (m *idleMeter) exhausted() error {
	now := time.Now()
	if !m.limit.IsZero() && now.After(m.limit) {
		return errors.New("the time limit of go test is near")
	}
	elapsed := now.Sub(m.at)
	if elapsed < interval {
		return nil
	}
	idle, total := processors()
	share := 1.0 // where nothing is known of the load, time is time
	if total > m.total {
		share = float64(idle-m.idle) / float64(total-m.total)
	}
	m.sum += time.Duration(float64(elapsed) * share)
	m.at, m.idle, m.total = now, idle, total
	if m.sum > patience {
		return fmt.Errorf("the machine has been idle for %v meanwhile", patience)
	}
	return nil
}

// processors is the first line of /proc/stat (proc_stat(5)): the time of all
// processors, and how much of it was idle. Both are 0 where there is no such file.
func processors() (idle, total int64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 9 {
		return 0, 0
	}
	for i, field := range fields[1:9] { // guest times are part of user's
		var n int64
		fmt.Sscan(string(field), &n)
		total += n
		if i == 3 {
			idle = n
		}
	}
	return idle, total
}
