package tailer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

func TestCopyTruncate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		restart bool
	}{{"while followed", false}, {"while away", true}} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t).append("a\nb\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			_, at := readLines(t, f, 2)
			l.append("c\nd\n") // not read before it is copied
			copyFile(t, l.path, l.path+".1")
			l.truncate()
			l.append("e, which makes the file longer than it was\n")
			want := []string{"c", "d", "e, which makes the file longer than it was"}
			if tt.restart {
				f = l.follow(at, tailer.Options{})
			}
			same(t, read(t, f, 3), want)
			if s := f.Stats(); s.LostBytes != 0 {
				t.Errorf("got %+v", s)
			}
		})
	}
}

func TestTruncatedInPlace(t *testing.T) {
	for _, tt := range []struct{ name, next string }{
		{"shorter", "x\n"},
		{"as long", "x1\nx2\n"},
		{"longer", "x1\nx2\nx3\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t).append("a1\na2\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			_, at := readLines(t, f, 2)
			l.truncate()
			l.append(tt.next)
			want := strings.Split(strings.TrimSuffix(tt.next, "\n"), "\n")
			same(t, read(t, f, len(want)), want)
			log, said := diary()
			same(t, read(t, l.follow(at, tailer.Options{Log: log}), len(want)), want)
			if n := said("stored position no longer exists"); n != 1 {
				t.Errorf("said %d times", n)
			}
		})
	}
}

func TestTruncationCountsWhatWasSeen(t *testing.T) {
	l := newLog(t).append("a\nopen")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	same(t, read(t, f, 1), []string{"a"})
	quiet(t, f)
	l.truncate()
	l.append("b\n")
	same(t, read(t, f, 1), []string{"b"})
	if s := f.Stats(); s.LostBytes != 4 {
		t.Errorf("got %+v", s)
	}
}

func TestTailCutOff(t *testing.T) {
	l := newLog(t)
	var want []string
	for i := range 100 {
		l.append(numbered(i) + "\n")
		want = append(want, numbered(i))
	}
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	got, at := readLines(t, f, 100)
	same(t, got, want)
	check(t, os.Truncate(l.path, at.Offset-int64(len(want[99]))-1)) // as after a crash
	quiet(t, f)
	l.append("new\n")
	same(t, read(t, f, 1), []string{"new"})
}

func TestWriterThatKeepsItsOffset(t *testing.T) {
	l := newLog(t)
	w, err := os.Create(l.path) // not O_APPEND
	check(t, err)
	defer w.Close()
	w.WriteString(strings.Repeat("a line of some length\n", 10000))
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	read(t, f, 10000)
	l.truncate()
	w.WriteString("b\n") // behind a hole
	got := read(t, f, 1)
	if got := strings.TrimLeft(got[0], "\x00"); got != "b" {
		t.Errorf("got %q", got)
	}
}

// tick lets the clock of the file system go on, so that what is written next is newer.
func tick() { time.Sleep(20 * time.Millisecond) }

// copy copies the log as it is now, and gives older copies their next names.
func (l log) copy() {
	l.t.Helper()
	for n := 8; n > 0; n-- {
		os.Rename(fmt.Sprint(l.path, ".", n), fmt.Sprint(l.path, ".", n+1))
	}
	copyFile(l.t, l.path, l.path+".1")
	tick()
}

// told fails if the only gap is not one of this size that says why.
func told(t *testing.T, f *tailer.Follower, bytes int, why string) {
	t.Helper()
	if gaps := f.Gaps(); len(gaps) != 1 || gaps[0].Bytes != int64(bytes) || !strings.Contains(gaps[0].Why, why) {
		t.Errorf("got %+v, want one gap of %d bytes: %s", gaps, bytes, why)
	}
}

// A write between copy and truncation, seen but not read, does not make the copy
// an old one.
func TestCopyIsOlderThanTheLastWriteSeen(t *testing.T) {
	for _, tt := range []struct {
		name   string
		unread int // lines in the copy
		see    func(f *tailer.Follower) []string
	}{
		{"seen by the pinner", 3, func(*tailer.Follower) []string {
			time.Sleep(50 * time.Millisecond) // to be seen; none of this can be observed
			return nil
		}},
		{"seen by the reader, which is behind", 20_000, func(f *tailer.Follower) []string {
			b, err := f.Block(t.Context(), testkit.Long)
			check(t, err)
			return strings.Split(strings.TrimSuffix(string(b.Text), "\n"), "\n")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t).append("a\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true, Poll: time.Millisecond})
			same(t, read(t, f, 1), []string{"a"})
			tick()
			want := numberedLines(tt.unread)
			l.append(strings.Join(want, "\n") + "\n")
			tick()
			l.copy()
			l.append("lost\n")
			got := tt.see(f)
			l.truncate()
			l.append("b\n")
			got = append(got, read(t, f, tt.unread+1-len(got))...)
			same(t, got, append(want, "b"))
			quiet(t, f)
			told(t, f, len("lost\n"), "after it was copied are lost")
		})
	}
}

