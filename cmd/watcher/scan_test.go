package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// Ctrl-C gives the report of what was read until then, and says so.
func TestScanInterrupted(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(binary, "scan", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out, errw testkit.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errw
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The pipe takes more only when it has been read.
	if _, err := io.WriteString(in, failure(1, 1, badSecret)+strings.Repeat(ordinary, 10_000)); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 1 {
		t.Errorf("exit status %d, want 1\n%s", status, &errw)
	}
	for _, want := range []string{"1 failure of 1 integration", flowID(1), "standard input: the scan was stopped: everything after byte"} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("the report has no %q:\n%s", want, &out)
		}
	}
	if want := "watcher: stopped: the report contains only what was read until then\n"; errw.String() != want {
		t.Errorf("standard error %q, want %q", &errw, want)
	}
}

// A second Ctrl-C ends at once, also where nobody takes the report.
func TestScanInterruptedTwice(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(binary, "scan", "--format", "json", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i := range 300 { // a report that no pipe has room for
		if _, err := io.WriteString(in, failure(i, i%60, badSecret)+ordinary); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Process.Signal(os.Interrupt)
	if _, err := out.Read(make([]byte, 1)); err != nil { // it writes
		t.Fatal(err)
	}
	cmd.Process.Signal(os.Interrupt)
	ended := make(chan error, 1)
	go func() {
		_, err := cmd.Process.Wait()
		ended <- err
	}()
	t.Cleanup(func() { cmd.Process.Kill() })
	testkit.Until(t, func() error {
		select {
		case <-ended:
			return nil
		default:
			return errors.New("it did not end")
		}
	})
}

// A log that is written to all the time is read as it was, and what came later
// is said.
func TestScanGrows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "atlassian-jira.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(failure(1, 1, badSecret) + strings.Repeat(ordinary, 500_000)); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				f.WriteString(ordinary)
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	testkit.Until(t, func() error { // the writer may not get a turn while it is read
		out, err := exec.Command(binary, "scan", path).CombinedOutput()
		exit, _ := errors.AsType[*exec.ExitError](err)
		said := strings.Join(strings.Fields(string(out)), " ")
		if exit == nil || exit.ExitCode() != 1 || !strings.Contains(said, "1 failure of 1 integration") ||
			!strings.Contains(said, "it grew while it was read: everything after byte") {
			return fmt.Errorf("%v\n%s", err, out)
		}
		return nil
	})
}

func failures(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(failure(i, i%60, badSecret))
	}
	return b.String()
}

// A storm of a hundred thousand integrations takes no more than 64 MB, from a
// file and from a pipe, and every failure is counted.
func TestScanMemory(t *testing.T) {
	integrations, rounds := testkit.Fewer(20_000, 100_000), 3
	path := filepath.Join(t.TempDir(), "atlassian-jira.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for i := range rounds * integrations {
		w.WriteString(failure(i%integrations, i*60/(rounds*integrations), []string{badSecret, badTLS}[i%2]))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{path, "-"} {
		cmd := exec.Command(binary, "scan", "--format", "json", arg)
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		cmd.Stdin = f
		out, peak := watched(t, cmd)
		for _, want := range []string{fmt.Sprintf(`"failures": %d,`, rounds*integrations), fmt.Sprintf(`"incidents": %d,`, integrations-2000)} {
			if !bytes.Contains(out[:min(len(out), 2000)], []byte(want)) {
				t.Errorf("%s: the report has no %s:\n%.2000s", arg, want, out)
			}
		}
		t.Logf("%s: at most %d MiB resident, %d bytes of report", arg, peak, len(out))
		if limit := 64 * memoryFactor[testkit.Race]; peak >= limit {
			t.Errorf("%s: %d MiB resident, want less than %d", arg, peak, limit)
		}
	}
}

// The report has no colour where it is no terminal, and no progress is shown.
func TestScanPlain(t *testing.T) {
	t.Parallel()
	path := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), failures(3))
	cmd := exec.Command(binary, "scan", path)
	var errw bytes.Buffer
	cmd.Stderr = &errw
	out, err := cmd.Output()
	if err != nil || bytes.Contains(out, []byte("\x1b")) || errw.Len() > 0 {
		t.Errorf("%v: %q", err, fmt.Sprint(&errw, string(out)))
	}
}

// watched runs a program and returns what it wrote and the most memory it had,
// in MiB. What wait4 tells counts the memory of the process that started it.
func watched(t *testing.T, cmd *exec.Cmd) (out []byte, peak int) {
	t.Helper()
	var text bytes.Buffer
	cmd.Stdout = &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	w := &watcher{t: t, cmd: cmd}
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			return text.Bytes(), peak
		case <-time.After(5 * time.Millisecond):
			if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)); err == nil && bytes.Contains(status, []byte("VmHWM")) {
				peak = max(peak, w.peakOf(string(status)))
			}
		}
	}
}
