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
		p := &pace{poll: 50 * time.Millisecond, start: time.Now()}
		check := func(what string, want time.Duration) {
			t.Helper()
			if got := p.pause(); got != want {
				t.Errorf("%s: a look every %v, want %v", what, got, want)
			}
		}
		time.Sleep(time.Hour)
		check("no watch", p.poll)
		p.told.Store(true)
		check("an hour of silence", calmPoll)
		p.alive()
		check("a sign of life", p.poll)
		time.Sleep(calmAfter)
		check("nearly calm", p.poll)
		time.Sleep(time.Nanosecond)
		check("calm", calmPoll)
		p.told.Store(false)
		check("the watch is lost", p.poll)
		p.told.Store(true)
		p.poll = time.Minute
		check("asked for less", p.poll)
	})
}
