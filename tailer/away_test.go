package tailer_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/tailer"
)

func copyAndTruncate(l log) {
	l.t.Helper()
	for n := 9; n > 0; n-- {
		os.Rename(fmt.Sprint(l.path, ".", n), fmt.Sprint(l.path, ".", n+1))
	}
	copyFile(l.t, l.path, l.path+".1")
	l.truncate()
}

// A position before the first line knows its file by all that was known of it, not
// by an inode that another content or another file may have by now.
func TestPositionAtTheBeginning(t *testing.T) {
	for _, tt := range []struct {
		name   string
		first  string // what the file holds when it is left, at offset 0
		rotate func(log)
		times  int // more than ten backups are not kept
		gap    bool
	}{
		{"one line, copied and truncated", "one\n", copyAndTruncate, 3, false},
		{"part of a line, copied and truncated", "on", copyAndTruncate, 3, false},
		{"empty, copied and truncated", "", copyAndTruncate, 3, false},
		{"one line, renamed", "one\n", func(l log) { l.rotate() }, 3, false},
		{"empty, renamed", "", func(l log) { l.rotate() }, 3, false},
		{"one line, renamed away", "one\n", func(l log) { l.rotate() }, 11, true},
		{"empty, renamed away", "", func(l log) { l.rotate() }, 11, true},
		{"one line, only longer", "one\n", func(log) {}, 3, false},
		{"empty, only longer", "", func(log) {}, 3, false},
	} {
		for _, form := range []string{"now", "without birth"} {
			t.Run(tt.name+", "+form, func(t *testing.T) {
				l := newLog(t).append(tt.first)
				f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
				b, err := f.Block(t.Context(), 0)
				check(t, err)
				at := f.Position()
				if len(b.Text) > 0 {
					at = b.Position(0)
				}
				f.Close()
				if form != "now" { // as on a file system that has none
					at.Born = 0
				}
				want := strings.Fields(tt.first)
				if tt.gap {
					want = nil
				}
				for i := range tt.times {
					time.Sleep(10 * time.Millisecond) // the time of the last write tells what is newer
					if tt.gap {                       // nothing is added to the first file: all lines since are on disk
						tt.rotate(l)
						l.append(fmt.Sprint("line ", i, "\n"))
					} else {
						l.append(fmt.Sprint("line ", i, "\n"))
						tt.rotate(l)
					}
					want = append(want, fmt.Sprint("line ", i))
				}
				if tt.first == "on" {
					want = append([]string{"online 0"}, want[2:]...)
				}
				l.append("last\n")
				f = l.follow(at, tailer.Options{})
				same(t, read(t, f, len(want)+1), append(want, "last"))
				quiet(t, f)
				gaps := 0
				for _, g := range f.Gaps() {
					if g.Bytes != 0 {
						gaps++
					}
				}
				if gaps > 0 != tt.gap && at.Born != 0 {
					t.Errorf("%d gaps", gaps)
				}
			})
		}
	}
}

