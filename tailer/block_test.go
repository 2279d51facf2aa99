package tailer_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

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

// Blocks are the bytes of the file, cut after line ends, and every line end has
// its position.
func TestBlocksAreTheBytes(t *testing.T) {
	text := blockText()
	var want []int64
	for at := 0; at < len(text); {
		line, _, _ := strings.Cut(text[at:], "\n")
		at = min(at+len(line)+1, len(text))
		want = append(want, int64(at))
	}
	l := newLog(t).append(text)
	for name, r := range map[string]blocker{
		"file":   l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true}),
		"stream": tailer.Stream(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			var ends []int64
			at := int64(0)
			for i, b := range blocks(t, r) {
				if !strings.HasPrefix(text[at:], string(b.Text)) {
					t.Fatalf("block %d is not what is at %d", i, at)
				}
				if n := len(b.Text); n > tailer.MaxBlock && bytes.Count(b.Text, []byte("\n")) > 1 || n > tailer.MaxLine+2 {
					t.Errorf("block %d has %d bytes", i, n)
				}
				n := 0
				for line := range bytes.Lines(b.Text) {
					n += len(line)
					ends = append(ends, b.Position(n).Offset)
				}
				end := b.Position(n).Offset
				if took := end - at; b.Cut != (took > int64(n)) {
					t.Errorf("block %d of %d bytes took %d, cut: %v", i, n, took, b.Cut)
				}
				at = end
			}
			if !slices.Equal(ends, want) {
				t.Errorf("%d ends of lines in blocks, %d of lines, or different ones", len(ends), len(want))
			}
		})
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
	l.append("\nb\n")
	same(t, read(t, f, 2), []string{chunk, "b"})
}
