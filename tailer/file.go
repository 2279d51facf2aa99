package tailer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const maxPrint = 1024 // bytes that vouch for a file

var (
	errTruncated = errors.New("truncated or replaced in place")
	errShortened = errors.New("shorter than what was read of it")
)

// ident is a file as the kernel knows it, whatever its name.
type ident struct{ dev, ino uint64 }

func identOf(fi fs.FileInfo) ident {
	st := fi.Sys().(*syscall.Stat_t)
	return ident{st.Dev, st.Ino}
}

// file is one generation of the log: the content between two rotations, held by
// a descriptor that survives renaming and removal.
type file struct {
	f       *os.File
	id      ident
	read    int64     // offset of the next byte to read
	pos     int64     // offset behind the last line taken
	head    []byte    // the first min(read, maxPrint) bytes
	print   uint64    // hash of a full head
	seen    int64     // the greatest size seen
	mtime   time.Time // of the last look at which the file was as expected
	counted int64     // pos up to which statistics know it
	final   bool      // a younger file has a first byte: this one ends where it ends
}

// openFile opens the regular file at path for reading from offset on.
func openFile(path string, offset int64) (*file, error) {
	// A stat first: opening a device or a pipe can have effects.
	if fi, err := os.Stat(path); err != nil {
		return nil, err
	} else if err := regular(fi); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil {
		err = regular(fi)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	g := &file{f: f, id: identOf(fi), seen: fi.Size(), mtime: fi.ModTime()}
	if err := g.seek(offset); err != nil {
		f.Close()
		return nil, err
	}
	return g, nil
}

func regular(fi fs.FileInfo) error {
	switch {
	case fi.IsDir():
		return syscall.EISDIR
	case !fi.Mode().IsRegular():
		return errNotRegular
	}
	return nil
}

func (g *file) close() { g.f.Close() }

func (g *file) size() int64 {
	fi, err := g.f.Stat()
	if err != nil {
		return 0
	}
	return fi.Size()
}

// seek makes offset the place where reading goes on.
func (g *file) seek(offset int64) error {
	head := make([]byte, min(offset, maxPrint))
	if _, err := g.f.ReadAt(head, 0); err != nil {
		return err
	}
	g.head, g.read, g.pos, g.counted, g.print = head, offset, offset, offset, hash(head)
	return nil
}

// begin goes to the beginning of what was truncated or replaced. A writer that
// keeps its own offset leaves a hole there, which is no content.
func (g *file) begin() error {
	g.seen = g.size()
	if data, err := g.f.Seek(0, unix.SEEK_DATA); err == nil && data > 0 {
		return g.seek(data)
	}
	return g.seek(0)
}

// fill reads into buf what the file has. It accepts it only if the file is still
// the one that was read before; else the error is errTruncated or errShortened.
func (g *file) fill(buf []byte) (int, error) {
	n, err := g.f.ReadAt(buf, g.read)
	if err != nil && err != io.EOF {
		return 0, err
	}
	// Only now, after reading: a truncation before the read is noticed, and one
	// behind it did the read no harm.
	fi, err := g.f.Stat()
	if err != nil {
		return 0, err
	}
	var found [maxPrint]byte
	m, err := g.f.ReadAt(found[:len(g.head)], 0)
	if err != nil && err != io.EOF {
		return 0, err
	}
	if fi.Size() < g.read+int64(n) || !bytes.Equal(found[:m], g.head) {
		return 0, g.change(fi.Size(), found[:m])
	}
	if more := min(n, maxPrint-len(g.head)); more > 0 {
		g.head = append(g.head, buf[:more]...)
		g.print = hash(g.head)
	}
	g.read += int64(n)
	g.seen = max(g.seen, fi.Size())
	g.mtime = fi.ModTime()
	return n, nil
}

// change says what has become of a file of this size that now begins with found:
// a tail was cut off what was read, or it is another content.
func (g *file) change(size int64, found []byte) error {
	intact := len(found) > 0 && len(found) <= len(g.head) && bytes.Equal(found, g.head[:len(found)])
	if intact && (len(found) == maxPrint || size >= g.pos && g.pos > 0) {
		return errShortened
	}
	return errTruncated
}

// position is the place behind the last line taken.
func (g *file) position() Position {
	n := int(min(g.pos, int64(len(g.head))))
	p := Position{Dev: g.id.dev, Inode: g.id.ino, Print: g.print, PrintLen: n, Offset: g.pos}
	if n < len(g.head) {
		p.Print = hash(g.head[:n])
	}
	return p
}

// matches says whether the file begins as the one of p did.
func (g *file) matches(p Position) bool {
	if p.PrintLen < 0 || p.PrintLen > maxPrint || p.Offset < 0 {
		return false // not one of ours
	}
	head := make([]byte, p.PrintLen)
	n, err := g.f.ReadAt(head, 0)
	return (err == nil || err == io.EOF) && n == p.PrintLen && hash(head) == p.Print
}

// toLastLine goes behind the last line end there is.
func (g *file) toLastLine() error {
	buf := make([]byte, blockSize)
	for size := g.size(); size > 0; {
		n := min(size, blockSize)
		m, err := g.f.ReadAt(buf[:n], size-n)
		if err != nil && err != io.EOF {
			return err
		}
		if i := bytes.LastIndexByte(buf[:m], '\n'); i >= 0 {
			return g.seek(size - n + int64(i) + 1)
		}
		size -= n
	}
	return g.seek(0)
}

// hash of nothing is zero, so that a position before the first byte holds no print.
func hash(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:8])
}
