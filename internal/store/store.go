// Package store is the state file: positions, incidents and the deliveries
// that wait.
package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/store/boltcheck"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/tailer"
)

// The buckets of the file. outbox, queued, aside, receipts and delivered hold
// one bucket a notifier.
var (
	meta      = []byte("meta")
	positions = []byte("positions")
	incidents = []byte("incidents")
	openings  = []byte("openings") // by cause: what opened of late
	outbox    = []byte("outbox")
	queued    = []byte("queued") // where in the outbox an incident's alert of a kind is
	aside     = []byte("aside")
	receipts  = []byte("receipts") // by incident
	health    = []byte("health")   // by notifier
	history   = []byte("history")  // by hour: failures of each integration
	closed    = []byte("closed")   // incidents that have ended of late
	delivered = []byte("delivered")
)

// forms are the buckets that a file of each schema has.
var forms = map[int][][]byte{
	1: {meta, positions, incidents, outbox, aside},
	2: {meta, positions, incidents, openings, outbox, queued, aside, receipts, health},
	3: {meta, positions, incidents, openings, outbox, queued, aside, receipts, health, history, closed, delivered},
}

// schema is the version of the file's form. A file of an older one gets what
// it lacks, one of a newer one is refused.
const schema = 3

// maxAside bounds the deliveries kept apart for one notifier; the oldest go.
const maxAside = 1000

// Store is an open state file. Its methods may be called from any goroutine;
// every change is on disk when they return.
type Store struct {
	db       *bolt.DB
	file     os.FileInfo // of the file when it was opened
	maxQueue int         // deliveries that wait for one notifier

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
	s, err := open(path, log)
	var damage boltcheck.Damage
	if errors.As(err, &damage) {
		to := path + ".damaged-" + clock.Now().UTC().Format("20060102T150405.000000000Z")
		if err := os.Rename(path, to); err != nil {
			return nil, fmt.Errorf("state file %s is damaged and cannot be set aside: %w", path, err)
		}
		log.Warn("state file was damaged: it is set aside and a new one begun, so logs are read from where their start setting says, and open incidents are told again",
			"file", path, "aside", to, "err", damage)
		s, err = open(path, log)
	}
	if err != nil {
		return nil, fmt.Errorf("state file %s: %w", path, text.WithoutPath(err))
	}
	return s, nil
}

func open(path string, log *slog.Logger) (*Store, error) {
	db, oneMeta, err := openVerified(path)
	if err != nil {
		return nil, err
	}
	if oneMeta {
		log.Warn("one of the state file's two heads was damaged and the other one is used: the last change before may be lost, its alerts come again", "file", path)
	}
	if err := prepare(db); err != nil {
		db.Close()
		return nil, err
	}
	file, err := os.Stat(path)
	if err != nil {
		db.Close()
		return nil, err
	}
	return &Store{db: db, file: file, maxQueue: maxQueue, changed: make(chan struct{})}, nil
}

func (s summary) write(tx *bolt.Tx) error {
	record, err := s.record()
	if err != nil {
		return err
	}
	return tx.Bucket(meta).Put(summaryKey, record)
}

// Close releases the file.
func (s *Store) Close() error { return s.db.Close() }

// Tx is one transaction.
type Tx struct {
	tx       *bolt.Tx
	summary  summary
	maxQueue int
	news     bool // a delivery was queued, or an incident changed
	ended    bool // an incident was closed
}

