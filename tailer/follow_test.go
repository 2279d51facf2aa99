package tailer_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

func TestAppendedLineIsSeenAtOnce(t *testing.T) {
	for name, opt := range map[string]tailer.Options{
		"by event":   {Poll: time.Hour},
		"by polling": {Poll: time.Millisecond, NoNotify: true},
	} {
		t.Run(name, func(t *testing.T) {
			if !opt.NoNotify {
				onlyOnLinux(t, "it waits for an event")
			}
			l := newLog(t).append("old\n")
			f := l.follow(tailer.Position{}, opt)
			quiet(t, f)
			go func() {
				for _, part := range []string{"a\n", "b\n", "c", "d\n"} {
					time.Sleep(3 * time.Millisecond)
					testkit.Append(t, l.path, part)
				}
			}()
			same(t, read(t, f, 3), []string{"a", "b", "cd"})
		})
	}
}

func TestEventsSurviveRotationAndCreation(t *testing.T) {
	onlyOnLinux(t, "it waits for events")
	l := newLog(t)
	f := l.follow(tailer.Position{}, tailer.Options{Poll: time.Hour})
	quiet(t, f)
	go func() {
		for _, s := range []string{"a\n", "b\n", "c\n"} {
			time.Sleep(3 * time.Millisecond)
			testkit.Append(t, l.path, s)
			time.Sleep(3 * time.Millisecond)
			rotateLog4j(l.path, 10)
		}
	}()
	same(t, read(t, f, 3), []string{"a", "b", "c"})
}

func TestBlockWaitsNoLongerThanAsked(t *testing.T) {
	f := newLog(t).append("x\n").follow(tailer.Position{}, tailer.Options{})
	began := time.Now()
	if lines, err := next(t.Context(), f, 30*time.Millisecond); len(lines) > 0 || err != nil {
		t.Fatalf("got %d lines, %v", len(lines), err)
	}
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("silence was declared after %v", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	if _, err := f.Block(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWhereReadingBegins(t *testing.T) {
	for _, tt := range []struct {
		name, before string
		start        tailer.Start
		want         []string
	}{
		{"end", "a\nb\n", tailer.End, []string{"new"}},
		{"end with an open line", "a\nb", tailer.End, []string{"bnew"}},
		{"end with only an open line", "a", tailer.End, []string{"anew"}},
		{"end of an empty file", "", tailer.End, []string{"new"}},
		{"beginning", "a\nb\n", tailer.Beginning, []string{"a", "b", "new"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t).append(tt.before)
			f := l.follow(tailer.Position{}, tailer.Options{Start: tt.start})
			got := texts(drain(t, f))
			place := f.Position()
			l.append("new\n")
			got = append(got, texts(drain(t, f))...)
			same(t, got, tt.want)
			// What the first look decided outlives a restart without a line.
			same(t, read(t, l.follow(place, tailer.Options{}), 1), tt.want[len(tt.want)-1:])
		})
	}
}

func TestLineEnds(t *testing.T) {
	l := newLog(t).append("a\r\n\n\r\nb\x00\xff\r\r\nc\rd\nopen\r")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true})
	same(t, texts(drain(t, f)), []string{"a", "", "", "b\x00\xff\r", "c\rd", "open\r"})
}

