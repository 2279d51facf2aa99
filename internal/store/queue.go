package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/notify"
)

// Changed returns a channel that is closed when the next delivery is queued.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Oldest is the delivery that has waited longest for a notifier; false when
// none waits.
func (s *Store) Oldest(notifier string) (notify.Delivery, bool, error) {
	var d notify.Delivery
	found := false
	err := s.db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(outbox).Bucket([]byte(notifier))
		if b == nil {
			return nil
		}
		k, v := b.Cursor().First()
		if k == nil {
			return nil
		}
		found = true
		if err := json.Unmarshal(v, &d); err != nil {
			return fmt.Errorf("state file: %w", err)
		}
		d.Seq = binary.BigEndian.Uint64(k)
		return nil
	})
	return d, found && err == nil, err
}

// Done removes a delivery that was accepted.
func (s *Store) Done(notifier string, d notify.Delivery) error {
	return s.Update(func(tx *Tx) error { return tx.remove(notifier, d) })
}

func (tx *Tx) remove(notifier string, d notify.Delivery) error {
	t, err := tx.of(outbox, notifier)
	if err != nil {
		return err
	}
	return t.delete(place(d.Seq))
}

// Retry keeps a delivery at its place, with what was learnt about it.
func (s *Store) Retry(notifier string, d notify.Delivery) error {
	return s.Update(func(tx *Tx) error {
		t, err := tx.of(outbox, notifier)
		if err != nil {
			return err
		}
		return t.put(place(d.Seq), d)
	})
}

// SetAside takes a delivery out of the queue and keeps it apart, for a person
// to look at.
func (s *Store) SetAside(notifier string, d notify.Delivery) error {
	return s.Update(func(tx *Tx) error {
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
		if err := t.put(place(d.Seq), d); err != nil {
			return err
		}
		return tx.remove(notifier, d)
	})
}

// Waiting counts the deliveries that wait, by notifier, and those set aside.
func (s *Store) Waiting() (waiting, setAside map[string]int, err error) {
	waiting, setAside = map[string]int{}, map[string]int{}
	err = s.db.View(func(tx *bolt.Tx) error {
		for name, counts := range map[string]map[string]int{string(outbox): waiting, string(aside): setAside} {
			b := tx.Bucket([]byte(name))
			if err := b.ForEachBucket(func(k []byte) error {
				counts[string(k)] = b.Bucket(k).Stats().KeyN
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return waiting, setAside, err
}

func place(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }
