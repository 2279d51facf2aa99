package store

import (
	"encoding/binary"
	"errors"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/notify"
)

// maxAside bounds the dead letters of one notifier; the oldest are deleted.
const maxAside = 1000

// maxQueue bounds the deliveries that wait for one notifier. Beyond it the
// oldest reminders are dropped, then the oldest of other kinds; but neither an
// opened nor a storm, which covers many incidents.
const maxQueue = 10_000

// Enqueue puts an alert after the deliveries of a notifier. A reminder, or a
// further alert of a storm, replaces an older one of the same incident that
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
	if a.Data.First() {
		if d.NoMention, err = tx.mentioned(notifier, a.Data.Cause.ID, d.Queued); err != nil {
			return err
		}
	}
	if err := tx.bound(notifier); err != nil {
		return err
	}
	tx.summary.Seq++
	tx.news = true
	d.Seq = tx.summary.Seq
	if kind := a.Data.Kind; kind == alert.Opened || replaceable(kind) {
		if err := index.put(indexKey(a.Data.Incident(), kind), d.Seq); err != nil {
			return err
		}
	}
	return out.put(outboxKey(d), d)
}

// mentioned reports whether a notifier has just mentioned people for a cause; if not, it
// does now.
func (tx *Tx) mentioned(notifier, cause string, now time.Time) (bool, error) {
	o, err := tx.Openings(cause)
	if err != nil {
		return false, err
	}
	o, may := o.Mention(notifier, now)
	return !may, tx.SetOpenings(cause, o)
}

func replaceable(k alert.Kind) bool { return k == alert.Reminder || k == alert.Storm }

// Withdraw removes an incident's opened from a notifier's queue, unless it has
// been attempted. It reports whether it did.
func (tx *Tx) Withdraw(notifier string, incident alert.ID) (bool, error) {
	d, ok, err := tx.waiting(notifier, incident, alert.Opened)
	if err != nil || !ok || d.Attempts > 0 {
		return false, err
	}
	if cause := d.Alert.Data.Cause.ID; !d.NoMention { // another alert may mention people instead
		o, err := tx.Openings(cause)
		if err := errors.Join(err, tx.SetOpenings(cause, o.Unmention(notifier))); err != nil {
			return false, err
		}
	}
	return true, tx.remove(notifier, d)
}

// waiting is the delivery of that kind that waits for an incident.
func (tx *Tx) waiting(notifier string, incident alert.ID, kind alert.Kind) (d notify.Delivery, ok bool, err error) {
	if ok, err = tx.read(queued, notifier).get(indexKey(incident, kind), &d.Seq); err != nil || !ok {
		return d, false, err
	}
	d.Alert.Data.Kind = kind
	ok, err = tx.read(outbox, notifier).get(outboxKey(d), &d)
	return d, ok, err
}

// bound makes room for one more delivery.
func (tx *Tx) bound(notifier string) error {
	out := tx.read(outbox, notifier)
	oldest := tx.summary.Seq
	for k := range out.all() {
		oldest = binary.BigEndian.Uint64(k)
		break
	}
	if tx.summary.Seq-oldest < uint64(tx.maxQueue)-1 || out.len() < tx.maxQueue {
		return nil
	}
	var drop []byte
	for k := range out.all() {
		kind := k[len(k)-1]
		if kind == letters[alert.Reminder] {
			drop = k
			break
		}
		if drop == nil && kind != letters[alert.Opened] && kind != letters[alert.Storm] {
			drop = k
		}
	}
	if drop == nil {
		return nil // openeds and storms only: each of them must be delivered
	}
	d, err := delivery(drop, out.raw(string(drop)))
	if err != nil {
		return err
	}
	if err := tx.remove(notifier, d); err != nil {
		return err
	}
	h, err := tx.Health(notifier)
	if err != nil {
		return err
	}
	h.Dropped++
	return tx.table(health).put(notifier, h)
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
		if err := tx.setDelivered(notifier, d, h.Succeeded); err != nil {
			return err
		}
		if err := tx.sentAnyway(notifier, d); err != nil {
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
	key := indexKey(d.Alert.Data.Incident(), d.Alert.Data.Kind)
	if ok, err := index.get(key, &seq); err != nil {
		return err
	} else if ok && seq == d.Seq {
		if err := index.delete(key); err != nil {
			return err
		}
	}
	return out.delete(outboxKey(d))
}

// Retry keeps a delivery at its position and updates it and the notifier's health. One
// that was removed meanwhile stays removed.
func (s *Store) Retry(notifier string, d notify.Delivery, h notify.Health) error {
	return s.Update(func(tx *Tx) error {
		if err := tx.setHealth(notifier, h); err != nil {
			return err
		}
		t, err := tx.of(outbox, notifier)
		if err != nil || t.raw(outboxKey(d)) == nil {
			return err
		}
		return t.put(outboxKey(d), d)
	})
}

// SetAside moves a delivery from the queue to the dead letters.
func (s *Store) SetAside(notifier string, d notify.Delivery, h notify.Health) error {
	return s.Update(func(tx *Tx) error {
		if err := tx.setHealth(notifier, h); err != nil {
			return err
		}
		t, err := tx.of(aside, notifier)
		if err != nil {
			return err
		}
		dead := t.names()
		for _, oldest := range dead[:max(len(dead)-maxAside+1, 0)] {
			if err := t.delete(oldest); err != nil {
				return err
			}
		}
		if err := t.put(outboxKey(d), d); err != nil {
			return err
		}
		return tx.remove(notifier, d)
	})
}

// letters mark the kind of a delivery in its key, so that the queue can be
// searched without reading its records.
var letters = map[alert.Kind]byte{
	alert.Opened: 'o', alert.Changed: 'c', alert.Reminder: 'r', alert.Quiet: 'q', alert.Resolved: 'v',
	alert.Storm: 's', alert.Blind: 'b', alert.Sighted: 'g', alert.Test: 't',
}

// outboxKey is the key of a delivery: its number, then its kind.
func outboxKey(d notify.Delivery) string {
	return string(append(binary.BigEndian.AppendUint64(nil, d.Seq), letters[d.Alert.Data.Kind]))
}

// indexKey is the key in queued of an incident's delivery of a kind.
func indexKey(incident alert.ID, kind alert.Kind) string {
	return string(incident) + "#" + string(kind)
}
