// Package boltcheck checks a bbolt file by reading it, before bbolt maps it into memory
// and trusts it.
//
// It does not use bbolt: the form of the file has been the same since bolt 1.0,
// see https://github.com/etcd-io/bbolt/tree/main/internal/common. bbolt's own
// check needs the file mapped, in a goroutine where a fault of the memory map
// cannot be caught.
package boltcheck

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// Damage says what is wrong with a file.
type Damage string

func (d Damage) Error() string { return string(d) }

func damaged(format string, args ...any) error { return Damage(fmt.Sprintf(format, args...)) }

// checker reads a file page by page and checks all that bbolt takes for granted.
type checker struct {
	file   io.ReaderAt
	size   int64
	record Record

	page    int             // bytes of a page
	high    uint64          // pages from here on were never written
	used    map[uint64]bool // pages met so far
	buckets []string        // at the top
}

const (
	headerSize  = 16 // of a page: id 8, flags 2, count 2, overflow 4
	elementSize = 16
	maxDepth    = 32

	branchPage, leafPage, freelistPage = 0x01, 0x02, 0x10
)

var order = binary.NativeEndian

// Record is called with a record and the path of its bucket, such as
// "/outbox/ops".
type Record func(bucket string, key, value []byte)

// Found is what a file holds.
type Found struct {
	Buckets []string // the names of those at the top
	Tx      uint64   // the number of the transaction that wrote it last; bbolt makes a new file with 0 and 1
	OneMeta bool     // one of the file's two meta pages is damaged, and the other one is used, as bbolt does
}

// Check reads every page in use and calls record with every record. An error that is not a
// Damage means that the file could not be read.
func Check(file io.ReaderAt, size int64, record Record) (Found, error) {
	c := &checker{file: file, size: size, record: record, used: map[uint64]bool{}}
	newer, _, intact, err := c.metas()
	if err == nil {
		err = c.pages(newer)
	}
	return Found{c.buckets, newer.tx, intact == 1}, err
}

// CheckBefore is Check of the file as it was one transaction before. Pages of that time are
// still there, since bbolt overwrites a page one transaction after it was freed.
func CheckBefore(file io.ReaderAt, size int64, record Record) (Found, error) {
	c := &checker{file: file, size: size, record: record, used: map[uint64]bool{}}
	newer, older, intact, err := c.metas()
	switch {
	case err != nil:
		return Found{}, err
	case intact < 2 || older.tx+1 != newer.tx:
		return Found{}, damaged("it has no previous state")
	}
	err = c.pages(older)
	return Found{Buckets: c.buckets, Tx: older.tx}, err
}

// TakeBack makes the file what it was one transaction before, which CheckBefore has found
// whole: the newer meta page is overwritten. It is on disk when TakeBack returns nil.
func TakeBack(file *os.File, size int64) error {
	c := &checker{file: file, size: size}
	newer, _, _, err := c.metas()
	if err != nil {
		return err
	}
	if _, err := file.WriteAt(make([]byte, c.page), int64(newer.tx%2)*int64(c.page)); err != nil {
		return err
	}
	return file.Sync()
}

type metaPage struct{ page, root, freelist, high, tx uint64 }

// metas reads the two meta pages, of which as many as intact says are.
func (c *checker) metas() (newer, older metaPage, intact int, err error) {
	first, err1 := c.meta(0)
	if err1 == nil {
		c.page = int(first.page)
	} else {
		c.page = os.Getpagesize()
	}
	second, err2 := c.meta(int64(c.page))
	switch {
	case err1 != nil && err2 != nil:
		return metaPage{}, metaPage{}, 0, err1
	case err1 != nil:
		return second, metaPage{}, 1, nil
	case err2 != nil:
		return first, metaPage{}, 1, nil
	case second.tx > first.tx:
		return second, first, 2, nil
	}
	return first, second, 2, nil
}

// pages reads all that a meta page leads to.
func (c *checker) pages(first metaPage) error {
	if first.page != uint64(c.page) || c.page < 512 || c.page > 1<<16 ||
		first.high > uint64(c.size)/uint64(c.page) {
		return damaged("it has %d bytes, but its header says %d pages of %d bytes", c.size, first.high, first.page)
	}
	c.high = first.high
	root, err := c.read(first.root)
	if err != nil {
		return err
	}
	if err := c.tree("", root, nil, nil, 0); err != nil {
		return err
	}
	return c.free(first.freelist)
}

// meta reads a meta page: magic, version, page size, flags, root, sequence,
// freelist, high-water mark, transaction, checksum.
func (c *checker) meta(at int64) (metaPage, error) {
	m := make([]byte, 64)
	if err := c.readAt(m, at+headerSize); err != nil {
		return metaPage{}, err
	}
	sum := fnv.New64a()
	sum.Write(m[:56])
	if order.Uint32(m) != 0xED0CDAED || order.Uint32(m[4:]) != 2 || order.Uint64(m[56:]) != sum.Sum64() {
		return metaPage{}, damaged("it is not a state file, or its header is damaged")
	}
	return metaPage{
		page: uint64(order.Uint32(m[8:])), root: order.Uint64(m[16:]), freelist: order.Uint64(m[32:]),
		high: order.Uint64(m[40:]), tx: order.Uint64(m[48:]),
	}, nil
}

