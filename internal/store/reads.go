package store

import (
	"encoding/binary"
	"encoding/json"
	"iter"

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
		for k, v := range tx.read(outbox, notifier).all() {
			d := tx.delivery(k, v)
			if r := tx.read(receipts, notifier).raw(string(d.Alert.Data.Incident())); r != nil {
				d.Receipt = append(notify.Receipt{}, r...)
			}
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
		for _, notifier := range tx.read(outbox).names() {
			waiting[notifier] = tx.read(outbox, notifier).len()
		}
		for _, notifier := range tx.read(aside).names() {
			setAside[notifier] = tx.read(aside, notifier).len()
		}
	})
	return waiting, setAside, err
}

// Queue returns the queued deliveries of a notifier, oldest first and at most n, and their total
// number.
func (tx *Tx) Queue(notifier string, n int) (oldest []notify.Delivery, all int) {
	v := tx.read(outbox, notifier)
	return tx.deliveries(v.all(), n), v.len()
}

// Aside returns the dead letters of a notifier, newest first and at most n.
func (tx *Tx) Aside(notifier string, n int) []notify.Delivery {
	return tx.deliveries(tx.read(aside, notifier).backward(), n)
}

func (tx *Tx) deliveries(records iter.Seq2[[]byte, []byte], n int) (all []notify.Delivery) {
	for k, v := range records {
		if len(all) >= n {
			break
		}
		all = append(all, tx.delivery(k, v))
	}
	return all
}