// Update runs f in one transaction: all that it changes is on disk when Update
// returns nil, and nothing of it otherwise.
func (s *Store) Update(f func(*Tx) error) error {
	news := false
	err := s.db.Update(func(btx *bolt.Tx) error {
		before, err := readSummary(btx.Bucket(meta).Get(summaryKey))
		if err != nil {
			return err
		}
		tx := &Tx{tx: btx, summary: before, maxQueue: s.maxQueue}
		if err := f(tx); err != nil {
			return err
		}
		if tx.ended {
			if err := tx.sweep(clock.Now()); err != nil {
				return err
			}
		}
		news = tx.news
		return tx.summary.write(btx)
	})
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("state file: %w: free some space and start again, reading goes on where it was", err)
	}
	if err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	if news {
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

// LogKey is the name under which a log's position and what belongs to it are
// stored: its path, or one that it was configured by before and that same says
// leads to the same log.
func (s *Store) LogKey(path string, same func(a, b string) bool) (key string, err error) {
	key = path
	err = s.View(func(tx *Tx) error {
		b := tx.tx.Bucket(positions)
		if b.Get([]byte(path)) != nil {
			return nil
		}
		return b.ForEach(func(k, _ []byte) error {
			if bytes.IndexByte(k, 0) < 0 && same(string(k), path) {
				key = string(k)
			}
			return nil
		})
	})
	return key, err
}

// Position is where reading of a log goes on; false when nothing is stored
// about the log. A zero Position that is stored means its beginning.
func (s *Store) Position(log string) (p tailer.Position, known bool, err error) {
	err = s.View(func(tx *Tx) error {
		known, err = tx.table(positions).get([]byte(log), &p)
		return err
	})
	return p, known, err
}

// SetPosition stores where reading of a log goes on.
func (tx *Tx) SetPosition(log string, p tailer.Position) error {
	return tx.table(positions).put([]byte(log), p)
}

// Counted is the last event of a log if silence has made it count although lines
// may still come. Such an event is read again from its beginning.
type Counted struct {
	Incident string // the key of the incident that it is counted in; "" = it is not wanted
	Cause    string
	Size     int    // bytes of its text that were known
	Print    uint64 // their hash
}

// countedKey is next to the log's position: no path holds a zero byte.
func countedKey(log string) []byte { return []byte(log + "\x00counted") }

// Counted is the event at a log's position if it is counted already, else the
// zero value.
func (s *Store) Counted(log string) (c Counted, err error) {
	err = s.View(func(tx *Tx) error {
		_, err := tx.table(positions).get(countedKey(log), &c)
		return err
	})
	return c, err
}

// SetCounted stores what is known of the event at a log's position.
func (tx *Tx) SetCounted(log string, c Counted) error {
	if c == (Counted{}) {
		return tx.table(positions).delete(countedKey(log))
	}
	return tx.table(positions).put(countedKey(log), c)
}

// recognized is before the name of a log among the positions.
const recognized = "\x00jira "

// Recognized tells whether SetRecognized was called for a log.
func (tx *Tx) Recognized(log string) bool {
	return tx.table(positions).b.Get([]byte(recognized+log)) != nil
}

// SetRecognized notes that a log is one of Jira's.
func (tx *Tx) SetRecognized(log string) error {
	return tx.table(positions).put([]byte(recognized+log), true)
}

// table is a bucket whose changes are added up in the summary.
type table struct {
	tx   *Tx
	b    *bolt.Bucket
	path string
}

func (tx *Tx) table(name []byte) table {
	return table{tx, tx.tx.Bucket(name), "/" + string(name)}
}

// of is the bucket of a notifier within outbox or aside, made where it is
// missing.
func (tx *Tx) of(name []byte, notifier string) (table, error) {
	b, err := tx.tx.Bucket(name).CreateBucketIfNotExists([]byte(notifier))
	return table{tx, b, "/" + string(name) + "/" + notifier}, err
}

func (t table) get(key []byte, into any) (bool, error) {
	text := t.b.Get(key)
	if text == nil {
		return false, nil
	}
	return true, json.Unmarshal(text, into)
}

func (t table) put(key []byte, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := t.delete(key); err != nil {
		return err
	}
	t.tx.summary.Records++
	t.tx.summary.Sum += digest(t.path, key, text)
	return t.b.Put(key, text)
}

func (t table) delete(key []byte) error {
	text := t.b.Get(key)
	if text == nil {
		return nil
	}
	t.tx.summary.Records--
	t.tx.summary.Sum -= digest(t.path, key, text)
	return t.b.Delete(key)
}
