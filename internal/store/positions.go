package store

import (
	"bytes"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/tailer"
)

// LogKey is the name under which a log's position and related data are stored: its path, or the
// path under which the same log (according to same) was configured earlier.
func (s *Store) LogKey(path string, same func(a, b string) bool) (key string, err error) {
	key = path
	err = s.View(func(tx *Tx) {
		t := tx.table(positions)
		if t.raw(path) != nil {
			return
		}
		for k := range t.all() {
			if bytes.IndexByte(k, 0) < 0 && same(string(k), path) {
				key = string(k)
			}
		}
	})
	return key, err
}

// Position is where reading of a log resumes; false if nothing is stored for the log. A stored
// zero Position is the beginning of the log.
func (s *Store) Position(log string) (p tailer.Position, known bool, err error) {
	err = s.View(func(tx *Tx) { known = tx.table(positions).get(log, &p) })
	return p, known, err
}

// SetPosition stores where reading of a log resumes.
func (tx *Tx) SetPosition(log string, p tailer.Position) {
	tx.table(positions).put(log, p)
}

// Counted is the last event of a log if it was counted after a silence although further lines may
// still arrive. Such an event is read again from its beginning.
type Counted struct {
	Incident    string // the key of the incident in which it is counted; "" = it is not wanted
	Cause       string
	Failure     alert.ID `json:",omitempty"` // what it is shipped as; "" = it is not shipped
	Size        int      // bytes of its text that were known
	Fingerprint uint64   `json:"Print"` // their hash
}

// countedKey is next to the log's position: no path holds a zero byte.
func countedKey(log string) string { return log + "\x00counted" }

// Counted is the event at a log's position if it has already been counted, or else the zero value.
func (s *Store) Counted(log string) (c Counted, err error) {
	err = s.View(func(tx *Tx) { tx.table(positions).get(countedKey(log), &c) })
	return c, err
}

// SetCounted stores what is known about the event at a log's position.
func (tx *Tx) SetCounted(log string, c Counted) {
	if c == (Counted{}) {
		tx.table(positions).delete(countedKey(log))
		return
	}
	tx.table(positions).put(countedKey(log), c)
}

// recognized is the prefix of a log's name among the positions.
const recognized = "\x00jira "

// Recognized reports whether SetRecognized was called for a log.
func (tx *Tx) Recognized(log string) bool {
	return tx.table(positions).raw(recognized+log) != nil
}

// SetRecognized stores that a log is a Jira log.
func (tx *Tx) SetRecognized(log string) {
	tx.table(positions).put(recognized+log, true)
}
