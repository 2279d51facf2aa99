package store_test

import (
	"bytes"
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

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/store"
)

// A file of another version is refused, with a sentence, and left as it is.
func TestOtherVersion(t *testing.T) {
	for version, want := range map[int]string{
		6: "written by a newer version of this program (format 6, this version supports up to 5): install the newer version again, or move the file away",
		4: "written by a version of this program before its first release (format 4, this version supports 5): move the file away; " +
			"logs are then read according to their start setting",
	} {
		t.Run(fmt.Sprint(version), func(t *testing.T) { refused(t, version, want) })
	}
}

func refused(t *testing.T, version int, want string) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	update(t, s, enqueue("1"))
	s.Close()
	path := filepath.Join(dir, "state.db")
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bolt.Tx) error {
		tx.CreateBucket([]byte("something new"))
		tx.Bucket([]byte("incidents")).Put([]byte("k"), []byte("in another form"))
		return tx.Bucket([]byte("meta")).Put([]byte("summary"), store.SummaryRecord(version))
	}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, _ := os.ReadFile(path)
	_, err = store.Open(dir, slog.New(slog.DiscardHandler))
	if want = "state file " + path + ": " + want; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

// A second program on the same file is told so, in one sentence.
func TestInUse(t *testing.T) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	update(t, s, enqueue("1"))
	_, err := store.Open(dir, slog.New(slog.DiscardHandler))
	want := "state file " + filepath.Join(dir, "state.db") + ": it is in use by another instance: stop that instance, or give this one its own state_dir"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if d, ok, err := s.Oldest("hub"); !ok || err != nil || d.Alert.Data.ID != "1" {
		t.Errorf("the first one lost its content: %+v %v", d, err)
	}
}

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
