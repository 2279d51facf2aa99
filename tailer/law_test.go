package tailer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"jira-oauth-watcher/tailer"
)

// Whatever is written in whatever pieces, the lines and their ends are the bytes.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n\r\rc"), uint8(3))
	f.Add([]byte("\r\n"), uint8(1))
	f.Add([]byte{0, '\n', 0xff}, uint8(2))
	dir := f.TempDir()
	n := 0
	f.Fuzz(func(t *testing.T, data []byte, chunk uint8) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		check(t, os.WriteFile(path, nil, 0o644))
		defer os.Remove(path)
		opt := tailer.Options{Start: tailer.Beginning, NoNotify: true}
		g := tailer.Follow(path, tailer.Position{}, opt)
		defer g.Close()
		var lines []tailer.Line
		for rest := data; len(rest) > 0; {
			k := min(len(rest), int(chunk)+1)
			appendTo(t, path, string(rest[:k]))
			rest = rest[k:]
			lines = append(lines, drain(t, g)...)
		}
		opt.Once = true
		last := tailer.Follow(path, g.Position(), opt)
		defer last.Close()
		lines = append(lines, drain(t, last)...)
		joined(t, data, lines)
		joined(t, data, readAll(t, tailer.Stream(bytes.NewReader(data))))
	})
}

func joined(t *testing.T, data []byte, lines []tailer.Line) {
	t.Helper()
	at := int64(0)
	for _, l := range lines {
		took := data[at:l.End.Offset]
		for _, end := range []string{"\n", "\r\n", ""} {
			if bytes.Equal(took, append(bytes.Clone(l.Text), end...)) {
				at = l.End.Offset
				break
			}
		}
		if at != l.End.Offset || bytes.IndexByte(l.Text, '\n') >= 0 {
			t.Fatalf("of %q the bytes %q became the line %q", data, took, l.Text)
		}
	}
	if at != int64(len(data)) {
		t.Fatalf("of %q only %d bytes came", data, at)
	}
}

// Any schedule of writing, rotating, truncating, reading and restarting gives
// every line once, in order.
func TestAnySchedule(t *testing.T) {
	seeds := 400
	if testing.Short() {
		seeds = 50
	}
	for seed := range seeds {
		schedule(t, uint64(seed))
		if t.Failed() {
			return
		}
	}
}

func schedule(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 7))
	dir, err := os.MkdirTemp(t.TempDir(), "")
	check(t, err)
	l := log{t, filepath.Join(dir, "jira.log")}
	opt := tailer.Options{Start: tailer.Beginning, NoNotify: true}
	f := tailer.Follow(l.path, tailer.Position{}, opt)
	var want, got, story []string
	open := "" // the last line, not yet ended
	number := 0
	text := func() string {
		number++
		return fmt.Sprintf("%d %d %s", seed, number, bytes.Repeat([]byte("z"), r.IntN(60)*r.IntN(20)))
	}
	end := func() {
		if open != "" {
			want, open = append(want, open), ""
		}
	}
	truncated := false // and no line delivered since: the position is of what is no more
	readAll := func() {
		lines := drain(t, f)
		got = append(got, texts(lines)...)
		truncated = truncated && len(lines) == 0
	}
	readAll() // the first look decides where it begins
	for range 60 {
		action := []string{"append", "append", "append", "part", "rotate", "copytruncate", "truncate", "read", "read", "restart"}[r.IntN(10)]
		story = append(story, action)
		switch action {
		case "append":
			s := text()
			l.append(s + "\n")
			want, open = append(want, open+s), ""
		case "part":
			s := text()
			l.append(s)
			open += s
		case "rotate": // an open line ends with its file
			if rotations := 8; countSiblings(dir) < rotations || caughtUp(got, want) {
				end()
				l.append("").rotate().append("")
			}
		case "copytruncate":
			if number > 0 {
				end()
				l.append("")
				readAll() // an empty or unread file leaves nothing by which its copy could be known
				rotateNames(l.path)
				copyFile(t, l.path, l.path+".1")
				l.truncate()
				truncated = true
			}
		case "truncate": // loses what is unread, so read it first
			readAll()
			l.append("")
			l.truncate()
			truncated = true
			open = ""
		case "read":
			readAll()
		case "restart":
			at := f.Position()
			if at.IsZero() || truncated {
				continue // no place is known: it would begin at the active file
			}
			f.Close()
			f = tailer.Follow(l.path, at, opt)
		}
	}
	end()
	l.append("\nlast\n")
	readAll()
	f.Close()
	got = compact(got)
	if want = append(want, "last"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Logf("seed %d: %q", seed, story)
		same(t, got, want)
	}
}

func compact(all []string) (some []string) {
	for _, s := range all {
		if s != "" {
			some = append(some, s)
		}
	}
	return some
}

func countSiblings(dir string) int {
	entries, _ := os.ReadDir(dir)
	return len(entries)
}

func caughtUp(got, want []string) bool { return len(compact(got)) == len(want) }

func rotateNames(path string) {
	tmp := path + ".aside"
	os.Rename(path, tmp)
	rotateLog4j(path, 10)
	os.Rename(tmp, path)
}
