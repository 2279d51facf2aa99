package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// checker reads a file of bbolt's form 2 page by page and checks all that
// bbolt takes for granted. The form has been the same since bolt 1.0:
// https://github.com/etcd-io/bbolt/tree/main/internal/common
type checker struct {
	file io.ReaderAt
	size int64

	page    int             // bytes of a page
	high    uint64          // pages from here on were never written
	used    map[uint64]bool // pages met so far
	buckets []string        // at the top
	found   summary
	summary []byte // the record that says what there should be
}

const (
	headerSize  = 16 // of a page: id 8, flags 2, count 2, overflow 4
	elementSize = 16
	maxDepth    = 32

	branchPage, leafPage, freelistPage = 0x01, 0x02, 0x10
)

var order = binary.NativeEndian

type head struct{ page, root, freelist, high, tx uint64 }

// pages walks over the whole file. halved: one of the two heads is damaged, and
// the other one was used, as bbolt does.
func (c *checker) pages() (halved bool, err error) {
	first, err1 := c.head(0)
	if err1 == nil {
		c.page = int(first.page)
	} else {
		c.page = os.Getpagesize()
	}
	second, err2 := c.head(int64(c.page))
	switch {
	case err1 != nil && err2 != nil:
		return false, err1
	case err1 != nil || err2 == nil && second.tx > first.tx:
		first = second
	}
	if first.page != uint64(c.page) || c.page < 512 || c.page > 1<<16 || first.high > uint64(c.size)/uint64(c.page) {
		return false, unsound("it has %d bytes, its head says %d pages of %d", c.size, first.high, first.page)
	}
	c.high = first.high
	root, err := c.read(first.root)
	if err != nil {
		return false, err
	}
	if err := c.tree("", root, nil, nil, 0); err != nil {
		return false, err
	}
	if err := c.free(first.freelist); err != nil {
		return false, err
	}
	return err1 != nil || err2 != nil, nil
}

// head reads a meta page: magic, version, page size, flags, root, sequence,
// freelist, high-water mark, transaction, checksum.
func (c *checker) head(at int64) (head, error) {
	m := make([]byte, 64)
	if err := c.readAt(m, at+headerSize); err != nil {
		return head{}, err
	}
	sum := fnv.New64a()
	sum.Write(m[:56])
	if order.Uint32(m) != 0xED0CDAED || order.Uint32(m[4:]) != 2 || order.Uint64(m[56:]) != sum.Sum64() {
		return head{}, unsound("it is no state file, or its head is damaged")
	}
	return head{uint64(order.Uint32(m[8:])), order.Uint64(m[16:]), order.Uint64(m[32:]), order.Uint64(m[40:]), order.Uint64(m[48:])}, nil
}

func (c *checker) readAt(p []byte, at int64) error {
	if at < 0 || at+int64(len(p)) > c.size {
		return unsound("it ends before byte %d", at+int64(len(p)))
	}
	if _, err := c.file.ReadAt(p, at); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// read is a page with its overflow, which nothing else may use.
func (c *checker) read(id uint64) ([]byte, error) {
	if id < 2 || id >= c.high {
		return nil, unsound("there is no page %d", id)
	}
	at := int64(id) * int64(c.page)
	p := make([]byte, headerSize)
	if err := c.readAt(p, at); err != nil {
		return nil, err
	}
	more := uint64(order.Uint32(p[12:]))
	if order.Uint64(p) != id || id+more >= c.high {
		return nil, unsound("page %d is damaged", id)
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
		return unsound("page %d is used twice, or is none", id)
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
		return unsound("its list of free pages is damaged")
	}
	last := uint64(0)
	for ; n > 0; n, ids = n-1, ids[8:] {
		id := order.Uint64(ids)
		if id <= last {
			return unsound("its list of free pages is out of order")
		}
		if last = id; c.use(id) != nil {
			return unsound("page %d is free and in use", id)
		}
	}
	return nil
}

// tree reads a bucket's page and all below it. Its keys rise, from low on and
// below high (nil = no bound).
func (c *checker) tree(path string, p, low, high []byte, depth int) error {
	flags, count := order.Uint16(p[8:]), int(order.Uint16(p[10:]))
	if depth > maxDepth || headerSize+count*elementSize > len(p) || flags != leafPage && (flags != branchPage || count == 0) {
		return unsound("a page of %q is damaged", path)
	}
	var keys [][]byte
	for i := range count {
		element := p[headerSize+i*elementSize:]
		at, size := uint64(order.Uint32(element)), uint64(order.Uint32(element[4:])) // of the key
		if flags == leafPage {
			at, size = uint64(order.Uint32(element[4:])), uint64(order.Uint32(element[8:]))
		}
		if at+size > uint64(len(element)) {
			return unsound("a key of %q is damaged", path)
		}
		key := element[at : at+size]
		if i > 0 && bytes.Compare(keys[i-1], key) >= 0 || low != nil && bytes.Compare(key, low) < 0 || high != nil && bytes.Compare(key, high) >= 0 {
			return unsound("the keys of %q are out of order", path)
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

// leaf takes one record, or one bucket, whose page may stand in its value.
func (c *checker) leaf(path string, key, element []byte, at uint64, depth int) error {
	kind, size := order.Uint32(element), uint64(order.Uint32(element[12:]))
	if kind > 1 || at+size > uint64(len(element)) {
		return unsound("the record %q is damaged", key)
	}
	value := element[at : at+size]
	switch {
	case kind == 1 && len(value) < 16:
		return unsound("the bucket %q is damaged", key)
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
			return unsound("the bucket %q is damaged", key)
		}
		return c.tree(inside, value[16:], nil, nil, depth+1)
	case path == "/"+string(meta) && bytes.Equal(key, summaryKey):
		c.summary = bytes.Clone(value)
	default:
		c.found.Records++
		c.found.Sum += digest(path, key, value)
	}
	return nil
}

// digest is that of one record. Those of all records are added up, so that a
// change costs only its own.
func digest(path string, key, value []byte) uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s%s", len(path), len(key), path, key)
	h.Write(value)
	return binary.BigEndian.Uint64(h.Sum(nil))
}
