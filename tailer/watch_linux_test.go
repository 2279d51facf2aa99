package tailer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

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

// Two busy logs of one directory must not delay the events of a quiet one: the kernel merges
// events of one file only while no other file's is between them.
func TestBusyLogsDelayNoOther(t *testing.T) {
	const writes = 15_000
	dir := t.TempDir()
	follow := func(name string) (*Follower, *os.File) {
		path := filepath.Join(dir, name)
		testkit.Write(t, path, "")
		f := Follow(path, Position{}, Options{Start: Beginning, Poll: testkit.Long})
		t.Cleanup(func() { f.Close() })
		if b, err := f.Block(t.Context(), 0); len(b.Text) > 0 || err != nil {
			t.Fatalf("got %q, %v", b.Text, err)
		}
		log, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		return f, log
	}
	ctx, cancel := testkit.WithPatience(t)
	defer cancel()
	var logs []*os.File
	for _, name := range []string{"a.log", "b.log"} {
		f, log := follow(name)
		logs = append(logs, log)
		go func() {
			for ctx.Err() == nil {
				f.Block(ctx, testkit.Long)
			}
		}()
	}
	quiet, log := follow("quiet.log")
	var written atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range writes {
			if n == writes/4 {
				io.WriteString(log, "line\n")
			}
			io.WriteString(logs[n%2], "another line of a busy log\n")
			if n%10 == 0 {
				time.Sleep(time.Millisecond) // as busy as logs are, not as a writer can be
			}
		}
		written.Store(true)
	}()
	b, err := quiet.Block(ctx, testkit.Long)
	late := written.Load()
	cancel()
	<-done
	if string(b.Text) != "line\n" || err != nil {
		t.Fatalf("got %q, %v", b.Text, err)
	}
	if late {
		t.Error("the line came when the other logs were at rest")
	}
}
