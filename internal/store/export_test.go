package store

import (
	"encoding/json"
	"slices"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/notify"
)

// SummaryRecord is that of a file of another version.
func SummaryRecord(version int) []byte {
	record, err := summary{Schema: version}.record()
	if err != nil {
		panic(err)
	}
	return record
}

// SetMaxQueue gives the queues another bound.
func (s *Store) SetMaxQueue(n int) { s.maxQueue = n }

// Queue are the IDs of what waits for a notifier, oldest first.
func (s *Store) Queue(notifier string) (ids []string) {
	s.View(func(tx *Tx) error {
		return tx.tx.Bucket(outbox).Bucket([]byte(notifier)).ForEach(func(_, v []byte) error {
			var d notify.Delivery
			err := json.Unmarshal(v, &d)
			ids = append(ids, string(d.Alert.Data.ID))
			return err
		})
	})
	return ids
}

// Downgrade turns the file into one of an older schema.
func (s *Store) Downgrade(to int) error {
	return s.db.Update(func(btx *bolt.Tx) error {
		before, err := readSummary(btx.Bucket(meta).Get(summaryKey))
		if err != nil {
			return err
		}
		tx := &Tx{tx: btx, summary: before}
		if to == 1 {
			if err := tx.plainKeys("hub"); err != nil {
				return err
			}
		}
		for _, name := range forms[schema] {
			if slices.Contains(names(forms[to]), string(name)) {
				continue
			}
			if err := tx.clear(name); err != nil {
				return err
			}
			if err := btx.DeleteBucket(name); err != nil {
				return err
			}
		}
		tx.summary.Schema = to
		return tx.summary.write(btx)
	})
}

// plainKeys gives deliveries the keys of schema 1.
func (tx *Tx) plainKeys(notifier string) error {
	for _, name := range [][]byte{outbox, aside} {
		t, err := tx.of(name, notifier)
		if err != nil {
			return err
		}
		old := map[string]notify.Delivery{}
		if err := t.b.ForEach(func(k, v []byte) error {
			var d notify.Delivery
			err := json.Unmarshal(v, &d)
			old[string(k)] = d
			return err
		}); err != nil {
			return err
		}
		for k, d := range old {
			if err := t.delete([]byte(k)); err != nil {
				return err
			}
			if err := t.put([]byte(k)[:8], d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) clear(name []byte) error {
	var tables []table
	top := tx.table(name)
	tables = append(tables, top)
	top.b.ForEachBucket(func(k []byte) error {
		tables = append(tables, table{tx, top.b.Bucket(k), top.path + "/" + string(k)})
		return nil
	})
	for _, t := range tables {
		var keys []string
		t.b.ForEach(func(k, v []byte) error {
			if v != nil {
				keys = append(keys, string(k))
			}
			return nil
		})
		for _, k := range keys {
			if err := t.delete([]byte(k)); err != nil {
				return err
			}
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
		return tx.tx.Bucket(receipts).Bucket([]byte(notifier)).ForEach(func(k, _ []byte) error {
			ids = append(ids, string(k))
			return nil
		})
	})
	return ids
}
