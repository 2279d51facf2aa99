package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
)

// On a full disk the old report stays, and nothing else is left.
func TestScanFullDisk(t *testing.T) {
	dir := t.TempDir()
	log := testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), failures(200))
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no small disk: %v", err)
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	report := testkit.Write(t, filepath.Join(disk, "report.json"), "the old one")
	out, err := exec.Command(binary, "scan", "--format", "json", "-o", report, log).CombinedOutput()
	exit, _ := errors.AsType[*exec.ExitError](err)
	if exit == nil || exit.ExitCode() != 1 || string(out) != "watcher: the report was not written: no space left on device\n" {
		t.Errorf("%v\n%s", err, out)
	}
	entries, err := os.ReadDir(disk)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || testkit.Read(t, report) != "the old one" {
		t.Errorf("%d files on the disk, the report is %.20q", len(entries), testkit.Read(t, report))
	}
}

// Alerts do not wait for a file that cannot be written, and its failures do: they are written, in order and
// each in its line, when it can be written. A removed [ship] has no queue that grows.
func TestShipFullDisk(t *testing.T) {
	t.Parallel()
	dir, hub := t.TempDir(), receive(t)
	disk := filepath.Join(dir, "disk")
	makeDir(t, disk)
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no small disk: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	file, filler := filepath.Join(disk, "failures.ndjson"), filepath.Join(disk, "filler")
	testkit.Write(t, file, `{"a partial line`)
	testkit.Write(t, filler, strings.Repeat("x", 60<<10-2000)) // all but less than a line
	w, config, log := follow(t, dir, hub, ship(file))
	for i := 1; i <= 3; i++ {
		appendAs(t, log, failure(i, i, badSecret))
	}
	hub.alerts(3)
	w.says("no space left on device")
	testkit.Eventually(t, "nothing is left of a try", func() bool { return testkit.Read(t, file) == `{"a partial line` })
	testkit.Write(t, filler, "")
	var lines []string
	testkit.Until(t, func() error {
		if lines = strings.SplitAfter(testkit.Read(t, file), "\n"); len(lines) != 5 {
			return fmt.Errorf("%d lines", len(lines)-1)
		}
		return nil
	})
	for i, line := range lines[1:4] {
		var s shipped
		if err := json.Unmarshal([]byte(line), &s); err != nil || s.Body.Integration.ID != flowID(i+1) {
			t.Errorf("%v: line %d is %s", err, i+2, line)
		}
	}
	os.Remove(file)
	makeDir(t, file) // no failure is written from now on
	appendAs(t, log, failure(4, 4, badSecret))
	hub.alerts(4)
	w.says("not a regular file")
	testkit.Write(t, config, strings.Replace(testkit.Read(t, config), ship(file), "", 1))
	w.signal(syscall.SIGHUP)
	w.says("configuration reloaded")
	appendAs(t, log, failure(5, 5, badSecret))
	hub.alerts(6) // one is about what waits for [ship]
	w.stop()
	s, err := store.Open(filepath.Join(dir, "state"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if waiting, _, err := s.Waiting(); err != nil || waiting["[ship]"] != 1 {
		t.Errorf("%v wait (%v), want one failure", waiting, err)
	}
}
