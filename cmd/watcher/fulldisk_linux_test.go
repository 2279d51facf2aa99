package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

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
