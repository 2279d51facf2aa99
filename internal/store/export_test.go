package store

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
	s.View(func(tx *Tx) {
		for d := range tx.queue(notifier) {
			ids = append(ids, string(d.Alert.Data.ID))
		}
	})
	return ids
}

// OneSync says that a transaction is synced once.
func (s *Store) OneSync() bool { return s.db.NoSync }

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
		ids = tx.read(receipts, notifier).names()
	})
	return ids
}
