package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// leastFree is how much room the file's file system must have for the state to
// count as writable.
const leastFree = 1 << 20

const canWrite = 2 // W_OK of access(2)

// Writable says why the state cannot be written, as far as that shows without
// writing; nil when it can. A write that fails ends the program anyway.
func (s *Store) Writable() error {
	path := s.db.Path()
	now, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("state file %s: %w", path, text.WithoutPath(err))
	case !os.SameFile(now, s.file):
		return fmt.Errorf("state file %s: another file is in its place: restart the service", path)
	}
	if err := syscall.Access(path, canWrite); err != nil {
		return fmt.Errorf("state file %s cannot be written: %w", path, err)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return fmt.Errorf("state file %s: %w", path, err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < leastFree {
		return fmt.Errorf("state file %s: only %d bytes are free on its disk", path, free)
	}
	return nil
}

// Queue is what waits for a notifier, oldest first and at most n deliveries of
// it, and how many there are.
func (tx *Tx) Queue(notifier string, n int) (oldest []notify.Delivery, all int, err error) {
	b := tx.tx.Bucket(outbox).Bucket([]byte(notifier))
	if b == nil {
		return nil, 0, nil
	}
	oldest, err = deliveries(b.Cursor(), (*bolt.Cursor).First, (*bolt.Cursor).Next, n)
	return oldest, b.Stats().KeyN, err
}

// Aside is what was set aside of a notifier's deliveries, youngest first and at
// most n of them.
func (tx *Tx) Aside(notifier string, n int) ([]notify.Delivery, error) {
	b := tx.tx.Bucket(aside).Bucket([]byte(notifier))
	if b == nil {
		return nil, nil
	}
	return deliveries(b.Cursor(), (*bolt.Cursor).Last, (*bolt.Cursor).Prev, n)
}

func deliveries(c *bolt.Cursor, begin, next func(*bolt.Cursor) (k, v []byte), n int) ([]notify.Delivery, error) {
	var all []notify.Delivery
	var failed error
	for k, v := begin(c); k != nil && len(all) < n; k, v = next(c) {
		d := notify.Delivery{Seq: binary.BigEndian.Uint64(k)}
		failed = errors.Join(failed, json.Unmarshal(v, &d))
		all = append(all, d)
	}
	return all, failed
}