// The copy is shorter than what was read. Later contents are in later copies.
func TestCopiesBehindAShorterOne(t *testing.T) {
	for _, zipped := range []bool{false, true} {
		t.Run(fmt.Sprint("compressed ", zipped), func(t *testing.T) {
			l := newLog(t).append("too old\n").rotate()
			tick()
			l.append("a\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true, Poll: time.Hour})
			same(t, read(t, f, 1), []string{"a"})
			var want []string
			for i := range 3 {
				l.copy()
				behind := fmt.Sprint("behind the copy ", i)
				l.append(behind + "\n")
				same(t, read(t, f, 1), []string{behind})
				l.truncate()
				want = nil
				for k := range 3 {
					tick()
					want = append(want, fmt.Sprintf("b %d%d", i, k), fmt.Sprintf("c %d%d", i, k))
					l.append(fmt.Sprintf("b %[1]d%[2]d\nc %[1]d%[2]d\n", i, k))
					if k < 2 {
						l.copy()
						l.truncate()
					}
				}
				if zipped && i == 0 {
					gz(t, l.path+".2")
				}
				same(t, read(t, f, len(want)), want)
				quiet(t, f)
				told(t, f, 0, "truncated")
			}
			if s := f.Stats(); s.LostBytes != 0 {
				t.Errorf("got %+v", s)
			}
		})
	}
}

// A copy of what the log has now is not read besides it.
func TestCopyOfWhatIsStillThere(t *testing.T) {
	for _, shorter := range []bool{false, true} {
		t.Run(fmt.Sprint("behind a shorter copy ", shorter), func(t *testing.T) {
			l := newLog(t).append("a\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true, Poll: time.Hour})
			same(t, read(t, f, 1), []string{"a"})
			l.copy()
			if shorter {
				l.append("b\n")
				same(t, read(t, f, 1), []string{"b"})
			}
			l.truncate()
			tick()
			l.append("c\n").copy()
			same(t, read(t, f, 1), []string{"c"})
			quiet(t, f)
			l.append("d\n")
			same(t, read(t, f, 1), []string{"d"})
			l.truncate()
			tick()
			l.append("e\n")
			same(t, read(t, f, 1), []string{"e"})
			quiet(t, f)
		})
	}
}

// What was written between copy and truncation while nobody looked is gone unseen.
func TestTruncatedWhileAwayIsTold(t *testing.T) {
	for _, zipped := range []bool{false, true} {
		t.Run(fmt.Sprint("compressed ", zipped), func(t *testing.T) {
			l := newLog(t).append("a\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			_, at := readLines(t, f, 1)
			f.Close()
			tick()
			l.append("b\n").copy()
			l.append("lost\n").truncate()
			if zipped {
				gz(t, l.path+".1")
			}
			l.append("c\n")
			f = l.follow(at, tailer.Options{})
			got, at := readLines(t, f, 2)
			same(t, got, []string{"b", "c"})
			quiet(t, f)
			told(t, f, 0, "truncated while it was not followed")
			f.Close()
			f = l.follow(at, tailer.Options{})
			quiet(t, f)
			if gaps := f.Gaps(); len(gaps) > 0 {
				t.Errorf("told again: %+v", gaps)
			}
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	check(t, err)
	check(t, os.WriteFile(filepath.Clean(to), data, 0o644))
}

// A copy that is seen when the log was truncated and has gone is no younger file:
// its lines are not read twice.
func TestCopyOfALogThatWasRemoved(t *testing.T) {
	l := newLog(t).append("one\ntwo\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true, ByHand: true})
	same(t, read(t, f, 2), []string{"one", "two"})
	text, err := os.ReadFile(l.path)
	check(t, err)
	check(t, os.WriteFile(l.path+".1", append(text, "three\n"...), 0o600))
	l.truncate()
	check(t, os.Remove(l.path))
	f.Discover()
	same(t, texts(drain(t, f)), []string{"three"})
}

// Between copy and truncation the same lines are in two files. They are read once,
// also when reading begins just then.
func TestStartBetweenCopyAndTruncation(t *testing.T) {
	l := newLog(t)
	f := l.follow(tailer.Position{}, tailer.Options{NoNotify: true, ByHand: true})
	same(t, texts(drain(t, f)), nil) // there is no log yet
	l.append("one\ntwo\n")
	check(t, os.WriteFile(l.path+".1", []byte("one\ntwo\n"), 0o600))
	same(t, texts(drain(t, f)), []string{"one", "two"})
	l.truncate()
	l.append("three\n")
	same(t, texts(drain(t, f)), []string{"three"})
	if gaps := f.Gaps(); len(gaps) != 1 || gaps[0].Bytes != 0 {
		t.Errorf("gaps %+v", gaps)
	}
}

// What was written to an empty log and copied away before the next look is read:
// an empty file does not show that it was truncated.
func TestCopiedBetweenTwoLooksAtAnEmptyLog(t *testing.T) {
	l := newLog(t).append("old\n").rotate().append("")
	f := l.follow(tailer.Position{}, tailer.Options{Poll: time.Hour, NoNotify: true})
	quiet(t, f)
	for _, text := range []string{"a\n", "b\n"} {
		copyAndTruncate(l.append(text))
	}
	l.append("c\n")
	same(t, texts(drain(t, f)), []string{"a", "b", "c"})
	copyAndTruncate(l) // now empty again
	quiet(t, f)
	copyAndTruncate(l.append("d\n"))
	l.append("e\n")
	same(t, texts(drain(t, f)), []string{"d", "e"})
	quiet(t, f)
}
