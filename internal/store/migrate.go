package store

import bolt "go.etcd.io/bbolt"

// prepare makes the buckets of a new file, and migrates an older version's file to
// the current schema.
func prepare(db *bolt.DB) error {
	now := summary{}
	err := db.View(func(tx *bolt.Tx) (err error) {
		if b := tx.Bucket([]byte(meta)); b != nil {
			now, err = readSummary(b.Get([]byte(summaryKey)))
		}
		return err
	})
	if err != nil || now.Schema == schema {
		return err
	}
	return db.Update(func(btx *bolt.Tx) error {
		for _, name := range forms[schema] {
			if _, err := btx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		tx := &Tx{tx: btx, summary: now}
		if now.Schema == 1 {
			if err := tx.letterKeys(); err != nil {
				return err
			}
		}
		tx.summary.Schema = schema
		return tx.summary.write(btx)
	})
}

// letterKeys gives deliveries of schema 1, whose keys were their number alone,
// the keys that they have now.
func (tx *Tx) letterKeys() error {
	rekey := func(_ string, t table) error {
		for _, key := range t.names() {
			d, err := delivery([]byte(key), t.raw(key))
			if err != nil {
				return err
			}
			if err := t.delete(key); err != nil {
				return err
			}
			if err := t.put(outboxKey(d), d); err != nil {
				return err
			}
		}
		return nil
	}
	if err := tx.ofAll(outbox, rekey); err != nil {
		return err
	}
	return tx.ofAll(aside, rekey)
}
