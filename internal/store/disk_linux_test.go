package store_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/store"
)

// A directory that cannot be written, or a state.db that is none, is one
// sentence, and nothing is set aside.
func TestUnwritable(t *testing.T) {
	top := t.TempDir()
	os.WriteFile(filepath.Join(top, "file"), nil, 0o600)
	os.MkdirAll(filepath.Join(top, "d", "state.db"), 0o755)
	locked := filepath.Join(top, "locked")
	os.Mkdir(locked, 0o500)
	os.Chmod(top, 0o755)
	for p := filepath.Dir(top); p != os.TempDir() && p != "/"; p = filepath.Dir(p) {
		os.Chmod(p, 0o755)
	}
	want := map[string]string{
		filepath.Join(top, "file", "x"):   "state directory: mkdir " + filepath.Join(top, "file") + ": not a directory",
		filepath.Join(top, "locked", "x"): "state directory: mkdir " + filepath.Join(top, "locked", "x") + ": permission denied",
		locked:                            "state file " + filepath.Join(locked, "state.db") + ": permission denied",
		filepath.Join(top, "d"):           "state file " + filepath.Join(top, "d", "state.db") + ": is a directory",
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if os.Getuid() == 0 {
			// Root may write everywhere: this thread, which ends with its
			// goroutine, goes on as nobody.
			runtime.LockOSThread()
			if err := syscall.Setfsuid(65534); err != nil {
				t.Error(err)
			}
		}
		for dir, want := range want {
			_, err := store.Open(dir, slog.New(slog.DiscardHandler))
			if err == nil || err.Error() != want {
				t.Errorf("%s\n got %v\nwant %s", dir, err, want)
			}
		}
	})
	wg.Wait()
}

// A full disk is an error, and nothing of what was stored before is lost.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("no small file system to be had:", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	s, _ := opened(t, dir)
	var last string
	for i := 0; ; i++ {
		if i > 1000 {
			t.Fatal("the disk does not get full")
		}
		if err := s.Update(enqueue(fmt.Sprint(i))); err != nil {
			if !errors.Is(err, syscall.ENOSPC) && !strings.Contains(err.Error(), "no space left") {
				t.Errorf("got %v", err)
			}
			break
		}
		last = content(t, s)
	}
	if got := content(t, s); got != last {
		t.Errorf("got %s\nwant %s", got, last)
	}
	s.Close()
	s, said := opened(t, dir)
	if got := content(t, s); got != last || said != "" {
		t.Errorf("opened again: %s %s\nwant %s", said, got, last)
	}
}

// The state is writable until its file is replaced or its disk full.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("no small file system to be had:", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	s, _ := opened(t, dir)
	defer s.Close()
	path := filepath.Join(dir, "state.db")
	check := func(want string) {
		t.Helper()
		got := ""
		if err := s.Writable(); err != nil {
			got = err.Error()
		}
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check("")
	os.WriteFile(filepath.Join(dir, "full"), make([]byte, 1<<20+1<<19), 0o600)
	check("are free on its disk")
	os.Remove(filepath.Join(dir, "full"))
	check("")
	os.Rename(path, path+".old")
	check("no such file")
	os.WriteFile(path, nil, 0o600)
	check("it was replaced by another file")
}