func TestOnce(t *testing.T) {
	l := newLog(t).append("a\n").rotate().append("b\nopen")
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true})
	same(t, texts(drain(t, f)), []string{"b", "open"})
	for range 2 {
		if _, err := f.Block(t.Context(), time.Hour); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want EOF", err)
		}
	}
	for name, tt := range map[string]struct {
		path, want string
		is         error
	}{
		"missing":   {filepath.Join(t.TempDir(), "x"), "no such file", fs.ErrNotExist},
		"directory": {t.TempDir(), "is a directory", nil},
		"device":    {"/dev/null", "not a regular file", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := tailer.Follow(tt.path, tailer.Position{}, tailer.Options{Once: true})
			_, err := f.Block(t.Context(), time.Hour)
			if err == nil || err.Error() != tt.want || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestUnreadableIsWaitedFor(t *testing.T) {
	for _, tt := range []struct {
		name           string
		block, unblock func(path string) error
		want           string
	}{
		{"missing file", func(string) error { return nil }, func(string) error { return nil }, "no such file"},
		{"missing directory",
			func(p string) error { return os.Remove(filepath.Dir(p)) },
			func(p string) error { return os.Mkdir(filepath.Dir(p), 0o755) }, "no such file"},
		{"directory", func(p string) error { return os.Mkdir(p, 0o755) }, os.Remove, "is a directory"},
		{"dangling link", func(p string) error { return os.Symlink(p+".gone", p) }, func(string) error { return nil }, "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t)
			check(t, tt.block(l.path))
			log, said := diary()
			f := l.follow(tailer.Position{}, tailer.Options{Log: log})
			for range 5 {
				quiet(t, f)
			}
			if err := f.Stats().Waiting; err == nil || err.Error() != tt.want {
				t.Errorf("waiting for %v, want %s", err, tt.want)
			}
			check(t, tt.unblock(l.path))
			l.append("a\n")
			same(t, read(t, f, 1), []string{"a"})
			if err := f.Stats().Waiting; err != nil {
				t.Errorf("still waiting: %v", err)
			}
			if a, b := said(l.path+" err=\""+tt.want), said("readable again"); a != 1 || b != 1 {
				t.Errorf("said %d and %d times", a, b)
			}
		})
	}
}

func TestDirectoryReplacedUnderTheWatch(t *testing.T) {
	l := newLog(t).append("a\n")
	dir := filepath.Dir(l.path)
	f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	other := log{t, filepath.Join(dir, "other.log")}
	g := other.append("x\n").follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	same(t, read(t, f, 1), []string{"a"})
	same(t, read(t, g, 1), []string{"x"})
	for range 5 {
		check(t, os.RemoveAll(dir))
		quiet(t, f)
		check(t, os.Mkdir(dir, 0o755))
		l.append("b\n")
		other.append("y\n")
		same(t, read(t, f, 1), []string{"b"})
		same(t, read(t, g, 1), []string{"y"})
	}
}

func TestSymbolicLinkToTheLog(t *testing.T) {
	onlyOnLinux(t, "it waits for events")
	target := newLog(t).append("a\n")
	link := newLog(t)
	check(t, os.Symlink(target.path, link.path))
	f := link.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, Poll: time.Hour})
	same(t, read(t, f, 1), []string{"a"})
	target.append("b\n").rotate().append("c\n").rotate().append("d\n")
	same(t, read(t, f, 3), []string{"b", "c", "d"})
}

func TestTwoFollowersOfOneLog(t *testing.T) {
	l := newLog(t).append("old\n")
	a := l.follow(tailer.Position{}, tailer.Options{})
	b := l.follow(tailer.Position{}, tailer.Options{})
	quiet(t, a)
	quiet(t, b)
	l.append("x\n")
	same(t, read(t, a, 1), []string{"x"})
	same(t, read(t, b, 1), []string{"x"})
	a.Close()
	l.append("y\n")
	same(t, read(t, b, 1), []string{"y"})
}

func TestLongLines(t *testing.T) {
	long := func(n int) string { return strings.Repeat("y", n) }
	for _, tt := range []struct {
		name   string
		length int
		end    string
		cut    bool
	}{
		{"as long as allowed", tailer.MaxLine, "\n", false},
		{"as long as allowed, CRLF", tailer.MaxLine, "\r\n", false},
		{"one byte more", tailer.MaxLine + 1, "\n", true},
		{"a few more", tailer.MaxLine + 3, "\n", true},
		{"50 MB", 50 << 20, "\n", true},
		{"without end", 3 << 20, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t).append("a\n" + long(tt.length) + tt.end)
			if tt.end != "" {
				l.append("b\n")
			}
			f := l.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true})
			lines := drain(t, f)
			want := []string{"a", long(min(tt.length, tailer.MaxLine))}
			if tt.end != "" {
				want = append(want, "b")
			}
			same(t, texts(lines), want)
			if lines[1].Cut != tt.cut || lines[1].End.Offset != int64(2+tt.length+len(tt.end)) {
				t.Errorf("cut %v, end %d", lines[1].Cut, lines[1].End.Offset)
			}
			size, err := os.Stat(l.path)
			check(t, err)
			if end := f.Position().Offset; end != size.Size() {
				t.Errorf("the position is %d of %d", end, size.Size())
			}
		})
	}
}

func TestAppearedAndRotatedBetweenTwoLooks(t *testing.T) {
	l := newLog(t).append("too old\n").rotate()
	f := l.follow(tailer.Position{}, tailer.Options{})
	quiet(t, f)
	l.append("a\n").rotate().append("b\n").rotate().append("c\n")
	same(t, read(t, f, 3), []string{"a", "b", "c"})
}
