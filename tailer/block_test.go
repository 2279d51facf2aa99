package tailer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

type blocker interface {
	Block(context.Context, time.Duration) (tailer.Block, error)
}

// blocks returns all blocks up to io.EOF.
func blocks(t testing.TB, r blocker) (all []tailer.Block) {
	t.Helper()
	for {
		b, err := r.Block(t.Context(), testkit.Long)
		if errors.Is(err, io.EOF) {
			return all
		}
		check(t, err)
		b.Text = bytes.Clone(b.Text)
		all = append(all, b)
	}
}

func blockText() string {
	var b strings.Builder
	for i := range 30_000 {
		b.WriteString(numbered(i) + []string{"\n", "\r\n"}[i%2])
	}
	b.WriteString(strings.Repeat("y", 700<<10) + "\nshort\n" + strings.Repeat("z", 3<<20) + "\nopen")
	return b.String()
}

// Blocks are the bytes of the file, cut behind line ends, and Next gives their
// lines: the same ones, at the same positions.
func TestBlocksAndLinesAreTheSame(t *testing.T) {
	text := blockText()
	l := newLog(t).append(text)
	opt := tailer.Options{Start: tailer.Beginning, Once: true}
	for name, r := range map[string]func() interface {
		blocker
		nexter
	}{
		"file": func() interface {
			blocker
			nexter
		} {
			return l.follow(tailer.Position{}, opt)
		},
		"stream": func() interface {
			blocker
			nexter
		} {
			return tailer.Stream(strings.NewReader(text))
		},
	} {
		t.Run(name, func(t *testing.T) {
			lines := readAll(t, r())
			var ends []tailer.Position
			at := int64(0)
			for i, b := range blocks(t, r()) {
				end := b.Position(len(b.Text))
				if !b.Cut && text[at:end.Offset] != string(b.Text) || b.Cut && !strings.HasPrefix(text[at:], string(b.Text)) {
					t.Fatalf("block %d is not what stands at %d", i, at)
				}
				if n := len(b.Text); n > tailer.MaxBlock && bytes.Count(b.Text, []byte("\n")) > 1 || n > tailer.MaxLine+2 {
					t.Errorf("block %d has %d bytes", i, n)
				}
				for n := 0; n < len(b.Text); {
					if j := bytes.IndexByte(b.Text[n:], '\n'); j >= 0 {
						n += j + 1
					} else {
						n = len(b.Text)
					}
					ends = append(ends, b.Position(n))
				}
				at = end.Offset
			}
			if at != int64(len(text)) {
				t.Errorf("blocks end at %d of %d", at, len(text))
			}
			var want []tailer.Position
			for _, line := range lines {
				want = append(want, line.End)
			}
			if !slices.Equal(ends, want) {
				t.Errorf("%d ends of lines in blocks, %d of lines, or different ones", len(ends), len(want))
			}
		})
	}
}

// A caller may change from lines to blocks in the middle of a block.
func TestBlockAfterNext(t *testing.T) {
	var text strings.Builder
	for i := range 2500 {
		text.WriteString(numbered(i) + "\n")
	}
	l := newLog(t).append(text.String())
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true})
	lines, err := f.Next(t.Context(), 0)
	check(t, err)
	at := lines[len(lines)-1].End
	if f.Position() != at {
		t.Errorf("got %+v, want %+v", f.Position(), at)
	}
	b, err := f.Block(t.Context(), 0)
	check(t, err)
	if want := text.String()[at.Offset:]; string(b.Text) != want || f.Position() != b.Position(len(b.Text)) {
		t.Errorf("got %d bytes, want %d", len(b.Text), len(want))
	}
}

func TestBlocksDoNotSpanFiles(t *testing.T) {
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true})
	same(t, read(t, f, 1), []string{"a"})
	l.append("b\nopen").rotate().append("c\n")
	for _, want := range []string{"b\n", "open", "c\n"} {
		b, err := f.Block(t.Context(), testkit.Long)
		check(t, err)
		if string(b.Text) != want {
			t.Errorf("got %q, want %q", b.Text, want)
		}
	}
}

func TestEndlessLineTakesNoMemory(t *testing.T) {
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true})
	same(t, read(t, f, 1), []string{"a"})
	chunk := strings.Repeat("x", 1<<20)
	l.append(chunk + chunk + chunk)
	quiet(t, f)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 64 {
		l.append(chunk)
		quiet(t, f)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if s := f.Stats(); s.SkippedBytes < 65<<20 { // known before the line ends
		t.Errorf("got %+v", s)
	}
	l.append("\nb\n")
	same(t, read(t, f, 2), []string{chunk, "b"})
}
