//go:build unix

package main_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// A crash does not look like a wrong configuration, after which systemd would
// not restart the service.
func TestCrashIsRestarted(t *testing.T) {
	unit := testkit.Read(t, filepath.Join("..", "..", "packaging", "jira-oauth-watcher.service"))
	for line := range strings.Lines(unit) {
		if setting, ok := strings.CutPrefix(line, "Environment="); ok {
			name, value, _ := strings.Cut(strings.TrimSpace(setting), "=")
			t.Setenv(name, value)
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		t.Fatal(err)
	}
	w, _, _ := follow(t, t.TempDir(), receive(t), "")
	w.signal(syscall.SIGABRT) // as the watchdog does
	w.wait()
	if status := w.cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGABRT {
		t.Errorf("it ended with %v, want SIGABRT", w.cmd.ProcessState)
	}
	w.says("goroutine 1 ")
}
