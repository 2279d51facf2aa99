package store

import (
	"encoding/binary"
	"encoding/json"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/notify"
)

// prepare makes the buckets of a new file, and brings an older version's file
// into the present form.
func prepare(db *bolt.DB) error {
	now := summary{}
	err := db.View(func(tx *bolt.Tx) (err error) {
		if b := tx.Bucket(meta); b != nil {
			now, err = readSummary(b.Get(summaryKey))
		}
		return err
	})
	if err != nil || now.Schema == schema {
		return err
	}
	return db.Update(func(btx *bolt.Tx) error {
		for _, name := range forms[schema] {
			if _, err := btx.CreateBucketIfNotExists(name); err != nil {
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
	for _, name := range [][]byte{outbox, aside} {
		var notifiers []string
		err := tx.tx.Bucket(name).ForEachBucket(func(k []byte) error {
			notifiers = append(notifiers, string(k))
			return nil
		})
		if err != nil {
			return err
		}
		for _, n := range notifiers {
			t, err := tx.of(name, n)
			if err != nil {
				return err
			}
			var all []notify.Delivery
			err = t.b.ForEach(func(k, v []byte) error {
				d := notify.Delivery{Seq: binary.BigEndian.Uint64(k)}
				if err := json.Unmarshal(v, &d); err != nil {
					return err
				}
				all = append(all, d)
				return nil
			})
			if err != nil {
				return err
			}
			for _, d := range all {
				if err := t.delete(binary.BigEndian.AppendUint64(nil, d.Seq)); err != nil {
					return err
				}
				if err := t.put(place(d), d); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
