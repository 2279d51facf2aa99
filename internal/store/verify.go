package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/store/boltcheck"
)

// lockWait is how long to wait for another process to release the file: at a
// restart, two overlap for a moment.
const lockWait = 3 * time.Second

var errInUse = errors.New("it is in use by another watcher: stop that one, or give this one its own state_dir")

// openVerified opens the file after it has read and checked all of it: bbolt maps it
// into memory and trusts it, so that a damaged one crashes the process or shows other
// content than was stored. The file is small, so every start can afford it, and what
// comes later may trust the file. oneMeta says that one of the file's two meta pages is
// damaged.
func openVerified(path string) (db *bolt.DB, oneMeta bool, err error) {
	open := func(name string, flag int, mode os.FileMode) (*os.File, error) {
		file, err := os.OpenFile(name, flag|os.O_CREATE|os.O_EXCL, mode)
		isNew := err == nil
		if errors.Is(err, os.ErrExist) {
			file, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
		}
		if err != nil {
			return nil, err
		}
		err = lock(file)
		if err == nil && !isNew {
			oneMeta, err = verify(file)
		}
		if err != nil {
			file.Close()
			return nil, err
		}
		return file, nil
	}
	db, err = bolt.Open(path, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, OpenFile: open})
	return db, oneMeta, err
}

// lock takes the lock that bbolt takes too, before the file is read.
func lock(file *os.File) error {
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("lock: %w", err)
		case time.Since(start) > lockWait:
			return errInUse
		}
	}
}

// verify checks every page and record of a file. An error that is no
// boltcheck.Damage means that it could not, or that the file is of a newer
// version.
func verify(file *os.File) (oneMeta bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	var found summary
	var record []byte // the one that says what there should be
	buckets, oneMeta, err := boltcheck.Check(file, info.Size(), func(bucket string, key, value []byte) {
		if bucket == "/"+meta && string(key) == summaryKey {
			record = bytes.Clone(value)
			return
		}
		found.Records++
		found.Sum += digest(bucket, key, value)
	})
	if err != nil {
		return false, err
	}
	if record == nil {
		if len(buckets) > 0 || found.Records > 0 {
			return false, boltcheck.Damage("it says nothing about its content")
		}
		return oneMeta, nil // interrupted right after it was created
	}
	want, err := readSummary(record)
	if err != nil {
		return false, err
	}
	if want.Schema > schema {
		return false, fmt.Errorf("written by a newer version of this program (form %d, this one knows %d): "+
			"install that version again, or move the file away", want.Schema, schema)
	}
	if all := slices.Sorted(slices.Values(forms[want.Schema])); !slices.Equal(buckets, all) {
		return false, boltcheck.Damage(fmt.Sprintf("it has the parts %q, not %q", buckets, all))
	}
	if found.Records != want.Records || found.Sum != want.Sum {
		return false, boltcheck.Damage(fmt.Sprintf("it has %d records of %d, or others than were stored",
			found.Records, want.Records))
	}
	return oneMeta, nil
}

// summary is what the file says about itself. Every version can read the
// schema of every other one.
type summary struct {
	Schema  int    `json:"schema"`
	Records int    `json:"records"` // how many there are, without this one
	Sum     uint64 `json:"sum"`     // of the digests of them all
	Seq     uint64 `json:"seq"`     // of the youngest delivery
	Open    int    `json:"open"`    // incidents
}

const summaryKey = "summary"

// readSummary reads a summary from its record, which carries its own digest.
func readSummary(record []byte) (s summary, err error) {
	var sealed struct {
		Summary json.RawMessage `json:"summary"`
		Digest  uint64          `json:"digest"`
	}
	err = json.Unmarshal(record, &sealed)
	if err != nil || sealed.Digest != digest("", []byte(summaryKey), sealed.Summary) {
		return s, boltcheck.Damage("what it says about its content is damaged")
	}
	return s, json.Unmarshal(sealed.Summary, &s)
}

func (s summary) record() ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	sum := digest("", []byte(summaryKey), text)
	return json.Marshal(map[string]any{"summary": json.RawMessage(text), "digest": sum})
}

// digest is that of one record. Those of all records are added up, so that a
// change costs only its own.
func digest(bucket string, key, value []byte) uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s%s", len(bucket), len(key), bucket, key)
	h.Write(value)
	return binary.BigEndian.Uint64(h.Sum(nil))
}
