package tailer

import (
	"testing"
	"testing/synctest"
	"time"
)

// Only a log whose watch runs, and which has been quiet for long, is looked at
// less often, until the next sign of life.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pollInterval{base: 50 * time.Millisecond, start: time.Now()}
		check := func(what string, want time.Duration) {
			t.Helper()
			if got := p.next(); got != want {
				t.Errorf("%s: a look every %v, want %v", what, got, want)
			}
		}
		time.Sleep(time.Hour)
		check("no watch", p.base)
		p.watched.Store(true)
		check("an hour of silence", idlePoll)
		p.active()
		check("a sign of life", p.base)
		time.Sleep(idleAfter)
		check("nearly calm", p.base)
		time.Sleep(time.Nanosecond)
		check("calm: it is polled when the clock shows whole ten seconds", idlePoll-time.Nanosecond)
		p.watched.Store(false)
		check("the watch is lost", p.base)
		p.watched.Store(true)
		p.base = time.Minute
		check("asked for less", p.base)
	})
}
