package tailer_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

// A file that is still shorter than what vouches for it is told apart by what it has.
func TestFileShorterThanItsPrint(t *testing.T) {
	for n := 1; n < 3000; n += 97 {
		l := newLog(t).append(strings.Repeat("a", n) + "\n")
		f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true})
		_, at := readLines(t, f, 1)
		f.Close()
		l.append("b\n") // the same file, longer
		same(t, read(t, l.follow(at, tailer.Options{}), 1), []string{"b"})
		other := strings.Repeat("a", n-1) + "x" // as long, and different in its last byte at most
		if n > 1024 {
			other = "x" + strings.Repeat("a", n-1)
		}
		check(t, os.WriteFile(l.path, []byte(other+"\nc\n"), 0o644)) // the same inode
		same(t, read(t, l.follow(at, tailer.Options{}), 2), []string{other, "c"})
	}
}

func TestReplacedByOneOfTheSameSizeWhileAway(t *testing.T) {
	l := newLog(t).append("a1\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	_, at := readLines(t, f, 1)
	f.Close()
	time.Sleep(10 * time.Millisecond)
	check(t, os.WriteFile(l.path+".new", []byte("a2\n"), 0o644))
	check(t, os.Rename(l.path+".new", l.path))
	f = l.follow(at, tailer.Options{})
	same(t, read(t, f, 1), []string{"a2"})
	if gaps := f.Gaps(); len(gaps) != 1 || gaps[0].Bytes != -1 {
		t.Errorf("got %+v", gaps)
	}
}

// The file of the position is gone: what is certainly newer is all that is read.
func TestPlaceIsGoneBeginsAtTheOldestNewer(t *testing.T) {
	l := newLog(t).append("older\n").rotate().append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	_, at := readLines(t, f, 1)
	f.Close()
	l.rotate()
	for _, s := range []string{"b\n", "c\n", "d\n"} {
		time.Sleep(10 * time.Millisecond)
		l.append(s).rotate()
	}
	gz(t, l.path+".2")
	check(t, os.Remove(l.path+".4")) // the one with a
	l.append("e\n")
	f = l.follow(at, tailer.Options{})
	same(t, read(t, f, 4), []string{"b", "c", "d", "e"})
	quiet(t, f)
	if gaps := f.Gaps(); len(gaps) != 1 || gaps[0].Bytes != -1 || gaps[0].At.IsZero() {
		t.Errorf("got %+v", gaps)
	}
}

func TestSymbolicLinkSwitched(t *testing.T) {
	onlyOnUnix(t, "only administrators make symbolic links")
	dir := t.TempDir()
	link := log{t, filepath.Join(dir, "current")}
	name := func(i int) string { return filepath.Join(dir, fmt.Sprintf("jira-%c.log", 'a'+i)) }
	testkit.Append(t, name(0), "0\n")
	check(t, os.Symlink(name(0), link.path))
	f := link.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	same(t, read(t, f, 1), []string{"0"})
	for i := 1; i < 5; i++ {
		testkit.Append(t, name(i-1), "last\n")
		testkit.Append(t, name(i), fmt.Sprintf("%d\n", i))
		check(t, os.Symlink(name(i), link.path+".new"))
		check(t, os.Rename(link.path+".new", link.path))
		same(t, read(t, f, 2), []string{"last", fmt.Sprint(i)})
	}
	quiet(t, f)
}

// readerProcess prints the lines of a log, and when it has to wait for it.
func readerProcess(path string) {
	f := tailer.Follow(path, tailer.Position{}, tailer.Options{Start: tailer.Beginning, Poll: 2 * time.Millisecond})
	waiting := false
	for {
		lines, err := next(context.Background(), f, 2*time.Millisecond)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if w := f.Stats().Waiting; (w != nil) != waiting {
			waiting = w != nil
			if waiting {
				fmt.Println("waiting:", w)
			} else {
				fmt.Println("no longer waiting")
			}
		}
		for _, l := range lines {
			fmt.Println(string(l.Text))
		}
	}
}
