package tailer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

// The test binary is also the process that writes and rotates, and a reader of
// another user.
func TestMain(m *testing.M) {
	if args := os.Getenv("TAILER_TEST_WRITER"); args != "" {
		var path string
		var lines, every, pause, keep int
		fmt.Sscan(args, &lines, &every, &pause, &keep, &path)
		if err := writeLog4j(path, lines, every, keep, time.Duration(pause)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if path := os.Getenv("TAILER_TEST_READER"); path != "" {
		readerProcess(path)
	}
	os.Exit(m.Run())
}

// writer starts a process that writes numbered lines and rotates every so many.
func writer(t *testing.T, path string, lines, every, keep int, pause time.Duration) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprint("TAILER_TEST_WRITER=", lines, " ", every, " ", int(pause), " ", keep, " ", path))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

// writeLog4j writes as log4j does, one write a line, and rotates as it does.
func writeLog4j(path string, lines, every, keep int, pause time.Duration) error {
	var f *os.File
	for i := range lines {
		if i > 0 && i%every == 0 {
			f.Close()
			rotateLog4j(path, keep)
			f = nil
		}
		if f == nil {
			var err error
			if f, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(f, "%s\n", numbered(i)); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return f.Close()
}

func rotateLog4j(path string, keep int) {
	os.Remove(path + "." + strconv.Itoa(keep))
	for n := keep - 1; n > 0; n-- {
		os.Rename(path+"."+strconv.Itoa(n), path+"."+strconv.Itoa(n+1))
	}
	os.Rename(path, path+".1")
}

func numbered(i int) string {
	return fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%50))
}

func numberedLines(n int) []string {
	var all []string
	for i := range n {
		all = append(all, numbered(i))
	}
	return all
}

// log is a log file in a directory of its own, written to by hand.
type log struct {
	t    *testing.T
	path string
}

func newLog(t *testing.T) log {
	return log{t, filepath.Join(t.TempDir(), "jira.log")}
}

func (l log) append(text string) log {
	l.t.Helper()
	testkit.Append(l.t, l.path, text)
	return l
}

func (l log) rotate() log {
	rotateLog4j(l.path, 10)
	return l
}

func (l log) truncate() {
	l.t.Helper()
	check(l.t, os.Truncate(l.path, 0))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// follow follows l until the test ends.
func (l log) follow(from tailer.Position, opt tailer.Options) *tailer.Follower {
	if opt.Poll == 0 {
		opt.Poll = 5 * time.Millisecond
	}
	f := tailer.Follow(l.path, from, opt)
	l.t.Cleanup(func() { f.Close() })
	return f
}

type blocker interface {
	Block(context.Context, time.Duration) (tailer.Block, error)
}

// line is one line of a block.
type line struct {
	Text []byte          // without its line end
	End  tailer.Position // after it
	Cut  bool
}

// next returns the lines of the next block.
func next(ctx context.Context, r blocker, wait time.Duration) (lines []line, err error) {
	b, err := r.Block(ctx, wait)
	at := 0
	for text := range bytes.Lines(b.Text) {
		at += len(text)
		text = bytes.TrimSuffix(bytes.TrimSuffix(bytes.Clone(text), []byte("\r\n")), []byte("\n"))
		lines = append(lines, line{text, b.Position(at), b.Cut})
	}
	return lines, err
}

// read returns the texts of the next n lines.
func read(t testing.TB, r blocker, n int) []string {
	t.Helper()
	texts, _ := readLines(t, r, n)
	return texts
}

// readLines returns the next n lines and where the last one ended.
func readLines(t testing.TB, r blocker, n int) (texts []string, end tailer.Position) {
	t.Helper()
	ctx, cancel := testkit.WithPatience(t)
	defer cancel()
	for len(texts) < n {
		lines, err := next(ctx, r, testkit.Long)
		if err != nil {
			t.Fatalf("after %d of %d lines: %v", len(texts), n, err)
		}
		for _, l := range lines {
			texts, end = append(texts, string(l.Text)), l.End
		}
	}
	return texts, end
}

// drain returns what there is now, without waiting.
func drain(t testing.TB, r blocker) (all []line) {
	t.Helper()
	for {
		lines, err := next(t.Context(), r, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if len(lines) == 0 {
			return all
		}
		all = append(all, lines...)
	}
}

func texts(lines []line) (all []string) {
	for _, l := range lines {
		all = append(all, string(l.Text))
	}
	return all
}

func same(t testing.TB, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Fatalf("got %d lines, want %d; first missing: %.60q", len(got), len(want), want[i])
		case i >= len(want):
			t.Fatalf("got %d lines, want %d; first too many: %.60q", len(got), len(want), got[i])
		case got[i] != want[i]:
			t.Fatalf("line %d:\n got %.60q\nwant %.60q", i, got[i], want[i])
		}
	}
}

// quiet fails if there are lines where there should be none.
func quiet(t testing.TB, r blocker) {
	t.Helper()
	if lines := drain(t, r); len(lines) > 0 {
		t.Fatalf("got %q, want no lines", texts(lines))
	}
}

// onlyOnLinux skips a test that needs what other systems do not have, or we do not use there.
func onlyOnLinux(t *testing.T, why string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux: " + why)
	}
}

// onlyOnUnix skips a test of what Windows does not allow, or only to administrators.
func onlyOnUnix(t *testing.T, why string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("not on Windows: " + why)
	}
}

// diary is a logger whose messages can be counted.
func diary() (*slog.Logger, func(message string) int) {
	var b testkit.Buffer
	return slog.New(slog.NewTextHandler(&b, nil)), func(message string) (n int) {
		for line := range strings.Lines(b.String()) {
			if strings.Contains(line, message) {
				n++
			}
		}
		return n
	}
}
