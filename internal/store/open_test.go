package store_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/store"
)

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
		return tx.Bucket([]byte("meta")).Put([]byte("summary"), store.SummaryRecord(6))
	}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, _ := os.ReadFile(path)
	_, err = store.Open(dir, slog.New(slog.DiscardHandler))
	want := "state file " + path + ": written by a newer version of this program (format 6, this version supports up to 5): install the newer version again, or move the file " +
		"away"
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
	want := "state file " + filepath.Join(dir, "state.db") + ": it is in use by another instance: stop that instance, or give this one its own state_dir"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if d, ok, err := s.Oldest("hub"); !ok || err != nil || d.Alert.Data.ID != "1" {
		t.Errorf("the first one lost its content: %+v %v", d, err)
	}
}
