// Package store is the state file: positions, incidents and deliveries.
package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/store/boltcheck"
	"jira-oauth-watcher/internal/text"
)

// The buckets of the file. outbox, queued, lanes, aside, receipts and delivered hold
// one bucket per notifier.
const (
	meta      = "meta"
	positions = "positions"
	incidents = "incidents"
	openings  = "openings" // by lane: what opened recently
	outbox    = "outbox"
	queued    = "queued"   // where in the outbox an incident's alert of a kind is
	lanes     = "lanes"    // whose turn it is in the outbox, and how full that is
	aside     = "aside"    // dead letters
	receipts  = "receipts" // by incident
	health    = "health"   // by notifier
	history   = "history"  // by hour: failures of each integration
	closed    = "closed"   // incidents that have ended recently
	delivered = "delivered"
	evidence  = "evidence" // what several logs say of one mailbox
)

// forms are the buckets that a file of each schema has.
var forms = map[int][]string{
	1: {meta, positions, incidents, outbox, aside},
	2: {meta, positions, incidents, openings, outbox, queued, aside, receipts, health},
	3: {meta, positions, incidents, openings, outbox, queued, aside, receipts, health, history, closed, delivered},
	4: {meta, positions, incidents, openings, outbox, queued, aside, receipts, health, history, closed, delivered, evidence},
	5: {meta, positions, incidents, openings, outbox, queued, lanes, aside, receipts, health, history, closed, delivered, evidence},
}

// schema is the version of the file's structure. A file of an older one is
// migrated, one of a newer one is rejected.
const schema = 5

// Store is an open state file. Its methods may be called from any goroutine. Every change is on
// disk when they return.
type Store struct {
	db        *bolt.DB
	file      os.FileInfo // of the file when it was opened
	maxQueued int         // bytes of alerts that wait, for all notifiers

	// committing is held until a transaction is on disk. The next one overwrites pages of the
	// one before it, and what is in neither must be there; and what is not on disk is not sent.
	committing sync.RWMutex

	summary summary   // as stored; only write transactions use it
	steady  time.Time // when the clock was last found to be set, see Tx.ClockSet; only write transactions use it
	ended   int       // incidents since the history was swept; only write transactions use it
	swept   time.Time // when

	mu      sync.Mutex
	changed chan struct{}
}

// maxDrift is how far the wall clock may be from the time that has passed before it counts as
// set.
const maxDrift = time.Minute

// ClockSet is by how much the wall clock was set since a transaction of this process last detected
// a change, 0 = it was not set. now must have a monotonic reading. Changes while no process runs
// are not detected.
func (tx *Tx) ClockSet(now time.Time) time.Duration {
	steady := tx.store.steady
	by := now.Round(0).Sub(steady.Round(0)) - now.Sub(steady)
	if by.Abs() < maxDrift {
		return 0
	}
	tx.store.steady = now // if this cannot be committed, the process ends
	return by
}

// Open opens the state file in a directory, which is created if it is missing. Only one process at
// a time can open it. A damaged file is renamed, with a warning, and replaced by a new one.
func Open(dir string, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	path := filepath.Join(dir, "state.db")
	s, err := open(path, log)
	var damage boltcheck.Damage
	if errors.As(err, &damage) {
		to := path + ".damaged-" + clock.Now().UTC().Format("20060102T150405.000000000Z")
		if err := os.Rename(path, to); err != nil {
			return nil, fmt.Errorf("state file %s is damaged and cannot be renamed: %w", path, err)
		}
		log.Warn("state file was damaged: it was renamed and a new one was created; "+
			"logs are read according to their start setting, and open incidents are reported again",
			"file", path, "aside", to, "err", damage)
		s, err = open(path, log)
	}
	if err != nil {
		return nil, fmt.Errorf("state file %s: %w", path, text.WithoutPath(err))
	}
	return s, nil
}

