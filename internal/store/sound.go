package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
)

// lockWait is how long to wait for another process to let go of the file: a
// restart overlaps for a moment.
const lockWait = 3 * time.Second

// damaged is a state file that cannot be believed.
type damaged struct{ err error }

func (d *damaged) Error() string { return d.err.Error() }

func unsound(format string, args ...any) error { return &damaged{fmt.Errorf(format, args...)} }

var errInUse = errors.New("it is in use by another watcher: stop that one, or give this one its own state_dir")

// openSound opens the file after it has looked at all of it, by reading: bbolt
// maps it into memory and believes it, so that a damaged one ends the process
// or shows other content than was stored. The file is small, so every start
// can afford to; what comes later may trust it. halved says that one of the
// file's two heads is damaged.
func openSound(path string) (db *bolt.DB, halved bool, err error) {
	options := &bolt.Options{FreelistType: bolt.FreelistMapType, OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
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
			halved, err = sound(file)
		}
		if err != nil {
			file.Close()
			return nil, err
		}
		return file, nil
	}}
	db, err = bolt.Open(path, 0o600, options)
	return db, halved, err
}

// lock takes the lock that bbolt takes too, before the file is looked at.
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

// sound looks at every page and record of a file. An error that is not damaged
// means that it could not, or that the file is of a newer version.
func sound(file *os.File) (halved bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	c := &checker{file: file, size: info.Size(), used: map[uint64]bool{}}
	halved, err = c.pages()
	if err != nil {
		return false, err
	}
	if c.summary == nil {
		if len(c.buckets) > 0 || c.found.Records > 0 {
			return false, unsound("it says nothing about its content")
		}
		return halved, nil // ended right after it was made
	}
	want, err := readSummary(c.summary)
	if err != nil {
		return false, err
	}
	if want.Schema > schema {
		return false, fmt.Errorf("written by a newer version of this program (form %d, this one knows %d): install that version again, or move the file away", want.Schema, schema)
	}
	all := names(forms[want.Schema])
	if !slices.Equal(c.buckets, all) {
		return false, unsound("it has the parts %q, not %q", c.buckets, all)
	}
	if c.found.Records != want.Records || c.found.Sum != want.Sum {
		return false, unsound("it has %d records of %d, or others than were stored", c.found.Records, want.Records)
	}
	return halved, nil
}

func names(buckets [][]byte) []string {
	var all []string
	for _, b := range buckets {
		all = append(all, string(b))
	}
	slices.Sort(all)
	return all
}

// summary is what the file says about itself. Every version can read the
// schema of every other one.
type summary struct {
	Schema  int    `json:"schema"`
	Records int    `json:"records"` // how many there are beside this one
	Sum     uint64 `json:"sum"`     // of the digests of them all
	Seq     uint64 `json:"seq"`     // place of the youngest delivery
}

var summaryKey = []byte("summary")

// readSummary takes a summary out of its record, which carries its own digest.
func readSummary(record []byte) (s summary, err error) {
	var sealed struct {
		Summary json.RawMessage `json:"summary"`
		Digest  uint64          `json:"digest"`
	}
	if err := json.Unmarshal(record, &sealed); err != nil || sealed.Digest != digest("", summaryKey, sealed.Summary) {
		return s, unsound("what it says about its content is damaged")
	}
	return s, json.Unmarshal(sealed.Summary, &s)
}

func (s summary) record() ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"summary": json.RawMessage(text), "digest": digest("", summaryKey, text)})
}
