package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"iter"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

// Oldest is the delivery that is next for a notifier, with the receipt of its incident; false if
// the queue is empty.
func (s *Store) Oldest(notifier string) (d notify.Delivery, found bool, err error) {
	s.committing.RLock() // what is sent is on disk
	defer s.committing.RUnlock()
	err = s.View(func(tx *Tx) error {
		for k, v := range tx.read(outbox, notifier).all() {
			found = true
			d, err = tx.delivery(notifier, k, v)
			return err
		}
		return nil
	})
	return d, found && err == nil, err
}

// delivery is one in the outbox, with the receipt of its incident.
func (tx *Tx) delivery(notifier string, key, value []byte) (notify.Delivery, error) {
	d, err := delivery(key, value)
	if r := tx.read(receipts, notifier).raw(string(d.Alert.Data.Incident())); r != nil {
		d.Receipt = append(notify.Receipt{}, r...)
	}
	return d, err
}

// delivery is one of a queue or of the dead letters.
func delivery(key, value []byte) (d notify.Delivery, err error) {
	if len(key) == 16 {
		d.Turn, key = binary.BigEndian.Uint64(key), key[8:]
	}
	d.Seq = binary.BigEndian.Uint64(key)
	return d, json.Unmarshal(value, &d)
}

// Next is the oldest delivery after d that no queued delivery of the same incident precedes, among
// the first thousand; false if there is none.
func (s *Store) Next(notifier string, d notify.Delivery) (next notify.Delivery, found bool, err error) {
	const most = 1000
	s.committing.RLock() // what is sent is on disk
	defer s.committing.RUnlock()
	err = s.View(func(tx *Tx) error {
		n, seen := 0, map[alert.ID]bool{}
		for k, v := range tx.read(outbox, notifier).all() {
			if n++; n > most {
				return nil
			}
			if next, err = tx.delivery(notifier, k, v); err != nil {
				return err
			}
			incident := next.Alert.Data.Incident()
			if found = next.After(d) && !seen[incident]; found {
				return nil
			}
			seen[incident] = true
		}
		return nil
	})
	return next, found && err == nil, err
}

// Waiting counts the queued deliveries and the dead letters, by notifier.
func (s *Store) Waiting() (waiting, setAside map[string]int, err error) {
	waiting, setAside = map[string]int{}, map[string]int{}
	err = s.View(func(tx *Tx) error {
		for _, notifier := range tx.read(outbox).names() {
			waiting[notifier] = tx.read(outbox, notifier).len()
		}
		for _, notifier := range tx.read(aside).names() {
			setAside[notifier] = tx.read(aside, notifier).len()
		}
		return nil
	})
	return waiting, setAside, err
}

// Queue returns the queued deliveries of a notifier, oldest first and at most n, and their total
// number.
func (tx *Tx) Queue(notifier string, n int) (oldest []notify.Delivery, all int, err error) {
	v := tx.read(outbox, notifier)
	oldest, err = deliveries(v.all(), n)
	return oldest, v.len(), err
}

// Aside returns the dead letters of a notifier, newest first and at most n.
func (tx *Tx) Aside(notifier string, n int) ([]notify.Delivery, error) {
	return deliveries(tx.read(aside, notifier).backward(), n)
}

func deliveries(records iter.Seq2[[]byte, []byte], n int) (all []notify.Delivery, failed error) {
	for k, v := range records {
		if len(all) >= n {
			break
		}
		d, err := delivery(k, v)
		failed = errors.Join(failed, err)
		all = append(all, d)
	}
	return all, failed
}
