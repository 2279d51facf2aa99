package tailer_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

// gz compresses a file as gzip does.
func gz(t testing.TB, path string) {
	t.Helper()
	fi, err := os.Stat(path)
	check(t, err)
	testkit.Write(t, path+".gz", testkit.Gzip(testkit.Read(t, path)))
	check(t, os.Chtimes(path+".gz", fi.ModTime(), fi.ModTime()))
	check(t, os.Remove(path))
}

// Numbered and dated names, plain and compressed, written while it was away.
func TestCompressedWhileAway(t *testing.T) {
	for name, rotated := range map[string]func(path string, i int) string{
		"numbered": func(p string, i int) string { return fmt.Sprintf("%s.%d", p, 5-i) },
		"dated":    func(p string, i int) string { return fmt.Sprintf("%s-2026010%d", p, i) },
		"mixed": func(p string, i int) string {
			return []string{p + ".1", p + "-20260102", p + ".2026-01-03T00", p + "-20260104", p + ".2"}[i]
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t).append("old\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			_, at := readLines(t, f, 1)
			f.Close()
			l.append("a\n")
			for i, text := range []string{"b\n", "c\n", "d\n", "e\n"} {
				time.Sleep(20 * time.Millisecond)
				name := rotated(l.path, i)
				check(t, os.Rename(l.path, name))
				if i != 2 {
					gz(t, name)
				}
				l.append(text)
			}
			f = l.follow(at, tailer.Options{})
			same(t, read(t, f, 5), []string{"a", "b", "c", "d", "e"})
			quiet(t, f)
			if gaps := f.Gaps(); len(gaps) > 0 {
				t.Errorf("got %+v", gaps)
			}
		})
	}
}

// A large one is gone on with in its middle.
func TestPositionInACompressedFile(t *testing.T) {
	l := newLog(t)
	all := numberedLines(400_000) // more than is passed over at once
	l.append(strings.Join(all, "\n") + "\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	got, at := readLines(t, f, 300_000)
	f.Close()
	l.rotate()
	gz(t, l.path+".1")
	l.append("new\n")
	f = l.follow(at, tailer.Options{})
	some, at := readLines(t, f, 10_000)
	f.Close()
	f = l.follow(at, tailer.Options{}) // from a place in the compressed file itself
	got = append(got, some...)
	got = append(got, read(t, f, len(all)+1-len(got))...)
	same(t, got, append(all, "new"))
}

// Read plain, then compressed: never again, though the inode is another one.
func TestCompressedAfterItWasRead(t *testing.T) {
	onlyOnUnix(t, "it replaces an open file")
	for _, style := range []string{"%s.1", "%s-20260101"} {
		l := newLog(t).append("a\n")
		f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
		same(t, read(t, f, 1), []string{"a"})
		name := fmt.Sprintf(style, l.path)
		check(t, os.Rename(l.path, name))
		l.append("b\n")
		_, at := readLines(t, f, 1)
		testkit.Write(t, name+".gz", testkit.Gzip(testkit.Read(t, name))) // its time stays that of the compression
		check(t, os.Remove(name))
		quiet(t, f)
		check(t, os.WriteFile(l.path+".new", []byte("c\n"), 0o644))
		check(t, os.Rename(l.path+".new", l.path)) // what was read last is in no list
		same(t, read(t, f, 1), []string{"c"})
		quiet(t, f)
		f.Close()
		f = l.follow(at, tailer.Options{})
		got := texts(drain(t, f))
		if len(got) > 0 && got[0] == "a" {
			t.Errorf("%s was read again", style)
		}
	}
}

// An empty file holds nothing to follow, and neither does its compressed form: it is
// no younger file, after which those read before would be read again.
func TestCompressedEmptyFile(t *testing.T) {
	l := newLog(t).append("1\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true, ByHand: true})
	got := texts(drain(t, f))
	want := []string{"1"}
	rotate := func(i int, text string) {
		check(t, os.Rename(l.path, fmt.Sprintf("%s-2026010%d", l.path, i)))
		l.append(text)
		f.Discover()
		got = append(got, texts(drain(t, f))...)
	}
	rotate(1, "")
	for i := 2; i <= 7; i++ { // until the first ones are no longer held open
		rotate(i, fmt.Sprintln(i))
		want = append(want, fmt.Sprint(i))
	}
	check(t, os.Remove(l.path))
	empty := l.path + "-20260102"
	check(t, os.Remove(empty))
	testkit.Write(t, empty+".gz", testkit.Gzip(""))
	f.Discover()
	got = append(got, texts(drain(t, f))...)
	gz(t, l.path+"-20260101")
	f.Discover()
	l.append("8\n")
	f.Discover()
	got = append(got, texts(drain(t, f))...)
	same(t, got, append(want, "8"))
}

func TestDamagedCompressedFile(t *testing.T) {
	long := strings.Join(numberedLines(20_000), "\n") + "\n"
	whole := []byte(testkit.Gzip(long))
	broken := bytes.Clone(whole)
	broken[len(broken)/2] ^= 0xff
	for _, tt := range []struct {
		name string
		data []byte
	}{{"cut", whole[:len(whole)/2]}, {"changed", broken}, {"empty", nil}, {"no gzip", []byte("plain text\n")}} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t).append("a\n")
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			_, at := readLines(t, f, 1)
			f.Close()
			check(t, os.Rename(l.path, l.path+".2"))
			name := l.path + ".1.gz"
			check(t, os.WriteFile(name, tt.data, 0o644))
			past := time.Now().Add(-time.Hour) // nobody is still writing it
			check(t, os.Chtimes(name, past, past))
			check(t, os.Chtimes(l.path+".2", past.Add(-time.Hour), past.Add(-time.Hour)))
			l.append("new\n")
			f = l.follow(at, tailer.Options{})
			var got []string
			for len(got) == 0 || got[len(got)-1] != "new" {
				got = append(got, read(t, f, 1)...)
			}
			if n := len(got); (tt.name == "cut" || tt.name == "changed") && n < 1000 || n > 20_001 {
				t.Errorf("%d lines were read", n)
			}
			if gaps := f.Gaps(); len(gaps) != 1 || gaps[0].Bytes != -1 || !strings.Contains(gaps[0].Why, "damaged") {
				t.Errorf("got %+v", gaps)
			}
		})
	}
}

// Half written while it is looked at, without its plain twin: waited for.
func TestCompressedFileThatGrows(t *testing.T) {
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	_, at := readLines(t, f, 1)
	f.Close()
	check(t, os.Rename(l.path, l.path+".2"))
	want := numberedLines(20_000)
	data := testkit.Gzip(strings.Join(want, "\n") + "\n")
	name := l.path + ".1.gz"
	testkit.Write(t, name, data[:10])
	l.append("new\n")
	f = l.follow(at, tailer.Options{})
	got := texts(drain(t, f))
	for rest := data[10:]; len(rest) > 0; {
		n := min(len(rest), len(data)/7)
		testkit.Append(t, name, rest[:n])
		rest = rest[n:]
		got = append(got, texts(drain(t, f))...)
	}
	got = append(got, read(t, f, len(want)+1-len(got))...)
	same(t, got, append(want, "new"))
	if gaps := f.Gaps(); len(gaps) > 0 {
		t.Errorf("got %+v", gaps)
	}
}

// A copy that was compressed in the meantime is still the copy.
func TestCopyTruncateWithACompressedCopy(t *testing.T) {
	l := newLog(t).append("a\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true})
	same(t, read(t, f, 1), []string{"a"})
	l.append("b\nc\n")
	copyFile(t, l.path, l.path+".1")
	l.truncate()
	gz(t, l.path+".1")
	l.append("d\n")
	same(t, read(t, f, 3), []string{"b", "c", "d"})
}
