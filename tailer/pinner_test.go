package tailer_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

// untilHeld waits until the process holds the file at path.
func untilHeld(t *testing.T, path string) {
	t.Helper()
	fi, err := os.Stat(path)
	check(t, err)
	testkit.Eventually(t, "the file is held", func() bool { return heldByUs(t, fi) })
}

func TestRotationWhileTheConsumerIsBlocked(t *testing.T) {
	for name, opt := range map[string]tailer.Options{
		"by event":   {Poll: time.Hour},
		"by polling": {Poll: time.Millisecond, NoNotify: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t).append("first\n")
			opt.Start = tailer.Beginning
			f := l.follow(tailer.Position{}, opt)
			want := read(t, f, 1)
			for i := range 20 { // only two are kept, and nobody reads
				rotateLog4j(l.path, 2)
				l.append(numbered(i) + "\n")
				want = append(want, numbered(i))
				untilHeld(t, l.path)
			}
			same(t, read(t, f, 20), want[1:])
			if s, gaps := f.Stats(), f.Gaps(); s.LostBytes != 0 || len(gaps) > 0 {
				t.Errorf("got %+v, gaps %+v", s, gaps)
			}
		})
	}
}

func TestMoreRotationsThanCanBeHeld(t *testing.T) {
	const files, held, kept = 90, 64, 10
	for _, tt := range []struct {
		name    string
		removed bool
	}{{"still there", false}, {"removed", true}} {
		t.Run(tt.name, func(t *testing.T) {
			before := descriptors(t)
			l := newLog(t).append("first\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true})
			want := read(t, f, 1)
			var lost int64
			for i := range files {
				rotateLog4j(l.path, 1000)
				l.append(numbered(i) + "\n")
				if i < held {
					untilHeld(t, l.path)
				}
				if tt.removed && i >= held && i < files-kept {
					lost += int64(len(numbered(i)) + 1)
					continue
				}
				want = append(want, numbered(i))
			}
			time.Sleep(50 * time.Millisecond) // to be seen; none of this can be observed
			if n := descriptors(t) - before; n > held+5 {
				t.Errorf("%d descriptors are held", n)
			}
			if tt.removed {
				for i := kept; i < 1000; i++ {
					os.Remove(fmt.Sprint(l.path, ".", i))
				}
			}
			same(t, read(t, f, len(want)-1), want[1:])
			gaps := f.Gaps()
			var told int64
			for _, g := range gaps {
				told += g.Bytes
			}
			if told != lost || f.Stats().LostBytes != lost {
				t.Errorf("lost %d bytes, told %d: %+v", lost, told, gaps)
			}
		})
	}
}

func TestLateBytes(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			l := newLog(t).append("a\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			same(t, read(t, f, 1), []string{"a"})
			l.rotate().append("b\n")
			_, at := readLines(t, f, 1)
			old := l.path + ".1"
			testkit.Append(t, old, "late\n")
			if restart {
				f.Close()
				f = l.follow(at, tailer.Options{})
			}
			same(t, read(t, f, 1), []string{"late"})
			l.append("c\n")
			same(t, read(t, f, 1), []string{"c"})
			testkit.Append(t, old, "later\nand in two")
			same(t, read(t, f, 1), []string{"later"})
			testkit.Append(t, old, " pieces\n")
			same(t, read(t, f, 1), []string{"and in two pieces"})
			at = f.Position()
			f.Close()
			f = l.follow(at, tailer.Options{})
			quiet(t, f)
			l.append("d\n")
			same(t, read(t, f, 1), []string{"d"})
			if gaps := f.Gaps(); len(gaps) > 0 {
				t.Errorf("got %+v", gaps)
			}
		})
	}
}

// A block of late lines says so, and each of its positions is one to go on at.
func TestPositionsInLateBlocks(t *testing.T) {
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	same(t, read(t, f, 1), []string{"a"})
	l.rotate().append("b\n")
	same(t, read(t, f, 1), []string{"b"})
	testkit.Append(t, l.path+".1", "c\nd\n")
	b, err := f.Block(t.Context(), testkit.Long)
	check(t, err)
	if !b.Late || string(b.Text) != "c\nd\n" {
		t.Fatalf("got %+v", b)
	}
	for n, want := range map[int][]string{2: {"d"}, 4: nil} {
		g := l.follow(b.Position(n), tailer.Options{NoNotify: true})
		same(t, texts(drain(t, g)), want)
		g.Close()
	}
}

func TestGapsAreBounded(t *testing.T) {
	l := newLog(t)
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true})
	const rounds = 300
	quiet(t, f)
	for i := range rounds {
		l.append(fmt.Sprintf("%d\nopen", i))
		f.Block(t.Context(), 0)
		f.Block(t.Context(), 0)
		l.truncate()
		quiet(t, f)
	}
	gaps := f.Gaps()
	var sum int64
	for _, g := range gaps {
		sum += g.Bytes
	}
	if len(gaps) > 100 || sum != f.Stats().LostBytes || sum != rounds*4 || !strings.Contains(gaps[0].Why, "truncated") {
		t.Errorf("%d gaps of %d bytes, %+v", len(gaps), sum, f.Stats())
	}
	if again := f.Gaps(); len(again) > 0 {
		t.Errorf("got %+v again", again)
	}
}
