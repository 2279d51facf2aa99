package store

import (
	"slices"

	bolt "go.etcd.io/bbolt"
)

// SummaryRecord is that of a file of another version.
func SummaryRecord(version int) []byte { return summary{Schema: version}.record() }

// SetMaxQueued gives the queues another bound, in bytes.
func (s *Store) SetMaxQueued(n int) { s.maxQueued = n }

// Queue are the IDs of what waits for a notifier, oldest first.
func (s *Store) Queue(notifier string) (ids []string) {
	s.View(func(tx *Tx) {
		for d := range tx.queue(notifier) {
			ids = append(ids, string(d.Alert.Data.ID))
		}
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
			tx.plainKeys("hub")
		}
		for _, name := range forms[schema] {
			if !slices.Contains(forms[to], name) {
				tx.clear(name)
				tx.Fail(btx.DeleteBucket([]byte(name)))
			}
		}
		if tx.err != nil {
			return tx.err
		}
		tx.summary.Schema = to
		return tx.summary.write(btx)
	})
}

// plainKeys gives deliveries the keys of schema 1.
func (tx *Tx) plainKeys(notifier string) {
	for _, name := range []string{outbox, aside} {
		t := tx.table(name, notifier)
		for _, k := range t.names() {
			d := tx.delivery([]byte(k), t.raw(k))
			t.delete(k)
			t.put(k[:8], d)
		}
	}
}

// clear deletes the records of a bucket, or of those within it.
func (tx *Tx) clear(name string) {
	none := func(string) bool { return false }
	for _, key := range tx.table(name).names() {
		if tx.table(name, key).b == nil {
			tx.table(name).retain(none)
			return
		}
		tx.table(name, key).retain(none)
	}
}

// Writes counts the transactions that changed something.
func (s *Store) Writes() (n int) {
	s.View(func(tx *Tx) {
		n = tx.tx.ID()
	})
	return n
}

// Receipts are the incidents that a notifier has one of.
func (s *Store) Receipts(notifier string) (ids []string) {
	s.View(func(tx *Tx) {
		ids = tx.table(receipts, notifier).names()
	})
	return ids
}