func (c *checker) readAt(p []byte, at int64) error {
	if at < 0 || at+int64(len(p)) > c.size {
		return damaged("it ends before byte %d", at+int64(len(p)))
	}
	if _, err := c.file.ReadAt(p, at); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// read is a page with its overflow, which nothing else may use.
func (c *checker) read(id uint64) ([]byte, error) {
	if id < 2 || id >= c.high {
		return nil, damaged("there is no page %d", id)
	}
	at := int64(id) * int64(c.page)
	p := make([]byte, headerSize)
	if err := c.readAt(p, at); err != nil {
		return nil, err
	}
	more := uint64(order.Uint32(p[12:]))
	if order.Uint64(p) != id || id+more >= c.high {
		return nil, damaged("page %d is damaged", id)
	}
	for i := id; i <= id+more; i++ {
		if err := c.use(i); err != nil {
			return nil, err
		}
	}
	p = make([]byte, (more+1)*uint64(c.page))
	return p, c.readAt(p, at)
}

func (c *checker) use(id uint64) error {
	if id < 2 || id >= c.high || c.used[id] {
		return damaged("page %d is used twice or does not exist", id)
	}
	c.used[id] = true
	return nil
}

// free reads the list of free pages.
func (c *checker) free(id uint64) error {
	p, err := c.read(id)
	if err != nil {
		return err
	}
	n, ids := uint64(order.Uint16(p[10:])), p[headerSize:]
	if n == 0xFFFF {
		n, ids = order.Uint64(ids), ids[8:]
	}
	if order.Uint16(p[8:]) != freelistPage || n > uint64(len(ids)/8) {
		return damaged("its list of free pages is damaged")
	}
	last := uint64(0)
	for ; n > 0; n, ids = n-1, ids[8:] {
		id := order.Uint64(ids)
		if id <= last {
			return damaged("its list of free pages is out of order")
		}
		if last = id; c.use(id) != nil {
			return damaged("page %d is free and in use", id)
		}
	}
	return nil
}

// tree reads a bucket's page and all below it. Its keys rise, from low on and
// below high (nil = no bound).
func (c *checker) tree(path string, p, low, high []byte, depth int) error {
	flags, count := order.Uint16(p[8:]), int(order.Uint16(p[10:]))
	if depth > maxDepth || headerSize+count*elementSize > len(p) ||
		flags != leafPage && (flags != branchPage || count == 0) {
		return damaged("a page of %q is damaged", path)
	}
	var keys [][]byte
	for i := range count {
		element := p[headerSize+i*elementSize:]
		at, size := uint64(order.Uint32(element)), uint64(order.Uint32(element[4:])) // of the key
		if flags == leafPage {
			at, size = uint64(order.Uint32(element[4:])), uint64(order.Uint32(element[8:]))
		}
		if at+size > uint64(len(element)) {
			return damaged("a key of %q is damaged", path)
		}
		key := element[at : at+size]
		if i > 0 && bytes.Compare(keys[i-1], key) >= 0 || low != nil && bytes.Compare(key, low) < 0 ||
			high != nil && bytes.Compare(key, high) >= 0 {
			return damaged("the keys of %q are out of order", path)
		}
		keys = append(keys, key)
		if flags == leafPage {
			if err := c.leaf(path, key, element, at+size, depth); err != nil {
				return err
			}
		}
	}
	if flags == leafPage {
		return nil
	}
	for i, key := range keys {
		child, err := c.read(order.Uint64(p[headerSize+i*elementSize+8:]))
		if err != nil {
			return err
		}
		below := high
		if i+1 < count {
			below = keys[i+1]
		}
		if err := c.tree(path, child, key, below, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// leaf reads one record, or one bucket, whose page may be in its value.
func (c *checker) leaf(path string, key, element []byte, at uint64, depth int) error {
	kind, size := order.Uint32(element), uint64(order.Uint32(element[12:]))
	if kind > 1 || at+size > uint64(len(element)) {
		return damaged("the record %q is damaged", key)
	}
	value := element[at : at+size]
	switch {
	case kind == 1 && len(value) < 16:
		return damaged("the bucket %q is damaged", key)
	case kind == 1:
		inside := path + "/" + string(key)
		if path == "" {
			c.buckets = append(c.buckets, string(key))
		}
		if root := order.Uint64(value); root != 0 {
			p, err := c.read(root)
			if err != nil {
				return err
			}
			return c.tree(inside, p, nil, nil, depth+1)
		}
		if len(value) < 16+headerSize {
			return damaged("the bucket %q is damaged", key)
		}
		return c.tree(inside, value[16:], nil, nil, depth+1)
	}
	c.record(path, key, value)
	return nil
}
