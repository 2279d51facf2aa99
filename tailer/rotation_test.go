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

func TestRotationUnderAWriter(t *testing.T) {
	const lines = 6000
	for name, opt := range map[string]tailer.Options{
		"by event":   {},
		"by polling": {NoNotify: true, Poll: 2 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			opt.Start = tailer.Beginning
			l := newLog(t)
			f := l.follow(tailer.Position{}, opt)
			quiet(t, f)
			cmd := writer(t, l.path, lines, 300, 10, 20*time.Microsecond)
			same(t, read(t, f, lines), numberedLines(lines))
			check(t, cmd.Wait())
			quiet(t, f)
			if s := f.Stats(); s.Rotations != lines/300-1 || s.LostBytes != 0 {
				t.Errorf("got %+v", s)
			}
		})
	}
}

func TestRestartsUnderARotatingWriter(t *testing.T) {
	const lines = 4000
	l := newLog(t).append("first\n")
	cmd := writer(t, l.path, lines, 250, 50, 20*time.Microsecond)
	var got []string
	var at tailer.Position
	for len(got) < lines+1 {
		f := l.follow(at, tailer.Options{Start: tailer.Beginning})
		some, end := readLines(t, f, 1)
		got, at = append(got, some...), end
		f.Close()
	}
	same(t, got, append([]string{"first"}, numberedLines(lines)...))
	check(t, cmd.Wait())
}

func TestSeveralRotationsBetweenTwoLooks(t *testing.T) {
	name := func(pattern string) func(string, int) string {
		return func(path string, i int) string { return fmt.Sprintf(pattern, path, i) }
	}
	for _, tt := range []struct {
		name          string
		rotatedSuffix func(path string, i int) string // nil for log4j's chain
	}{
		{"log4j", nil},
		{"log4j2 max", name("%s.%d")},
		{"dated", name("%s-2026010%d")},
		{"hourly", name("%s.2026-01-02T0%d")},
		{"before the extension", func(p string, i int) string {
			return fmt.Sprintf("%s-2026-01-0%d.log", strings.TrimSuffix(p, ".log"), i)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t)
			i := 0
			rotate := func() {
				i++
				if tt.rotatedSuffix == nil {
					l.rotate()
				} else {
					check(t, os.Rename(l.path, tt.rotatedSuffix(l.path, i)))
				}
				time.Sleep(5 * time.Millisecond) // so that the times of the last write differ
			}
			l.append("too old\n")
			rotate()
			l.append("too old as well\n")
			rotate()
			l.append("a\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			_, at := readLines(t, f, 1)
			l.append("b\n")
			rotate()
			l.append("c\nopen")
			check(t, os.WriteFile(l.path+".bak", []byte("a copy\n"), 0o644))
			rotate()
			l.append("d\n")
			rotate()
			l.append("")
			want := []string{"b", "c", "open", "d"}
			same(t, read(t, f, 4), want)
			same(t, read(t, l.follow(at, tailer.Options{}), 4), want)
			l.append("e\n")
			same(t, read(t, f, 1), []string{"e"})
		})
	}
}

func TestRemovedByRotation(t *testing.T) {
	onlyOnUnix(t, "a removed file has its name as long as it is open")
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	same(t, read(t, f, 1), []string{"a"})
	for _, s := range []string{"b\n", "c\n", "d\n", "e\n"} { // three are kept
		time.Sleep(5 * time.Millisecond)
		rotateLog4j(l.path, 3)
		l.append(s)
	}
	same(t, read(t, f, 4), []string{"b", "c", "d", "e"})
}

func TestOldFileGrowsAfterItsRotation(t *testing.T) {
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	same(t, read(t, f, 1), []string{"a"})
	old := l.path + ".1"
	check(t, os.Rename(l.path, old))
	l.append("") // as logrotate's create does
	quiet(t, f)
	testkit.Append(t, old, "b\nc")
	same(t, read(t, f, 1), []string{"b"})
	quiet(t, f)
	testkit.Append(t, old, "d\n")
	l.append("e\n")
	same(t, read(t, f, 2), []string{"cd", "e"})
}

func TestReplacedByRename(t *testing.T) {
	onlyOnUnix(t, "it replaces an open file")
	l := newLog(t).append("too old\n").rotate().append("a1\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	same(t, read(t, f, 1), []string{"a1"})
	check(t, os.WriteFile(l.path+".new", []byte("a2\n"), 0o644)) // of the same size
	check(t, os.Rename(l.path+".new", l.path))
	same(t, read(t, f, 1), []string{"a2"})
	quiet(t, f)
}

func TestInodeUsedAgain(t *testing.T) {
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	_, at := readLines(t, f, 1)
	f.Close()
	used := false
	for i := 0; i < 200 && !used; i++ {
		check(t, os.Remove(l.path))
		l.append("b and more\n")
		g := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
		_, end := readLines(t, g, 1)
		g.Close()
		used = end.Inode == at.Inode
	}
	if !used {
		t.Skip("this file system does not use inodes again")
	}
	same(t, read(t, l.follow(at, tailer.Options{}), 1), []string{"b and more"})
}

func TestRestartAtEveryLine(t *testing.T) {
	all := numberedLines(40)
	for _, rotated := range []bool{false, true} {
		for cut := range all {
			l := newLog(t)
			l.append(strings.Join(all[:20], "\n") + "\n").rotate().append(strings.Join(all[20:30], "\n") + "\n")
			// A position in a rotated file, or in the active one.
			first := tailer.Follow(l.path+".1", tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true})
			second := tailer.Follow(l.path, tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true})
			lines := append(drain(t, first), drain(t, second)...)
			first.Close()
			second.Close()
			if rotated {
				l.rotate()
			}
			l.append(strings.Join(all[30:], "\n") + "\n")
			var from tailer.Position
			if cut == 0 || cut > len(lines) {
				continue
			}
			from = lines[cut-1].End
			f := l.follow(from, tailer.Options{NoNotify: true})
			same(t, texts(drain(t, f)), all[cut:])
			f.Close()
		}
	}
}

func TestPlaceIsGone(t *testing.T) {
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	_, at := readLines(t, f, 1)
	f.Close()
	check(t, os.Remove(l.path))
	f = l.follow(at, tailer.Options{})
	quiet(t, f)
	l.append("b\nc\n")
	same(t, read(t, f, 2), []string{"b", "c"})
}

func TestCloseLeavesNothing(t *testing.T) {
	round := func() {
		l := newLog(t).append("a\n")
		f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
		read(t, f, 1)
		l.rotate().append("")
		l.append("b\n").rotate().append("c")
		quiet2 := drain(t, f)
		same(t, texts(quiet2), []string{"b"})
		check(t, f.Close())
		check(t, f.Close())
		if _, err := f.Block(t.Context(), 0); err == nil {
			t.Error("Block goes on after Close")
		}
	}
	round() // starts the one tracker of the process
	fds, routines := descriptors(t), goroutines()
	for range 20 {
		round()
	}
	testkit.Eventually(t, "descriptors and goroutines are given back", func() bool { return descriptors(t) <= fds && goroutines() <= routines })
}

func descriptors(t *testing.T) int {
	onlyOnLinux(t, "it reads /proc")
	entries, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	return len(entries)
}
