package boltcheck_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/store/boltcheck"
)

// written is a file of bbolt's with trees of several pages, buckets in buckets,
// an overlong record and free pages; and its records.
func written(t *testing.T) (file []byte, records map[string]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	records = map[string]string{}
	for round := range 3 {
		err := db.Update(func(tx *bolt.Tx) error {
			for _, name := range []string{"a", "b", "empty"} {
				top, err := tx.CreateBucketIfNotExists([]byte(name))
				if err != nil {
					return err
				}
				inside, err := top.CreateBucketIfNotExists([]byte("inside"))
				if err != nil || name == "empty" {
					return err
				}
				for i := range 200 {
					key, value := fmt.Sprintf("key %03d", i), fmt.Sprintf("value %d %d", round, i)
					if i == 77 {
						value = string(bytes.Repeat([]byte("long "), 3000))
					}
					records["/"+name+" "+key], records["/"+name+"/inside "+key] = value, value
					if err := errors.Join(top.Put([]byte(key), []byte(value)), inside.Put([]byte(key), []byte(value))); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	db.Close()
	if file, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return file, records
}

func check(file []byte) (records map[string]string, buckets []string, oneMeta bool, err error) {
	records = map[string]string{}
	found, err := boltcheck.Check(bytes.NewReader(file), int64(len(file)), false, func(bucket string, key, value []byte) {
		records[bucket+" "+string(key)] = string(value)
	})
	return records, found.Buckets, found.OneMeta, err
}

// Every record of a file is found, under the path of its bucket.
func TestCheck(t *testing.T) {
	file, want := written(t)
	got, buckets, oneMeta, err := check(file)
	if err != nil || oneMeta || !slices.Equal(buckets, []string{"a", "b", "empty"}) || !reflect.DeepEqual(got, want) {
		t.Errorf("%d records of %d in %q, %v, %v", len(got), len(want), buckets, oneMeta, err)
	}
}

// What bbolt would believe is noticed: damage at the beginning of a page is an
// error of type Damage, unless the page is free; of one meta page, the other is
// used.
func TestDamage(t *testing.T) {
	file, _ := written(t)
	size, found := os.Getpagesize(), 0
	for at := 0; at < len(file); at += size {
		b := slices.Clone(file)
		copy(b[at:], bytes.Repeat([]byte{0xFF}, 64))
		_, _, oneMeta, err := check(b)
		var damage boltcheck.Damage
		switch {
		case at < 2*size && (err != nil || !oneMeta):
			t.Errorf("meta page at %d: %v, %v", at, oneMeta, err)
		case err != nil && !errors.As(err, &damage):
			t.Errorf("page at %d: %v", at, err)
		case err != nil:
			found++
		}
	}
	if found < 10 {
		t.Errorf("%d damaged pages were noticed", found)
	}
	for _, n := range []int{0, 1, size, 2 * size, len(file) / 2} {
		if _, _, _, err := check(file[:n]); err == nil {
			t.Errorf("cut to %d bytes, nothing is noticed", n)
		}
	}
}
