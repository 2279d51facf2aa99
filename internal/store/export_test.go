package store

import (
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// SummaryRecord is that of a file of another version.
func SummaryRecord(version int) []byte {
	record, err := summary{Schema: version}.record()
	if err != nil {
		panic(err)
	}
	return record
}

// SetMaxQueued gives the queues another bound, in bytes.
func (s *Store) SetMaxQueued(n int) { s.maxQueued = n }

// Queue are the IDs of what waits for a notifier, oldest first.
func (s *Store) Queue(notifier string) (ids []string) {
	s.View(func(tx *Tx) error {
		for k, v := range tx.read(outbox, notifier).all() {
			d, err := delivery(k, v)
			if err != nil {
				return err
			}
			ids = append(ids, string(d.Alert.Data.ID))
		}
		return nil
	})
	return ids
}

// OneSync says that a transaction is synced once.
func (s *Store) OneSync() bool { return s.db.NoSync }

// Downgrade turns the file into one of an older schema.
func (s *Store) Downgrade(to int) error {
	return s.db.Update(func(btx *bolt.Tx) error {
		before, err := readSummary(btx.Bucket([]byte(meta)).Get([]byte(summaryKey)))
		if err != nil {
			return err
		}
		before.Tx = 0
		tx := &Tx{tx: btx, summary: before}
		if to == 1 {
			if err := tx.plainKeys("hub"); err != nil {
				return err
			}
		}
		for _, name := range forms[schema] {
			if slices.Contains(forms[to], name) {
				continue
			}
			if err := tx.clear(name); err != nil {
				return err
			}
			if err := btx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
		}
		tx.summary.Schema = to
		return tx.summary.write(btx)
	})
}

// plainKeys gives deliveries the keys of schema 1.
func (tx *Tx) plainKeys(notifier string) error {
	for _, name := range []string{outbox, aside} {
		t, err := tx.of(name, notifier)
		if err != nil {
			return err
		}
		for _, k := range t.names() {
			d, err := delivery([]byte(k), t.raw(k))
			if err != nil {
				return err
			}
			if err := errors.Join(t.delete(k), t.put(k[:8], d)); err != nil {
				return err
			}
		}
	}
	return nil
}

// clear deletes the records of a bucket, or of those within it.
func (tx *Tx) clear(name string) error {
	none := func(string) (bool, error) { return false, nil }
	for _, key := range tx.read(name).names() {
		if tx.read(name, key).b == nil {
			return tx.table(name).retain(none)
		}
		t, err := tx.of(name, key)
		if err := errors.Join(err, t.retain(none)); err != nil {
			return err
		}
	}
	return nil
}

// Writes counts the transactions that changed something.
func (s *Store) Writes() (n int) {
	s.View(func(tx *Tx) error {
		n = tx.tx.ID()
		return nil
	})
	return n
}

// Receipts are the incidents that a notifier has one of.
func (s *Store) Receipts(notifier string) (ids []string) {
	s.View(func(tx *Tx) error {
		ids = tx.read(receipts, notifier).names()
		return nil
	})
	return ids
}
