package store

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// table is a bucket. One that does not exist is empty, and made by put. Changes are added up in the
// summary.
type table struct {
	tx   *Tx
	path []string
	b    *bolt.Bucket // nil = it does not exist
}

// table is the bucket at a path: one at the top, such as outbox, or in it that of a notifier.
func (tx *Tx) table(path ...string) *table {
	b := tx.tx.Bucket([]byte(path[0]))
	if b != nil && len(path) > 1 {
		b = b.Bucket([]byte(path[1]))
	}
	return &table{tx, path, b}
}

// raw is a record, nil when there is none.
func (t *table) raw(key string) []byte {
	if t.b == nil {
		return nil
	}
	return t.b.Get([]byte(key))
}

// get reads a record; false when there is none.
func (t *table) get(key string, into any) bool {
	text := t.raw(key)
	if text == nil {
		return false
	}
	t.tx.Fail(json.Unmarshal(text, into))
	return true
}

// load is a record, or the zero value when there is none.
func load[T any](t *table, key string) (record T) {
	t.get(key, &record)
	return record
}

// len walks over the whole bucket.
func (t *table) len() int {
	if t.b == nil {
		return 0
	}
	return t.b.Stats().KeyN
}

// all yields keys and values by key. The bucket must not be changed meanwhile.
func (t *table) all() iter.Seq2[[]byte, []byte] { return t.withPrefix("") }

// withPrefix is all of the keys that begin with a text.
func (t *table) withPrefix(prefix string) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		if t.b == nil {
			return
		}
		c := t.b.Cursor()
		for k, v := c.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)) && yield(k, v); k, v = c.Next() {
		}
	}
}

// names are the keys, by key: those of a bucket of buckets are the notifiers.
func (t *table) names() []string {
	var all []string
	for k := range t.all() {
		all = append(all, string(k))
	}
	return all
}

// put stores a record. One that is stored already as it is changes nothing.
func (t *table) put(key string, value any) {
	text, err := json.Marshal(value)
	t.tx.Fail(err)
	if t.tx.err != nil || string(t.raw(key)) == string(text) {
		return
	}
	if t.b == nil {
		if t.b, err = t.tx.tx.Bucket([]byte(t.path[0])).CreateBucketIfNotExists([]byte(t.path[1])); err != nil {
			t.tx.Fail(err)
			return
		}
	}
	t.delete(key)
	t.change(1, key, text)
	t.tx.Fail(t.b.Put([]byte(key), text))
}

func (t *table) delete(key string) {
	if text := t.raw(key); text != nil {
		t.change(-1, key, text)
		t.tx.Fail(t.b.Delete([]byte(key)))
	}
}

// change adds a record to the summary, or with -1 takes it out.
func (t *table) change(n int, key string, text []byte) {
	sum := digest("/"+strings.Join(t.path, "/"), []byte(key), text)
	if n < 0 {
		sum = -sum
	}
	t.tx.changed = true
	t.tx.summary.Sum += sum
	if t.tx.summary.Records += n; t.path[0] == incidents {
		t.tx.summary.Open += n
	}
}

// retain deletes the records that are not to be kept.
func (t *table) retain(keep func(key string) bool) {
	for _, key := range t.names() {
		if !keep(key) {
			t.delete(key)
		}
	}
}

// ofAll yields the bucket of every notifier within another one.
func (tx *Tx) ofAll(name string) iter.Seq2[string, *table] {
	return func(yield func(string, *table) bool) {
		for _, notifier := range tx.table(name).names() {
			if !yield(notifier, tx.table(name, notifier)) {
				return
			}
		}
	}
}

// deleteOf deletes the bucket of a notifier within another one, if there is one.
func (tx *Tx) deleteOf(name, notifier string) {
	t := tx.table(name, notifier)
	if t.b == nil {
		return
	}
	t.retain(func(string) bool { return false })
	tx.changed = true
	tx.Fail(tx.tx.Bucket([]byte(name)).DeleteBucket([]byte(notifier)))
}
