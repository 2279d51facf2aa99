package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockWait is how long to wait for another process to let go of the file: a
// restart overlaps for a moment.
const lockWait = 3 * time.Second

// damaged is a state file that cannot be believed.
type damaged struct{ err error }

func (d *damaged) Error() string { return d.err.Error() }

// openSound opens the file and looks at all of it. It is small, so that every
// start can afford to; what comes later may trust it.
func openSound(path string) (db *bolt.DB, err error) {
	// bbolt maps the file into memory: a bad page number in it is a fault at
	// an address that is not there, which ends the process unless asked for
	// as a panic.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			if db != nil {
				db.Close()
			}
			db, err = nil, &damaged{fmt.Errorf("%v", r)}
		}
	}()
	db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockWait, FreelistType: bolt.FreelistMapType})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("state file %s is in use by another watcher: stop that one, or give this one its own state_dir", path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, &damaged{err}
	case err != nil:
		var fault *os.PathError
		if errors.As(err, &fault) {
			return nil, fmt.Errorf("state file: %w", err)
		}
		return nil, &damaged{err}
	}
	if err := db.View(look); err != nil {
		db.Close()
		return nil, &damaged{err}
	}
	return db, nil
}

// look reads every record, then has bbolt check its own pages.
func look(tx *bolt.Tx) error {
	info, err := os.Stat(tx.DB().Path())
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("it has %d bytes of %d", info.Size(), tx.Size())
	}
	if err := tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return records(b) }); err != nil {
		return err
	}
	var first error
	for err := range tx.Check() {
		first = errors.Join(first, err)
	}
	return first
}

func records(b *bolt.Bucket) error {
	return b.ForEach(func(k, v []byte) error {
		if v == nil {
			return records(b.Bucket(k))
		}
		_, err := unseal(k, v)
		return err
	})
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal puts a checksum of key and text in front of the text. bbolt has none of
// its own over data pages.
func seal(key, text []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, checksum(key, text)), text...)
}

func unseal(key, record []byte) ([]byte, error) {
	if len(record) < 4 || binary.BigEndian.Uint32(record) != checksum(key, record[4:]) {
		return nil, fmt.Errorf("the record %q does not agree with its checksum", key)
	}
	return record[4:], nil
}

func checksum(key, text []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, text)
}
