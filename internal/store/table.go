package store

import (
	"bytes"
	"encoding/json"
	"iter"

	bolt "go.etcd.io/bbolt"
)

// view is a bucket to read from; one that does not exist is empty.
type view struct {
	tx *Tx
	b  *bolt.Bucket
}

// read is the bucket at a path, such as outbox and the name of a notifier.
func (tx *Tx) read(path ...string) view {
	b := tx.tx.Bucket([]byte(path[0]))
	for _, name := range path[1:] {
		if b != nil {
			b = b.Bucket([]byte(name))
		}
	}
	return view{tx, b}
}

// raw is a record, nil when there is none.
func (v view) raw(key string) []byte {
	if v.b == nil {
		return nil
	}
	return v.b.Get([]byte(key))
}

// get reads a record; false when there is none.
func (v view) get(key string, into any) bool {
	text := v.raw(key)
	if text == nil {
		return false
	}
	v.tx.Fail(json.Unmarshal(text, into))
	return true
}

// len walks over the whole bucket.
func (v view) len() int {
	if v.b == nil {
		return 0
	}
	return v.b.Stats().KeyN
}

// all yields keys and values by key. The bucket must not be changed meanwhile.
func (v view) all() iter.Seq2[[]byte, []byte] {
	return v.walk((*bolt.Cursor).First, (*bolt.Cursor).Next)
}

// withPrefix yields the keys that begin with a text.
func (v view) withPrefix(prefix string) iter.Seq2[[]byte, []byte] {
	first := func(c *bolt.Cursor) ([]byte, []byte) { return c.Seek([]byte(prefix)) }
	return func(yield func(k, v []byte) bool) {
		for k, value := range v.walk(first, (*bolt.Cursor).Next) {
			if !bytes.HasPrefix(k, []byte(prefix)) || !yield(k, value) {
				return
			}
		}
	}
}

// backward is all with the greatest key first.
func (v view) backward() iter.Seq2[[]byte, []byte] {
	return v.walk((*bolt.Cursor).Last, (*bolt.Cursor).Prev)
}

func (v view) walk(first, next func(*bolt.Cursor) (k, v []byte)) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		if v.b == nil {
			return
		}
		c := v.b.Cursor()
		for k, value := first(c); k != nil && yield(k, value); k, value = next(c) {
		}
	}
}

// names are the keys, by key: those of a bucket of buckets are the notifiers.
func (v view) names() []string {
	var all []string
	for k := range v.all() {
		all = append(all, string(k))
	}
	return all
}

// table is a bucket to write to. Its changes are added up in the summary.
type table struct {
	view
	path string
}

// table is a bucket at the top.
func (tx *Tx) table(name string) table { return table{tx.read(name), "/" + name} }

// of is the bucket of a notifier within another one, made if it is missing.
func (tx *Tx) of(name, notifier string) table {
	b, err := tx.tx.Bucket([]byte(name)).CreateBucketIfNotExists([]byte(notifier))
	tx.Fail(err)
	return table{view{tx, b}, "/" + name + "/" + notifier}
}

// put stores a record. One that is stored already as it is changes nothing.
func (t table) put(key string, value any) {
	text, err := json.Marshal(value)
	t.tx.Fail(err)
	if t.tx.err != nil || string(t.raw(key)) == string(text) {
		return
	}
	t.delete(key)
	t.tx.changed = true
	t.count(1)
	t.tx.summary.Sum += digest(t.path, []byte(key), text)
	t.tx.Fail(t.b.Put([]byte(key), text))
}

func (t table) delete(key string) {
	text := t.raw(key)
	if text == nil {
		return
	}
	t.tx.changed = true
	t.count(-1)
	t.tx.summary.Sum -= digest(t.path, []byte(key), text)
	t.tx.Fail(t.b.Delete([]byte(key)))
}

// count counts records.
func (t table) count(n int) {
	if t.tx.summary.Records += n; t.path == "/"+incidents {
		t.tx.summary.Open += n
	}
}

// retain deletes the records that are not to be kept.
func (t table) retain(keep func(key string) bool) {
	for _, key := range t.names() {
		if !keep(key) {
			t.delete(key)
		}
	}
}

// ofAll yields the bucket of every notifier within another one.
func (tx *Tx) ofAll(name string) iter.Seq2[string, table] {
	return func(yield func(string, table) bool) {
		for _, notifier := range tx.read(name).names() {
			if !yield(notifier, tx.of(name, notifier)) {
				return
			}
		}
	}
}

// deleteOf deletes the bucket of a notifier within another one, if there is one.
func (tx *Tx) deleteOf(name, notifier string) {
	if tx.read(name, notifier).b == nil {
		return
	}
	tx.of(name, notifier).retain(func(string) bool { return false })
	tx.changed = true
	tx.Fail(tx.tx.Bucket([]byte(name)).DeleteBucket([]byte(notifier)))
}
