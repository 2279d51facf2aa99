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
	"time"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/store/boltcheck"
)

// lockWait is how long to wait for another process to release the file: at a
// restart, two overlap for a moment.
const lockWait = 3 * time.Second

var (
	errInUse  = errors.New("it is in use by another instance: stop that instance, or give this one its own state_dir")
	errLocked = errors.New("another process has the lock")
)

// openVerified opens the file after reading and checking all of it. bbolt maps the file into
// memory and trusts it, so a damaged one could crash the process or show content that was never
// stored. The file is small, so every start can afford this check, and later code may trust the
// file.
//
// A transaction is on disk after one fdatasync, see Store.Update. If the machine stopped before
// that, any part of the transaction may be there. The file is then restored to the state before
// it. repair describes what was repaired, "" = nothing.
func openVerified(path string) (db *bolt.DB, repair string, err error) {
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
			repair, err = verify(file)
		}
		if err != nil {
			file.Close()
			return nil, err
		}
		return file, nil
	}
	db, err = bolt.Open(path, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, OpenFile: open})
	return db, repair, err
}

// lock locks the file before it is read.
func lock(file *os.File) error {
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		err := tryLock(file)
		switch {
		case err == nil:
			return nil
		case err != errLocked:
			return fmt.Errorf("lock: %w", err)
		case time.Since(start) > lockWait:
			return errInUse
		}
	}
}

// verify checks every page and record of a file. An error that is not a boltcheck.Damage means
// that the check was not possible, or that the file is from a newer version.
func verify(file *os.File) (repair string, err error) {
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	found, err := verified(file, info.Size(), false)
	var damage boltcheck.Damage
	switch {
	case err == nil && found.OneMeta:
		return "one of the state file's two meta pages was damaged, so the other one is used: " +
			"the last change may be lost, and its alerts are sent again", nil
	case !errors.As(err, &damage):
		return "", err
	}
	before, failed := verified(file, info.Size(), true)
	if failed != nil || len(before.Buckets) == 0 { // it was new: there is nothing to go back to
		return "", err
	}
	return "the last change of the state file was incomplete on disk and was rolled back: " +
		"the log lines that it was based on are read again", boltcheck.TakeBack(file, info.Size())
}

// verified compares what is in a file, or was in it one transaction before, with what it says
// about itself.
func verified(file *os.File, size int64, before bool) (boltcheck.Found, error) {
	var sum summary
	var record []byte // the one that says what there should be
	found, err := boltcheck.Check(file, size, before, func(bucket string, key, value []byte) {
		if bucket == "/"+meta && string(key) == summaryKey {
			record = bytes.Clone(value)
			return
		}
		sum.Records++
		sum.Sum += digest(bucket, key, value)
	})
	if err != nil {
		return found, err
	}
	if record == nil {
		if len(found.Buckets) > 0 || sum.Records > 0 || found.Tx > 1 {
			return found, boltcheck.Damage("its summary is missing")
		}
		return found, nil // interrupted right after it was created
	}
	want, err := readSummary(record)
	if err != nil {
		return found, err
	}
	if want.Schema > schema {
		return found, fmt.Errorf("written by a newer version of this program (format %d, this version supports up to %d): "+
			"install the newer version again, or move the file away", want.Schema, schema)
	}
	if all := slices.Sorted(slices.Values(forms[want.Schema])); !slices.Equal(found.Buckets, all) {
		return found, boltcheck.Damage(fmt.Sprintf("its buckets are %q instead of %q", found.Buckets, all))
	}
	if sum.Records != want.Records || sum.Sum != want.Sum {
		return found, boltcheck.Damage(fmt.Sprintf("it has %d of %d records, or their content was changed",
			sum.Records, want.Records))
	}
	if want.Tx > 0 && want.Tx != found.Tx {
		return found, boltcheck.Damage(fmt.Sprintf("its content is that of change %d instead of %d", want.Tx, found.Tx))
	}
	return found, nil
}

// summary is what the file says about itself. Every version can read the
// schema of every other one.
type summary struct {
	Schema  int    `json:"schema"`
	Records int    `json:"records"` // how many there are, without this one
	Sum     uint64 `json:"sum"`     // of the digests of them all
	Seq     uint64 `json:"seq"`     // of the newest delivery
	Open    int    `json:"open"`    // incidents

	// Tx is the number of the transaction that wrote this: an older page in place of a missing one
	// has another number. It is 0 in a file that an earlier version of the program created or
	// changed, which may contain pages without it. Such a file is synced twice in each
	// transaction.
	Tx uint64 `json:"tx,omitempty"`
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
		return s, boltcheck.Damage("its summary is damaged")
	}
	return s, json.Unmarshal(sealed.Summary, &s)
}

func (s summary) record() []byte {
	text, _ := json.Marshal(s) // numbers have no error
	sum := digest("", []byte(summaryKey), text)
	record, _ := json.Marshal(map[string]any{"summary": json.RawMessage(text), "digest": sum})
	return record
}

// digest is that of one record. Those of all records are added up, so that a
// change costs only its own.
func digest(bucket string, key, value []byte) uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s%s", len(bucket), len(key), bucket, key)
	h.Write(value)
	return binary.BigEndian.Uint64(h.Sum(nil))
}
