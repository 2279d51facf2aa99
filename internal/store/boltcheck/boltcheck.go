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
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"
)

// Damage says what is wrong with a file.
type Damage string

func (d Damage) Error() string { return string(d) }

// stop is the panic that ends a check. It does not leave this package.
type stop struct{ err error }

// require ends the check unless the file is as it must be.
func require(ok bool, format string, args ...any) {
	if !ok {
		panic(stop{Damage(fmt.Sprintf(format, args...))})
	}
}

// caught makes the end of a check its error.
func caught(err *error) {
	switch p := recover().(type) {
	case nil:
	case stop:
		*err = p.err
	default:
		panic(p)
	}
}

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
// Damage means that the file could not be read. With before, the file is checked as it was one
// transaction earlier: pages of that time are still there, since bbolt overwrites a page one
// transaction after it was freed.
func Check(file io.ReaderAt, size int64, before bool, record Record) (found Found, err error) {
	defer caught(&err)
	c := &checker{file: file, size: size, record: record, used: map[uint64]bool{}}
	metas := c.metas()
	at := metas[0]
	if before {
		require(len(metas) == 2 && metas[1].tx+1 == at.tx, "it has no previous state")
		at = metas[1]
	}
	c.pages(at)
	return Found{c.buckets, at.tx, len(metas) == 1}, nil
}

// TakeBack makes the file what it was one transaction before, which Check has found
// whole: the newer meta page is overwritten. It is on disk when TakeBack returns nil.
func TakeBack(file *os.File, size int64) (err error) {
	defer caught(&err)
	c := &checker{file: file, size: size}
	newer := c.metas()[0]
	if _, err := file.WriteAt(make([]byte, c.page), int64(newer.tx%2)*int64(c.page)); err != nil {
		return err
	}
	return file.Sync()
}

type metaPage struct{ page, root, freelist, high, tx uint64 }

// metas are the meta pages that are intact, one or both, the newer one first.
func (c *checker) metas() (intact []metaPage) {
	c.page = os.Getpagesize()
	first, ok := c.meta(0)
	if ok {
		c.page = int(first.page)
		intact = append(intact, first)
	}
	if second, ok := c.meta(int64(c.page)); ok {
		intact = append(intact, second)
	}
	require(len(intact) > 0, "it is not a state file, or its header is damaged")
	slices.SortStableFunc(intact, func(a, b metaPage) int { return cmp.Compare(b.tx, a.tx) })
	return intact
}

// pages reads all that a meta page leads to.
func (c *checker) pages(first metaPage) {
	require(first.page == uint64(c.page) && c.page >= 512 && c.page <= 1<<16 &&
		first.high <= uint64(c.size)/uint64(c.page),
		"it has %d bytes, but its header says %d pages of %d bytes", c.size, first.high, first.page)
	c.high = first.high
	c.tree("", c.read(first.root), nil, nil, 0)
	c.free(first.freelist)
}

// meta reads a meta page: magic, version, page size, flags, root, sequence,
// freelist, high-water mark, transaction, checksum. false = it is damaged.
func (c *checker) meta(at int64) (metaPage, bool) {
	if at < 0 || at+headerSize+64 > c.size {
		return metaPage{}, false
	}
	m := c.readAt(at+headerSize, 64)
	sum := fnv.New64a()
	sum.Write(m[:56])
	return metaPage{
		page: uint64(order.Uint32(m[8:])), root: order.Uint64(m[16:]), freelist: order.Uint64(m[32:]),
		high: order.Uint64(m[40:]), tx: order.Uint64(m[48:]),
	}, order.Uint32(m) == 0xED0CDAED && order.Uint32(m[4:]) == 2 && order.Uint64(m[56:]) == sum.Sum64()
}

func (c *checker) readAt(at int64, n uint64) []byte {
	p := make([]byte, n)
	if _, err := c.file.ReadAt(p, at); err != nil {
		panic(stop{fmt.Errorf("read: %w", err)})
	}
	return p
}

