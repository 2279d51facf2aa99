//go:build unix

package scan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// A pipe that a shell has made is read; one that nobody writes to is not waited
// for.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if r := scanned(t, options(), path); !r.Complete || len(r.Files) != 1 || r.Files[0].Bytes != 0 {
		t.Errorf("a pipe without a writer: %+v", r.Files)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		w.WriteString(testkit.Gzip(hour(1)))
		w.Close()
	}()
	if r := scanned(t, options(), fmt.Sprintf("/dev/fd/%d", r.Fd())); !r.Complete || r.Failures != 1 {
		t.Errorf("a pipe: %+v", r)
	}
}
