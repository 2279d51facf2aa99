package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/tailer"
)

// filled is a state file with something of all kinds in it, free pages, and
// trees of more than one page; what it holds, and what it held one change
// before.
func filled(t *testing.T) (file []byte, now, before string) {
	t.Helper()
	dir := t.TempDir()
	s, _ := opened(t, dir)
	for i := range 12 {
		update(t, s, func(tx *store.Tx) error {
			return errors.Join(tx.SetPosition("jira", tailer.Position{Offset: int64(i)}), tx.SetIncident(state(fmt.Sprintf("key %02d", i))), enqueue(fmt.Sprint(i))(tx))
		})
	}
	d, _, _ := s.Oldest("hub")
	if err := s.SetAside("hub", d); err != nil {
		t.Fatal(err)
	}
	before = content(t, s)
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.SetPosition("other", tailer.Position{Offset: 7}), tx.Enqueue("slack", alert("s")))
	})
	now = content(t, s)
	s.Close()
	file, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	return file, now, before
}

// settled opens a damaged file and tells whether it was believed. Anything
// else than what was stored, or nothing with the old bytes kept, is an error.
func settled(t *testing.T, name string, file []byte, now, before string) (believed bool) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "state.db")
	os.WriteFile(path, file, 0o600)
	var said bytes.Buffer
	s, err := store.Open(dir, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return false
	}
	defer s.Close()
	got := content(t, s)
	kept, _ := filepath.Glob(path + ".damaged-*")
	warned := strings.Count(said.String(), "level=WARN")
	switch {
	case len(kept) == 0 && got == now && warned <= 1:
		return true
	case len(kept) == 0 && got == before && warned == 1 && strings.Contains(said.String(), "heads"):
		return true
	case len(kept) == 1 && warned == 1:
		if old, _ := os.ReadFile(kept[0]); !bytes.Equal(old, file) {
			t.Errorf("%s: the old bytes are gone", name)
		}
		if fresh := nothing(t); got != fresh {
			t.Errorf("%s: the new file holds\n got %s\nwant %s", name, got, fresh)
		}
	default:
		t.Errorf("%s: kept %v, said %s, holds\n got %.300s\nwant %.300s", name, kept, &said, got, now)
	}
	return false
}

// nothing is the content of a new file.
func nothing(t *testing.T) string {
	empty.Do(func() {
		s, _ := opened(t, t.TempDir())
		emptyContent = content(t, s)
	})
	return emptyContent
}

var (
	empty        sync.Once
	emptyContent string
)

// However a state file is damaged, it is either read as it was stored (after
// damage to one of its two heads, as it was one change before, with a
// warning), or set aside with a warning.
func TestDamage(t *testing.T) {
	file, now, before := filled(t)
	if !settled(t, "undamaged", file, now, "") {
		t.Fatal("the undamaged file is not believed")
	}
	seen := map[bool]int{}
	for at := 0; at < len(file); at += 211 {
		b := slices.Clone(file)
		b[at] ^= 1 << (at % 8)
		seen[settled(t, fmt.Sprintf("bit of byte %d", at), b, now, before)]++
	}
	page := os.Getpagesize()
	for start := 0; start < len(file); start += page { // the beginning of pages, where their structure is
		for at := start; at < min(start+80, len(file)); at += 3 {
			b := slices.Clone(file)
			b[at] ^= 1 << (at % 8)
			seen[settled(t, fmt.Sprintf("bit of byte %d", at), b, now, before)]++
		}
		b := slices.Clone(file)
		clear(b[start:min(start+page, len(b))])
		seen[settled(t, fmt.Sprintf("page at %d empty", start), b, now, before)]++
		b = slices.Clone(file)
		copy(b[start:], bytes.Repeat([]byte{0xFF}, 64))
		seen[settled(t, fmt.Sprintf("page at %d all ones", start), b, now, before)]++
		for _, n := range []int{start, start + 1, start + page/2} {
			seen[settled(t, fmt.Sprintf("cut at %d", n), file[:min(n, len(file)-1)], now, before)]++
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("believed and not: %v", seen)
	}
}

// A file that never was a state file is set aside.
func TestNoStateFile(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "a byte": "x", "text": "hello\n", "long text": strings.Repeat("hello\n", 10_000), "zeros": strings.Repeat("\x00", 1<<16)} {
		if settled(t, name, []byte(text), "", "") {
			t.Errorf("%s: it was believed", name)
		}
	}
}

// A part whose name is damaged is noticed, also when there is nothing in it.
func TestDamagedNames(t *testing.T) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	s.Close()
	file, _ := os.ReadFile(filepath.Join(dir, "state.db"))
	for _, name := range []string{"aside", "incidents", "meta", "outbox", "positions"} {
		b := bytes.ReplaceAll(file, []byte(name), []byte(name[:len(name)-1]+"!"))
		if settled(t, name, b, "", "") {
			t.Errorf("%s: it was believed", name)
		}
	}
}

// Two damaged files are both kept.
func TestDamagedTwice(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		os.WriteFile(filepath.Join(dir, "state.db"), []byte(fmt.Sprint("bad", i)), 0o600)
		s, _ := opened(t, dir)
		s.Close()
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "state.db.damaged-*")); len(kept) != 3 {
		t.Errorf("kept %v", kept)
	}
}

// FuzzDamage: whatever is written over a state file, opening it follows the
// same rule.
func FuzzDamage(f *testing.F) {
	f.Add(4096+16+48, []byte{1}, 0)
	f.Add(0, []byte("text"), 10)
	f.Fuzz(func(t *testing.T, at int, over []byte, cut int) {
		file, now, before := filled(t)
		b := slices.Clone(file)
		copy(b[uint(at)%uint(len(b)):], over)
		settled(t, "fuzz", b[:len(b)-int(uint(cut)%uint(len(b)))], now, before)
	})
}

// A file of a newer version is refused, with a sentence, and left as it is.
func TestNewerVersion(t *testing.T) {
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
		return tx.Bucket([]byte("meta")).Put([]byte("summary"), store.SummaryRecord(2))
	}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, _ := os.ReadFile(path)
	_, err = store.Open(dir, slog.New(slog.DiscardHandler))
	want := "state file " + path + ": written by a newer version of this program (form 2, this one knows 1): install that version again, or move the file away"
	if err == nil || err.Error() != want {
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
	want := "state file " + filepath.Join(dir, "state.db") + ": it is in use by another watcher: stop that one, or give this one its own state_dir"
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
