package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"iter"
	"slices"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

// together is how many failures are delivered in one piece.
const together = 100

// Oldest is the delivery that is next for a notifier, with the receipt of its incident, and if it is
// a failure with some that follow it; false if the queue is empty.
func (s *Store) Oldest(notifier string) (d notify.Delivery, found bool, err error) {
	s.committing.RLock() // what is sent is on disk
	defer s.committing.RUnlock()
	err = s.View(func(tx *Tx) {
		for next := range tx.queue(notifier) {
			if !found {
				d, found = next, true
			} else {
				d.More = append(d.More, next)
			}
			if next.Level == "" || len(d.More) == together-1 {
				return
			}
		}
	})
	return d, found && err == nil, err
}

// queue yields the deliveries of a queue, oldest first, with the receipts of their incidents.
func (tx *Tx) queue(notifier string) iter.Seq[notify.Delivery] {
	return func(yield func(notify.Delivery) bool) {
		for k, v := range tx.table(outbox, notifier).all() {
			d := tx.delivery(k, v)
			d.Receipt = bytes.Clone(tx.table(receipts, notifier).raw(string(d.Alert.Data.Incident())))
			if !yield(d) {
				return
			}
		}
	}
}

// delivery is one of a queue or of the dead letters.
func (tx *Tx) delivery(key, value []byte) (d notify.Delivery) {
	if len(key) == 16 {
		d.Turn, key = binary.BigEndian.Uint64(key), key[8:]
	}
	d.Seq = binary.BigEndian.Uint64(key)
	tx.Fail(json.Unmarshal(value, &d))
	return d
}

// Next is the oldest delivery after d that no queued delivery of the same incident precedes, among
// the first thousand; false if there is none.
func (s *Store) Next(notifier string, d notify.Delivery) (next notify.Delivery, found bool, err error) {
	const most = 1000
	s.committing.RLock() // what is sent is on disk
	defer s.committing.RUnlock()
	err = s.View(func(tx *Tx) {
		n, seen := 0, map[alert.ID]bool{}
		for next = range tx.queue(notifier) {
			if n++; n > most {
				return
			}
			incident := next.Alert.Data.Incident()
			if found = next.After(d) && !seen[incident]; found {
				return
			}
			seen[incident] = true
		}
	})
	return next, found && err == nil, err
}

// Waiting counts the queued deliveries and the dead letters, by notifier.
func (s *Store) Waiting() (waiting, setAside map[string]int, err error) {
	waiting, setAside = map[string]int{}, map[string]int{}
	err = s.View(func(tx *Tx) {
		for notifier, t := range tx.ofAll(outbox) {
			waiting[notifier] = t.len()
		}
		for notifier, t := range tx.ofAll(aside) {
			setAside[notifier] = t.len()
		}
	})
	return waiting, setAside, err
}

// Queue returns the queued deliveries of a notifier, oldest first and at most n, and their total
// number.
func (tx *Tx) Queue(notifier string, n int) (oldest []notify.Delivery, all int) {
	t := tx.table(outbox, notifier)
	for k, v := range t.all() {
		if len(oldest) >= n {
			break
		}
		oldest = append(oldest, tx.delivery(k, v))
	}
	return oldest, t.len()
}

// Aside returns the dead letters of a notifier, newest first and at most n.
func (tx *Tx) Aside(notifier string, n int) []notify.Delivery {
	var all []notify.Delivery
	for k, v := range tx.table(aside, notifier).all() {
		all = append(all, tx.delivery(k, v))
	}
	slices.Reverse(all)
	return all[:min(n, len(all))]
}
