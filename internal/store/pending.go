package store

import (
	"encoding/binary"
	"encoding/json"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

// Oldest is the delivery that has waited longest for a notifier, with the
// receipt of its incident; false when none waits.
func (s *Store) Oldest(notifier string) (d notify.Delivery, found bool, err error) {
	err = s.View(func(tx *Tx) error {
		b := tx.tx.Bucket(outbox).Bucket([]byte(notifier))
		if b == nil {
			return nil
		}
		k, v := b.Cursor().First()
		if k == nil {
			return nil
		}
		found = true
		d, err = tx.delivery(notifier, k, v)
		return err
	})
	return d, found && err == nil, err
}

// delivery is one in the outbox, with the receipt of its incident.
func (tx *Tx) delivery(notifier string, key, value []byte) (notify.Delivery, error) {
	d := notify.Delivery{Seq: binary.BigEndian.Uint64(key)}
	if err := json.Unmarshal(value, &d); err != nil {
		return d, err
	}
	if b := tx.tx.Bucket(receipts).Bucket([]byte(notifier)); b != nil {
		if r := b.Get([]byte(d.Alert.Data.Incident())); r != nil {
			d.Receipt = append(notify.Receipt{}, r...)
		}
	}
	return d, nil
}

// Next is the oldest delivery behind d before which none of the same incident
// waits, among the first thousand; false when there is none.
func (s *Store) Next(notifier string, d notify.Delivery) (next notify.Delivery, found bool, err error) {
	const most = 1000
	err = s.View(func(tx *Tx) error {
		b := tx.tx.Bucket(outbox).Bucket([]byte(notifier))
		if b == nil {
			return nil
		}
		seen := map[alert.ID]bool{}
		c := b.Cursor()
		k, v := c.First()
		for n := 0; k != nil && n < most; n++ {
			if next, err = tx.delivery(notifier, k, v); err != nil {
				return err
			}
			incident := next.Alert.Data.Incident()
			if found = next.Seq > d.Seq && !seen[incident]; found {
				return nil
			}
			seen[incident] = true
			k, v = c.Next()
		}
		return nil
	})
	return next, found && err == nil, err
}

// Waiting counts the deliveries that wait, by notifier, and those set aside.
func (s *Store) Waiting() (waiting, setAside map[string]int, err error) {
	waiting, setAside = map[string]int{}, map[string]int{}
	err = s.View(func(tx *Tx) error {
		for name, counts := range map[string]map[string]int{string(outbox): waiting, string(aside): setAside} {
			b := tx.tx.Bucket([]byte(name))
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