// A position as it was stored before files were known by their birth and by more
// than what was read of them.
func TestOlderPosition(t *testing.T) {
	l := newLog(t).append("a\nb\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	lines := drain(t, f)
	f.Close()
	stored, err := json.Marshal(lines[0].End)
	check(t, err)
	var old map[string]any
	d := json.NewDecoder(strings.NewReader(string(stored)))
	d.UseNumber()
	check(t, d.Decode(&old))
	delete(old, "Born")
	delete(old, "Since")
	old["PrintLen"], old["Print"] = 2, uint64(0x87428fc522803d31) // sha256 of "a\n"
	stored, err = json.Marshal(old)
	check(t, err)
	var at tailer.Position
	check(t, json.Unmarshal(stored, &at))
	f = l.follow(at, tailer.Options{})
	same(t, read(t, f, 1), []string{"b"})
	if gaps := f.Gaps(); len(gaps) > 0 {
		t.Errorf("got %+v", gaps)
	}
}

// An inode that is used again, by a file that begins with the same line.
func TestInodeOfAnotherBirth(t *testing.T) {
	l := newLog(t).append("started\n")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	_, at := readLines(t, f, 1)
	f.Close()
	if at.Born == 0 {
		t.Log("no birth times here")
		return
	}
	at.Born -= int64(time.Hour)
	l.append("a\n")
	f = l.follow(at, tailer.Options{})
	same(t, read(t, f, 2), []string{"started", "a"})
	if gaps := f.Gaps(); len(gaps) != 1 || gaps[0].Bytes != -1 {
		t.Errorf("got %+v", gaps)
	}
}

// A log that cannot be read at the first look: the time of that look is stored and
// goes with the lines that may be older, also of another process.
func TestFirstLookIsRemembered(t *testing.T) {
	for _, restart := range []bool{false, true} {
		for _, start := range []tailer.Start{tailer.End, tailer.Beginning} {
			t.Run(fmt.Sprint(restart, start), func(t *testing.T) {
				t.Parallel()
				l := newLog(t)
				before := time.Now()
				f := l.follow(tailer.Position{}, tailer.Options{Start: start})
				quiet(t, f)
				at := f.Position()
				if since := time.Unix(0, at.Since); since.Before(before) || since.After(time.Now()) {
					t.Fatalf("the first look was at %v", since)
				}
				if restart {
					f.Close()
				}
				l.append("a\n").rotate().append("b\n").rotate().append("c\n")
				if restart {
					f = l.follow(at, tailer.Options{Start: start})
				}
				var lines []line
				for len(lines) < 3 {
					lines = append(lines, drain(t, f)...)
				}
				same(t, texts(lines), []string{"a", "b", "c"})
				want := at.Since
				if start == tailer.Beginning {
					want = 0
				}
				for _, line := range lines {
					if line.End.Since != want {
						t.Errorf("%s: since %d, want %d", line.Text, line.End.Since, want)
					}
				}
				for f.Position().Since != 0 { // the end was reached some seconds ago
					if _, err := f.Block(t.Context(), 10*time.Millisecond); err != nil {
						t.Fatal(err)
					}
				}
				l.append("d\n")
				if _, end := readLines(t, f, 1); end.Since != 0 {
					t.Errorf("what is written now may be older than %d", end.Since)
				}
			})
		}
	}
}

// What was last written to long before the first look holds nothing newer.
func TestOldFileFoundLater(t *testing.T) {
	l := newLog(t)
	f := l.follow(tailer.Position{}, tailer.Options{})
	quiet(t, f)
	old := log{t, l.path + ".new"}
	old.append("a\nb\n")
	hourAgo := time.Now().Add(-time.Hour)
	check(t, os.Chtimes(old.path, hourAgo, hourAgo))
	check(t, os.Rename(old.path, l.path))
	quiet(t, f)
	l.append("c\n")
	same(t, read(t, f, 1), []string{"c"})
}

// Files that begin alike, as with a first line that is always the same, are told
// apart by when they were written: the oldest since the position is gone on with.
func TestFilesThatBeginAlike(t *testing.T) {
	for name, rotate := range map[string]func(l log){
		"compressed": func(l log) {
			l.rotate()
			gz(t, l.path+".1")
			for n := 9; n > 0; n-- {
				os.Rename(fmt.Sprint(l.path, ".", n, ".gz"), fmt.Sprint(l.path, ".", n+1, ".gz"))
			}
		},
		"copied": copyAndTruncate,
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t).append("first\nolder\n")
			rotate(l)
			l.append("first\n")
			rotated, err := filepath.Glob(l.path + ".*")
			check(t, err)
			check(t, os.Chtimes(rotated[0], time.Now(), time.Now().Add(-time.Hour)))
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			_, at := readLines(t, f, 1)
			f.Close()
			want := []string{"a"}
			l.append("a\n")
			for _, text := range []string{"b", "c", "d"} {
				time.Sleep(10 * time.Millisecond)
				rotate(l)
				l.append("first\n" + text + "\n")
				want = append(want, "first", text)
			}
			f = l.follow(at, tailer.Options{})
			same(t, read(t, f, len(want)), want)
			quiet(t, f)
		})
	}
}
