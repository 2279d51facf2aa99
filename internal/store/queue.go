package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/notify"
)

// maxQueue bounds the deliveries that wait for one notifier. Beyond it the
// oldest reminders go, then the oldest of other kinds; an opened never goes,
// and neither does a storm, which speaks for many.
const maxQueue = 10_000

// Enqueue puts an alert behind the deliveries of a notifier. A reminder, or a
// storm told anew, takes the place of an older one of the same incident that
// still waits, so that an outage of hours ends in few messages.
func (tx *Tx) Enqueue(notifier string, a alert.Alert) error {
	out, err := tx.of(outbox, notifier)
	if err != nil {
		return err
	}
	index, err := tx.of(queued, notifier)
	if err != nil {
		return err
	}
	d := notify.Delivery{Alert: a, Queued: clock.Now()}
	if replaceable(a.Data.Kind) {
		if old, ok, err := tx.waiting(notifier, a.Data.Incident(), a.Data.Kind); err != nil {
			return err
		} else if ok {
			d.Alert.Data.Failures.SinceLastAlert += old.Alert.Data.Failures.SinceLastAlert
			if err := tx.remove(notifier, old); err != nil {
				return err
			}
		}
	}
	if err := tx.bound(notifier, out.b); err != nil {
		return err
	}
	tx.summary.Seq++
	tx.news = true
	d.Seq = tx.summary.Seq
	if kind := a.Data.Kind; kind == alert.Opened || replaceable(kind) {
		if err := index.put(where(a.Data.Incident(), kind), d.Seq); err != nil {
			return err
		}
	}
	return out.put(place(d), d)
}

func replaceable(k alert.Kind) bool { return k == alert.Reminder || k == alert.Storm }

// Withdraw takes an incident's opened out of a notifier's queue, and tells
// whether it was there and had not been tried yet.
func (tx *Tx) Withdraw(notifier string, incident alert.ID) (bool, error) {
	d, ok, err := tx.waiting(notifier, incident, alert.Opened)
	if err != nil || !ok || d.Attempts > 0 {
		return false, err
	}
	return true, tx.remove(notifier, d)
}

// waiting is the delivery of that kind that waits for an incident.
func (tx *Tx) waiting(notifier string, incident alert.ID, kind alert.Kind) (d notify.Delivery, ok bool, err error) {
	index, err := tx.of(queued, notifier)
	if err != nil {
		return d, false, err
	}
	if ok, err = index.get(where(incident, kind), &d.Seq); err != nil || !ok {
		return d, false, err
	}
	out, err := tx.of(outbox, notifier)
	if err != nil {
		return d, false, err
	}
	seq := d.Seq
	d.Alert.Data.Kind = kind
	ok, err = out.get(place(d), &d)
	d.Seq = seq
	return d, ok, err
}

// bound makes room for one more delivery.
func (tx *Tx) bound(notifier string, out *bolt.Bucket) error {
	c := out.Cursor()
	oldest, _ := c.First()
	if oldest == nil || tx.summary.Seq-binary.BigEndian.Uint64(oldest) < uint64(tx.maxQueue)-1 || out.Stats().KeyN < tx.maxQueue {
		return nil
	}
	var drop []byte
look:
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		switch letter := kindOf(k); {
		case letter == letters[alert.Reminder]:
			drop = k
			break look
		case drop == nil && letter != letters[alert.Opened] && letter != letters[alert.Storm]:
			drop = k
		}
	}
	if drop == nil {
		return nil // openeds and storms only: each of them has to be told
	}
	var d notify.Delivery
	if err := json.Unmarshal(out.Get(drop), &d); err != nil {
		return err
	}
	d.Seq = binary.BigEndian.Uint64(drop)
	if err := tx.remove(notifier, d); err != nil {
		return err
	}
	h, err := tx.Health(notifier)
	if err != nil {
		return err
	}
	h.Dropped++
	return tx.table(health).put([]byte(notifier), h)
}

// Changed returns a channel that is closed when the next delivery is queued or
// an incident changes.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Done removes a delivery that was accepted and keeps its receipt.
func (s *Store) Done(notifier string, d notify.Delivery, r notify.Receipt, h notify.Health) error {
	return s.Update(func(tx *Tx) error {
		if err := tx.setReceipt(notifier, d.Alert.Data.Incident(), r); err != nil {
			return err
		}
		if err := tx.setHealth(notifier, h); err != nil {
			return err
		}
		if err := tx.accepted(notifier, d, h.Succeeded); err != nil {
			return err
		}
		if err := tx.heard(notifier, d); err != nil {
			return err
		}
		return tx.remove(notifier, d)
	})
}

func (tx *Tx) remove(notifier string, d notify.Delivery) error {
	out, err := tx.of(outbox, notifier)
	if err != nil {
		return err
	}
	index, err := tx.of(queued, notifier)
	if err != nil {
		return err
	}
	var seq uint64
	key := where(d.Alert.Data.Incident(), d.Alert.Data.Kind)
	if ok, err := index.get(key, &seq); err != nil {
		return err
	} else if ok && seq == d.Seq {
		if err := index.delete(key); err != nil {
			return err
		}
	}
	return out.delete(place(d))
}

// Retry keeps a delivery at its place, with what was learnt about it and about
// the notifier. One that was taken out meanwhile stays out.
func (s *Store) Retry(notifier string, d notify.Delivery, h notify.Health) error {
	return s.Update(func(tx *Tx) error {
		if err := tx.setHealth(notifier, h); err != nil {
			return err
		}
		t, err := tx.of(outbox, notifier)
		if err != nil || t.b.Get(place(d)) == nil {
			return err
		}
		return t.put(place(d), d)
	})
}

// SetAside takes a delivery out of the queue and keeps it apart, for a person
// to look at.
func (s *Store) SetAside(notifier string, d notify.Delivery, h notify.Health) error {
	return s.Update(func(tx *Tx) error {
		if err := tx.setHealth(notifier, h); err != nil {
			return err
		}
		t, err := tx.of(aside, notifier)
		if err != nil {
			return err
		}
		for n := t.b.Stats().KeyN; n >= maxAside; n-- {
			oldest, _ := t.b.Cursor().First()
			if err := t.delete(oldest); err != nil {
				return err
			}
		}
		if err := t.put(place(d), d); err != nil {
			return err
		}
		return tx.remove(notifier, d)
	})
}

// letters mark the kind of a delivery in its key, so that the queue can be
// looked through without reading it.
var letters = map[alert.Kind]byte{
	alert.Opened: 'o', alert.Changed: 'c', alert.Reminder: 'r', alert.Quiet: 'q',
	alert.Storm: 's', alert.Blind: 'b', alert.Sighted: 'g', alert.Test: 't',
}

// place is the key of a delivery: its number, then its kind.
func place(d notify.Delivery) []byte {
	return append(binary.BigEndian.AppendUint64(nil, d.Seq), letters[d.Alert.Data.Kind])
}

func kindOf(key []byte) byte { return key[len(key)-1] }

// where is the key under which an incident's delivery of a kind is found.
func where(incident alert.ID, kind alert.Kind) []byte {
	return fmt.Appendf(nil, "%s#%s", incident, kind)
}

// Pause stores how a notifier fares when no delivery is concerned.
func (s *Store) Pause(notifier string, h notify.Health) error {
	return s.Update(func(tx *Tx) error { return tx.setHealth(notifier, h) })
}