func open(path string, log *slog.Logger) (*Store, error) {
	db, repair, err := openVerified(path)
	if err != nil {
		return nil, err
	}
	if repair != "" {
		log.Warn(repair, "file", path)
	}
	s := &Store{db: db, maxQueued: MaxQueued, changed: make(chan struct{}), steady: clock.Now()}
	if err = prepare(db); err == nil {
		s.file, err = os.Stat(path)
	}
	if err == nil {
		err = s.View(func(tx *Tx) { s.summary = tx.summary })
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	db.NoSync = s.summary.Tx > 0 // see Update
	return s, nil
}

func (s summary) write(tx *bolt.Tx) error {
	if s.Tx > 0 {
		s.Tx = uint64(tx.ID())
	}
	return tx.Bucket([]byte(meta)).Put([]byte(summaryKey), s.record())
}

// Close releases the file.
func (s *Store) Close() error { return s.db.Close() }

// Path is the path of the state file, absolute if the directory was.
func (s *Store) Path() string { return s.db.Path() }

// Writable says why the state cannot be written, as far as this can be found out without writing;
// nil if it can. A write that fails ends the program anyway.
func (s *Store) Writable() error {
	path := s.db.Path()
	now, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("state file %s: %w", path, text.WithoutPath(err))
	case !os.SameFile(now, s.file):
		return fmt.Errorf("state file %s: it was replaced by another file: restart the service", path)
	}
	return writable(path)
}

// Tx is one transaction. Its methods return no errors: a record that cannot be read is the zero
// value, and the first error makes Update or View fail, so that nothing is stored.
type Tx struct {
	tx      *bolt.Tx
	store   *Store // nil while the file is migrated
	summary summary
	changed bool  // something was stored or deleted
	news    bool  // a delivery was queued, or an incident changed
	err     error // the first one
}

// Fail makes the transaction fail, unless err is nil.
func (tx *Tx) Fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

// errUnchanged ends a transaction that has nothing to write.
var errUnchanged = errors.New("unchanged")

// Update runs f in one transaction. When Update returns nil, all changes are on disk; otherwise,
// none are. If f changes nothing, nothing is written. f is run to its end even if the transaction
// has failed.
//
// bbolt alone would sync twice: its pages, and then the meta page that refers to them. Here the
// records have digests and the transaction's number, so that a transaction with missing pages is
// detected when the file is opened, and the previous one is used. Therefore one sync of all pages
// is enough.
func (s *Store) Update(f func(*Tx)) error {
	s.committing.Lock()
	defer s.committing.Unlock()
	var tx *Tx
	err := s.db.Update(func(btx *bolt.Tx) error {
		tx = &Tx{tx: btx, store: s, summary: s.summary}
		f(tx)
		if tx.err == nil && s.ended > 0 && (s.ended >= sweepAfter || clock.Since(s.swept) >= sweepEvery) {
			tx.sweepHistory(clock.Now())
			s.ended, s.swept = 0, clock.Now()
		}
		switch {
		case tx.err != nil:
			return tx.err
		case !tx.changed:
			return errUnchanged
		}
		return tx.summary.write(btx)
	})
	if err == nil {
		s.summary = tx.summary
		if s.db.NoSync {
			err = s.db.Sync()
		}
	}
	switch {
	case errors.Is(err, errUnchanged):
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("state file: %w: free some space and restart; reading resumes where it stopped", err)
	case err != nil:
		return fmt.Errorf("state file: %w", err)
	}
	if tx.news {
		s.mu.Lock()
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
	}
	return nil
}

// View runs f in a transaction that changes nothing.
func (s *Store) View(f func(*Tx)) error {
	err := s.db.View(func(btx *bolt.Tx) error {
		now, err := readSummary(btx.Bucket([]byte(meta)).Get([]byte(summaryKey)))
		if err != nil {
			return err
		}
		tx := &Tx{tx: btx, store: s, summary: now}
		f(tx)
		return tx.err
	})
	if err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	return nil
}
