package tailer

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/internal/testkit"
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

// A log is busy only while text comes within milliseconds, and a watch covers it.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pollInterval{base: 50 * time.Millisecond, start: time.Now()}
		text := func(after time.Duration) {
			time.Sleep(after)
			p.text()
		}
		check := func(what string, want bool) {
			t.Helper()
			if p.busy() != want {
				t.Errorf("%s: busy is %v", what, !want)
			}
		}
		text(time.Second)
		text(busyGap / 2)
		check("no watch", false)
		p.watched.Store(true)
		text(time.Second)
		check("one line", false)
		text(busyGap)
		check("another one later", false)
		text(busyGap / 2)
		check("a third one at once", true)
		time.Sleep(busyFor - 1)
		check("a moment later", true)
		time.Sleep(time.Nanosecond)
		check("after a silence", false)
	})
}

// No event says that a dated log has a new file. A quiet one is polled for it every ten
// seconds, and then that file is watched.
func TestQuietDatedLogGoesOn(t *testing.T) {
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "access_log.2026-11-26"), "a\n")
	f := Follow(filepath.Join(dir, "access_log.%Y-%m-%d"), Position{}, Options{Start: Beginning, ByHand: true})
	defer f.Close()
	line := func(want string) {
		t.Helper()
		ctx, cancel := testkit.WithPatience(t)
		defer cancel()
		if b, err := f.Block(ctx, testkit.Long); string(b.Text) != want || err != nil {
			t.Fatalf("got %q, %v, want %q", b.Text, err, want)
		}
	}
	calm := func() { // the event of a write may come after what was written
		testkit.Until(t, func() error {
			f.poll.lastSign.Store(int64(-2 * idleAfter))
			if !f.poll.idle() {
				return errors.New("it is not quiet yet")
			}
			return nil
		})
	}
	line("a\n")
	next := filepath.Join(dir, "access_log.2026-11-27")
	calm()
	testkit.Write(t, next, "b\n")
	line("b\n")
	testkit.Until(t, func() error {
		b, err := f.Block(t.Context(), 0)
		if len(b.Text) > 0 || err != nil {
			t.Fatalf("got %q, %v", b.Text, err)
		}
		if f.watch.path != next {
			return fmt.Errorf("%s is watched", f.watch.path)
		}
		return nil
	})
	f.poll.base = testkit.Long // from now on, only an event tells
	go testkit.Append(t, next, "c\n")
	line("c\n")
}
