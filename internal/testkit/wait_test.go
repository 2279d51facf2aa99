package testkit

import (
	"errors"
	"testing"
	"time"
)

// Time passes for a wait as the machine is idle: not while it is busy, in full
// where nothing is known, and never beyond go test's own limit.
func TestPatience(t *testing.T) {
	begin := time.Now()
	for _, tt := range []struct {
		name   string
		meter  idleMeter
		exceed bool
	}{
		{"just begun", idleMeter{at: begin}, false},
		{"busy for hours", idleMeter{at: begin.Add(-5 * time.Hour), total: -1 << 40, idle: -1}, false},
		{"unknown load", idleMeter{at: begin.Add(-time.Minute), total: 1 << 60}, true},
		{"near the limit", idleMeter{at: begin, limit: begin.Add(-time.Second)}, true},
	} {
		if err := tt.meter.exhausted(); (err != nil) != tt.exceed {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// Until returns as soon as the condition holds.
func TestUntil(t *testing.T) {
	calls := 0
	Until(t, func() error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if calls != 3 {
		t.Errorf("the condition was asked %d times, want 3", calls)
	}
}
