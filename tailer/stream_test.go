package tailer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

func goroutines() int { return runtime.NumGoroutine() }

func readAll(t testing.TB, r blocker) (all []line) {
	t.Helper()
	for {
		lines, err := next(t.Context(), r, testkit.Long)
		all = append(all, lines...)
		if errors.Is(err, io.EOF) {
			return all
		}
		check(t, err)
	}
}

func TestStream(t *testing.T) {
	s := tailer.Stream(iotest.DataErrReader(strings.NewReader("a\r\n\nb\nopen")))
	lines := readAll(t, s)
	same(t, texts(lines), []string{"a", "", "b", "open"})
	if end := lines[3].End; end != (tailer.Position{FilePosition: tailer.FilePosition{Offset: 10}}) {
		t.Errorf("ends at %+v", end)
	}
	check(t, s.Close())
}

func TestStreamError(t *testing.T) {
	broken := errors.New("broken")
	s := tailer.Stream(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)))
	same(t, read(t, s, 2), []string{"a", "b"})
	if _, err := s.Block(t.Context(), testkit.Long); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// An event is not complete while the beginning of a line that may belong to it has been read.
func TestStreamShowsABegunLine(t *testing.T) {
	r, w := io.Pipe()
	s := tailer.Stream(r)
	defer s.Close()
	go func() {
		io.WriteString(w, "a\n")
		io.WriteString(w, "be")
	}()
	same(t, read(t, s, 1), []string{"a"})
	testkit.Eventually(t, "the line has begun", func() bool {
		b, err := s.Block(t.Context(), 0)
		return len(b.Text) == 0 && b.Part && err == nil
	})
	go io.WriteString(w, "gun\n")
	same(t, read(t, s, 1), []string{"begun"})
	if b, err := s.Block(t.Context(), 0); len(b.Text) > 0 || b.Part || err != nil {
		t.Errorf("got %+v, %v", b, err)
	}
	w.Close()
}

func TestStreamLongLine(t *testing.T) {
	s := tailer.Stream(io.MultiReader(strings.NewReader(strings.Repeat("x", 9<<20)+"\n"), strings.NewReader("b\n")))
	lines := readAll(t, s)
	same(t, texts(lines), []string{strings.Repeat("x", tailer.MaxLine), "b"})
	if !lines[0].Cut || lines[0].End.Offset != 9<<20+1 {
		t.Errorf("cut %v, ends at %d", lines[0].Cut, lines[0].End.Offset)
	}
}

func TestStreamWaitsAndCloses(t *testing.T) {
	onlyOnUnix(t, "reading a pipe cannot be interrupted")
	r, w, err := os.Pipe()
	check(t, err)
	defer w.Close()
	defer r.Close()
	before := goroutines()
	s := tailer.Stream(r)
	if lines, err := next(t.Context(), s, 10*time.Millisecond); len(lines) > 0 || err != nil {
		t.Errorf("got %d lines, %v", len(lines), err)
	}
	w.WriteString("a\n")
	same(t, read(t, s, 1), []string{"a"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Block(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	check(t, s.Close()) // while the read is blocked
	if _, err := s.Block(t.Context(), 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	testkit.Eventually(t, "the goroutines have ended", func() bool { return goroutines() <= before })
}

func TestStreamCloseDoesNotWaitForARead(t *testing.T) {
	r, w := io.Pipe() // cannot be interrupted
	s := tailer.Stream(r)
	s.Block(t.Context(), 0)
	check(t, s.Close())
	w.Close()
}

// endless counts what is read from it.
type endless struct{ n chan int }

func (e endless) Read(b []byte) (int, error) {
	e.n <- len(b)
	return copy(b, bytes.Repeat([]byte("line\n"), len(b)/5)), nil
}

func TestStreamHasBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := endless{make(chan int, 1000)}
		s := tailer.Stream(e)
		_, err := s.Block(t.Context(), testkit.Long)
		check(t, err)
		synctest.Wait() // until nothing more is read
		if n := len(e.n); n > 4 {
			t.Errorf("%d blocks were read ahead", n)
		}
		s.Close()
	})
}
