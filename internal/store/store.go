// Package store is the state file: positions, incidents and the deliveries
// that wait.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

// The buckets of the file. outbox and aside hold one bucket a notifier.
var (
	meta      = []byte("meta")
	positions = []byte("positions")
	incidents = []byte("incidents")
	outbox    = []byte("outbox")
	aside     = []byte("aside")
)

// schema is the version of the file's form. A file of a newer one is refused.
const schema = 1

// maxAside bounds the deliveries kept apart for one notifier; the oldest go.
const maxAside = 1000

// Store is an open state file. Its methods may be called from any goroutine;
// every change is on disk when they return.
type Store struct {
	db *bolt.DB

	mu      sync.Mutex
	changed chan struct{}
}

// Open opens the state file of a directory, which is made where it is missing.
// One process at a time can have it. A damaged file is set aside under another
// name, with a warning, and a new one begun.
func Open(dir string, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	path := filepath.Join(dir, "state.db")
	s, err := open(path)
	var damage *damaged
	if errors.As(err, &damage) {
		to := path + ".damaged-" + time.Now().UTC().Format("20060102T150405Z")
		if err := os.Rename(path, to); err != nil {
			return nil, fmt.Errorf("state file %s is damaged and cannot be set aside: %w", path, err)
		}
		log.Warn("state file was damaged: it is set aside and a new one begun, so logs are read from where their start setting says, and open incidents are told again",
			"file", path, "aside", to, "err", damage)
		s, err = open(path)
	}
	return s, err
}

func open(path string) (*Store, error) {
	db, err := openSound(path)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, changed: make(chan struct{})}
	if err := db.Update(prepare); err != nil {
		db.Close()
		return nil, fmt.Errorf("state file %s: %w", path, err)
	}
	return s, nil
}

// prepare makes the buckets and checks the version.
func prepare(tx *bolt.Tx) error {
	for _, name := range [][]byte{meta, positions, incidents, outbox, aside} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	var version int
	found, err := get(tx.Bucket(meta), []byte("schema"), &version)
	if err != nil {
		return err
	}
	if found && version > schema {
		return fmt.Errorf("written by a newer version of this program (form %d, this one knows %d): install that version again, or move the file away", version, schema)
	}
	return put(tx.Bucket(meta), []byte("schema"), schema)
}

// Close releases the file.
func (s *Store) Close() error { return s.db.Close() }

// Tx is one transaction.
type Tx struct {
	tx     *bolt.Tx
	queued bool
}

// Update runs f in one transaction: all that it changes is on disk when Update
// returns nil, and nothing of it otherwise.
func (s *Store) Update(f func(*Tx) error) error {
	queued := false
	err := s.db.Update(func(btx *bolt.Tx) error {
		tx := &Tx{tx: btx}
		err := f(tx)
		queued = tx.queued
		return err
	})
	if err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	if queued {
		s.mu.Lock()
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
	}
	return nil
}

// View runs f in a transaction that changes nothing.
func (s *Store) View(f func(*Tx) error) error {
	if err := s.db.View(func(btx *bolt.Tx) error { return f(&Tx{tx: btx}) }); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	return nil
}

// Position is where reading of a log goes on; false when nothing is stored
// about the log. A zero Position that is stored means its beginning.
func (s *Store) Position(log string) (p tailer.Position, known bool, err error) {
	err = s.View(func(tx *Tx) error {
		known, err = get(tx.tx.Bucket(positions), []byte(log), &p)
		return err
	})
	return p, known, err
}

// SetPosition stores where reading of a log goes on.
func (tx *Tx) SetPosition(log string, p tailer.Position) error {
	return put(tx.tx.Bucket(positions), []byte(log), p)
}

// Incident is the state of an incident; the zero State when there is none.
func (tx *Tx) Incident(key string) (incident.State, error) {
	var s incident.State
	_, err := get(tx.tx.Bucket(incidents), []byte(key), &s)
	return s, err
}

// SetIncident stores the state of an incident, or forgets one that is closed.
func (tx *Tx) SetIncident(s incident.State) error {
	b := tx.tx.Bucket(incidents)
	if !s.Open {
		return b.Delete([]byte(s.Key))
	}
	return put(b, []byte(s.Key), s)
}

// Incidents are all open incidents, by key.
func (tx *Tx) Incidents() ([]incident.State, error) {
	var all []incident.State
	err := tx.tx.Bucket(incidents).ForEach(func(k, v []byte) error {
		var s incident.State
		if err := decode(k, v, &s); err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// Enqueue puts an alert behind the deliveries of a notifier.
func (tx *Tx) Enqueue(notifier string, a notify.Alert) error {
	b, err := tx.tx.Bucket(outbox).CreateBucketIfNotExists([]byte(notifier))
	if err != nil {
		return err
	}
	seq, err := b.NextSequence()
	if err != nil {
		return err
	}
	tx.queued = true
	return put(b, place(seq), notify.Delivery{Alert: a, Queued: time.Now()})
}

func put(b *bolt.Bucket, key []byte, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return b.Put(key, seal(key, text))
}

func get(b *bolt.Bucket, key []byte, into any) (bool, error) {
	record := b.Get(key)
	if record == nil {
		return false, nil
	}
	return true, decode(key, record, into)
}

func decode(key, record []byte, into any) error {
	text, err := unseal(key, record)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
