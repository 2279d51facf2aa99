package listen_test

import (
	"slices"
	"testing"
	"time"

	"jira-oauth-watcher/internal/listen"
)

// Refused logins are logged, seldom, and slow down those that follow.
func TestRefused(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		after []time.Duration // since the beginning
		want  []int
		pause time.Duration
	}{
		{[]time.Duration{0, 1, 59, 60, 180}, []int{1, 0, 0, 3, 1}, 0},
		{[]time.Duration{0, 59, 118}, []int{1, 0, 2}, time.Second},
		{[]time.Duration{0, 59, 119}, []int{1, 0, 2}, 0}, // the first two are forgotten
	} {
		var at []time.Time
		for _, seconds := range tt.after {
			at = append(at, now.Add(seconds*time.Second))
		}
		if got, pause := listen.Refuse(at...); !slices.Equal(got, tt.want) || pause != tt.pause {
			t.Errorf("refused after %v s: logged for %v, then waits %v; want %v, %v", tt.after, got, pause, tt.want, tt.pause)
		}
	}
}