// read is a page with its overflow, which nothing else may use.
func (c *checker) read(id uint64) []byte {
	require(id >= 2 && id < c.high, "there is no page %d", id)
	at := int64(id) * int64(c.page)
	p := c.readAt(at, headerSize)
	more := uint64(order.Uint32(p[12:]))
	require(order.Uint64(p) == id && id+more < c.high, "page %d is damaged", id)
	for i := id; i <= id+more; i++ {
		require(c.use(i), "page %d is used twice", i)
	}
	return c.readAt(at, (more+1)*uint64(c.page))
}

// use reports whether a page exists and was not used yet.
func (c *checker) use(id uint64) bool {
	ok := id >= 2 && id < c.high && !c.used[id]
	c.used[id] = true
	return ok
}

// free reads the list of free pages.
func (c *checker) free(id uint64) {
	p := c.read(id)
	n, ids := uint64(order.Uint16(p[10:])), p[headerSize:]
	if n == 0xFFFF {
		n, ids = order.Uint64(ids), ids[8:]
	}
	require(order.Uint16(p[8:]) == freelistPage && n <= uint64(len(ids)/8), "its list of free pages is damaged")
	last := uint64(0)
	for ; n > 0; n, ids = n-1, ids[8:] {
		id := order.Uint64(ids)
		require(id > last, "its list of free pages is out of order")
		require(c.use(id), "page %d is free and in use", id)
		last = id
	}
}

// tree reads a bucket's page and all below it. Its keys rise, from low on and
// below high (nil = no bound).
func (c *checker) tree(path string, p, low, high []byte, depth int) {
	flags, count := order.Uint16(p[8:]), int(order.Uint16(p[10:]))
	require(depth <= maxDepth && headerSize+count*elementSize <= len(p) &&
		(flags == leafPage || flags == branchPage && count > 0), "a page of %q is damaged", path)
	var keys [][]byte
	for i := range count {
		element := p[headerSize+i*elementSize:]
		at, size := uint64(order.Uint32(element)), uint64(order.Uint32(element[4:])) // of the key
		if flags == leafPage {
			at, size = uint64(order.Uint32(element[4:])), uint64(order.Uint32(element[8:]))
		}
		require(at+size <= uint64(len(element)), "a key of %q is damaged", path)
		key := element[at : at+size]
		require((i == 0 || bytes.Compare(keys[i-1], key) < 0) && (low == nil || bytes.Compare(low, key) <= 0) &&
			(high == nil || bytes.Compare(key, high) < 0), "the keys of %q are out of order", path)
		keys = append(keys, key)
		if flags == leafPage {
			c.leaf(path, key, element, at+size, depth)
		}
	}
	if flags == leafPage {
		return
	}
	for i, key := range keys {
		child, below := c.read(order.Uint64(p[headerSize+i*elementSize+8:])), high
		if i+1 < count {
			below = keys[i+1]
		}
		c.tree(path, child, key, below, depth+1)
	}
}

// leaf reads one record, or one bucket, whose page may be in its value.
func (c *checker) leaf(path string, key, element []byte, at uint64, depth int) {
	kind, size := order.Uint32(element), uint64(order.Uint32(element[12:]))
	require(kind <= 1 && at+size <= uint64(len(element)), "the record %q is damaged", key)
	value := element[at : at+size]
	if kind == 0 {
		c.record(path, key, value)
		return
	}
	require(len(value) >= 16, "the bucket %q is damaged", key)
	if path == "" {
		c.buckets = append(c.buckets, string(key))
	}
	page := value[16:]
	if root := order.Uint64(value); root != 0 {
		page = c.read(root)
	}
	require(len(page) >= headerSize, "the bucket %q is damaged", key)
	c.tree(path+"/"+string(key), page, nil, nil, depth+1)
}
