package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

const hangup = syscall.SIGHUP

func rename(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func makeDir(t testing.TB, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// rss is the program's resident memory now, in MiB.
func (w *watcher) rss() float64 {
	w.t.Helper()
	for line := range strings.Lines(testkit.Read(w.t, fmt.Sprintf("/proc/%d/status", w.cmd.Process.Pid))) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				w.t.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	w.t.Fatal("no VmRSS")
	return 0
}

// peak is the most memory that the program has had, in MiB.
func (w *watcher) peak() int {
	w.t.Helper()
	return w.peakOf(testkit.Read(w.t, fmt.Sprintf("/proc/%d/status", w.cmd.Process.Pid)))
}

func (w *watcher) peakOf(text string) int {
	w.t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				w.t.Fatal(err)
			}
			return kib >> 10
		}
	}
	w.t.Fatal("no VmHWM")
	return 0
}

// Whatever stands in a log, the failure behind it is told, and memory stays
// flat.
func TestStrangeInput(t *testing.T) {
	random := make([]byte, 4<<20)
	seed := uint32(1)
	for i := range random {
		seed = seed*1664525 + 1013904223
		random[i] = byte(seed >> 24)
	}
	for name, text := range map[string]string{
		"empty":              "",
		"NUL bytes":          strings.Repeat("\x00", 100_000) + "\n",
		"invalid UTF-8":      "2026-01-02 10:00:00,000+0000 x ERROR \xff\xfe [c.a.o.c.\xc3] oauth2 \xed\xa0\x80\n",
		"a line of 50 MB":    strings.Repeat("x", 50<<20) + "\n",
		"a failure of 50 MB": strings.TrimSuffix(failure(8, 1, badSecret+strings.Repeat(" oauth2", 50<<20/7)), "\n") + "\n",
		"a binary":           string(random) + "\n",
		"no line end":        strings.Repeat(ordinary, 3) + "\n",
		"CRLF":               strings.ReplaceAll(strings.Repeat(ordinary, 3), "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			hub := receive(t)
			w, _, log := follow(t, dir, hub, "")
			appendAs(t, log, text)
			appendAs(t, log, failure(1, 1, badSecret))
			testkit.Until(t, func() error {
				for _, a := range hub.alerts(1) {
					if a.Data.Integration.ID == flowID(1) {
						return nil
					}
				}
				return fmt.Errorf("the failure behind it is not told")
			})
			if mib := w.peak(); mib > 60*memoryFactor[testkit.Race] {
				t.Errorf("memory rose to %d MiB", mib)
			}
			w.stop()
		})
	}
}

// A log that is not there is waited for, which is said once;
// what it holds when it comes is alerted to.
func TestLogIsWaitedFor(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, log string) (come func()){
		"missing file": func(*testing.T, string) func() { return func() {} },
		"missing directory": func(t *testing.T, log string) func() {
			rename(t, filepath.Dir(log), filepath.Dir(log)+".away")
			return func() { rename(t, filepath.Dir(log)+".away", filepath.Dir(log)) }
		},
		"dangling link": func(t *testing.T, log string) func() {
			if err := os.Symlink(log+".target", log); err != nil {
				t.Fatal(err)
			}
			return func() {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			hub := receive(t)
			makeDir(t, filepath.Join(dir, "log"))
			log := filepath.Join(dir, "log", "atlassian-jira.log")
			config := testkit.Write(t, filepath.Join(dir, "config.toml"),
				fmt.Sprintf("state_dir = %q\n[[log]]\npath = %q\n[[webhook]]\nurl = \"%s\"\n", filepath.Join(dir, "state"), log, hub.URL))
			come := prepare(t, log)
			w := start(t, dir, "run", "--config", config)
			w.says("log cannot be read, waiting")
			come()
			appendAs(t, log, now(1, 0))
			hub.alerts(1)
			w.stop()
			said := map[string]int{}
			for line := range strings.Lines(w.stderr.String()) {
				if _, what, ok := strings.Cut(line, "log cannot be read, waiting"); ok {
					said[what]++
				}
			}
			for what, n := range said {
				if n != 1 {
					t.Errorf("%q is said %d times, want once:\n%s", what, n, w.stderr)
				}
			}
		})
	}
}
