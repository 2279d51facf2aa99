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
)

const maxFingerprint = 1024 // bytes that identify a file

var (
	errTruncated = errors.New("truncated or replaced in place")
	errShortened = errors.New("shorter than the part already read")
)

// ident identifies a file to the kernel, whatever its name.
type ident struct{ dev, ino uint64 }

// file is one generation of the log: the content between two rotations, held by
// a descriptor that survives renaming and removal.
type file struct {
	f           *os.File // nil while the file is only remembered
	fd          int      // of f
	id          ident
	born        int64     // when it was created, in Unix nanoseconds; 0: unknown
	stamp       string    // the date in its name, if it is of a dated log
	gz          *inflater // reads what is compressed; nil for a plain file
	read        int64     // offset of the next byte to read
	pos         int64     // offset after the last line delivered
	prefix      []byte    // the first bytes of the content, at most maxFingerprint; only ever extended
	fingerprint uint64    // hash of prefix
	maxSize     int64     // the greatest size seen
	mtime       time.Time // when the file was last verified
	caughtUp    time.Time // mtime when everything had been read: no copy with more is older. Zero before that
	lines       lineBuffer
	until       time.Time // when a file that was left for a newer one is left for good
	final       bool      // a newer file has a first byte: nothing follows the end of this one
	empty       bool      // it had no byte when it was opened or truncated, and none was read since
}

// openFile opens the regular file at path, to be read from its beginning.
func openFile(path string, zipped bool) (*file, error) {
	// A stat first: opening a device or a pipe can have effects.
	if fi, err := os.Stat(path); err != nil {
		return nil, err
	} else if err := regular(fi); err != nil {
		return nil, err
	}
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	fi, id, err := statOpen(f)
	if err == nil {
		err = regular(fi)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	g := &file{f: f, fd: int(f.Fd()), id: id, born: bornAt(f), maxSize: fi.Size(), mtime: fi.ModTime()}
	if zipped {
		g.gz, g.maxSize = &inflater{f: f}, 0
	}
	if err := g.readPrefix(); err != nil {
		f.Close()
		return nil, err
	}
	g.empty = !zipped && len(g.prefix) == 0
	return g, nil
}

// readPrefix reads the prefix again.
func (g *file) readPrefix() error {
	var head [maxFingerprint]byte
	n, err := g.readAt(head[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	g.prefix, g.fingerprint = nil, 0
	g.extend(head[:n], 0)
	return nil
}

// readAt reads content, whether compressed or not. Fewer bytes than asked for are no error.
func (g *file) readAt(buf []byte, offset int64) (int, error) {
	if g.gz != nil {
		return g.gz.readAt(buf, offset)
	}
	return g.readPlain(buf, offset)
}

// extend adds to the prefix those bytes of b, read at offset, that belong to it.
func (g *file) extend(b []byte, offset int64) {
	have := int64(len(g.prefix))
	if have == maxFingerprint || offset > have || offset+int64(len(b)) <= have {
		return
	}
	b = b[have-offset:]
	g.prefix = append(g.prefix, b[:min(len(b), maxFingerprint-len(g.prefix))]...)
	g.fingerprint = hash(g.prefix)
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

// close closes the descriptor; what identifies the file stays. A nil file is closed already.
func (g *file) close() {
	if g != nil && g.f != nil {
		g.f.Close()
		g.f, g.fd = nil, -1
	}
}

func (g *file) size() int64 {
	fi, err := g.f.Stat()
	if err != nil {
		return 0
	}
	return fi.Size()
}

// seek makes reading go on at offset.
func (g *file) seek(offset int64) error {
	if g.gz == nil {
		if err := g.readPrefix(); err != nil {
			return err
		}
	}
	if int64(len(g.prefix)) < min(offset, maxFingerprint) {
		return io.ErrUnexpectedEOF
	}
	g.read, g.pos = offset, offset
	return nil
}

// begin goes to the beginning of a file that was truncated or replaced. A writer
// that keeps its offset leaves a hole there, which is no content.
func (g *file) begin() error {
	g.maxSize, g.final = g.size(), false
	g.caughtUp = g.mtime // of the previous content
	if data, err := seekData(g.f, 0); err == nil && data > 0 {
		return g.seek(data)
	}
	err := g.seek(0)
	g.empty = len(g.prefix) == 0
	return err
}

// fill reads from the file into buf. It accepts what it read only if the file is
// still the one that was read before; else it returns errTruncated or errShortened.
func (g *file) fill(buf []byte) (int, error) {
	n, err := g.readAt(buf, g.read)
	if err != nil && err != io.EOF {
		return 0, err
	}
	// Only now, after reading: this detects a truncation before the read, and a later
	// one did not affect it.
	if err := g.verify(g.read + int64(n)); err != nil {
		return 0, err
	}
	g.extend(buf[:n], g.read)
	g.read += int64(n)
	if g.read == g.maxSize {
		g.caughtUp = g.mtime
	}
	return n, nil
}

// verify checks that the file is the one that was read and has at least atLeast
// bytes, and notes how far it has grown. A compressed file is complete.
func (g *file) verify(atLeast int64) error {
	if g.gz != nil {
		return nil
	}
	fi, err := g.f.Stat()
	if err != nil {
		return err
	}
	var found [maxFingerprint]byte
	m, err := g.f.ReadAt(found[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	have := len(g.prefix)
	if fi.Size() < atLeast || !bytes.Equal(found[:min(m, have)], g.prefix) {
		return g.change(fi.Size(), found[:min(m, have)])
	}
	g.extend(found[:m], 0)
	g.maxSize = max(g.maxSize, fi.Size())
	g.mtime = fi.ModTime()
	return nil
}

// ended reports whether the content ends where reading does. A compressed file may
// still be incomplete.
func (g *file) ended() bool { return g.gz == nil || g.gz.ended }

// change returns what happened to a file of this size that now begins with found:
// the end of what was read was cut off, or the content is another.
func (g *file) change(size int64, found []byte) error {
	intact := len(found) > 0 && len(found) <= len(g.prefix) && bytes.Equal(found, g.prefix[:len(found)])
	if intact && (len(found) == maxFingerprint || size >= g.pos && g.pos > 0) {
		return errShortened
	}
	return errTruncated
}

// filePosition is after the last line delivered.
func (g *file) filePosition() FilePosition {
	return FilePosition{g.id.dev, g.id.ino, g.born, g.fingerprint, len(g.prefix), g.pos, g.stamp}
}

// mayBeAt reports whether the file can be that of p: inodes are reused.
func (g *file) mayBeAt(p FilePosition) bool {
	return g.id == p.id() && (g.born == p.Born || g.born == 0 || p.Born == 0)
}

// matches reports whether the file has the fingerprint of p.
func (g *file) matches(p FilePosition) bool {
	ours := p.FingerprintLen >= 0 && p.FingerprintLen <= maxFingerprint && p.Offset >= 0
	return ours && len(g.prefix) >= p.FingerprintLen && hash(g.prefix[:p.FingerprintLen]) == p.Fingerprint
}

// isCopyOf reports whether g is other as it was when it was compressed: all of it,
// or all but its late lines. A held file may have been truncated unnoticed before.
func (g *file) isCopyOf(other *file) bool {
	if len(g.prefix) == 0 {
		return false
	}
	if other.f != nil && other.gz == nil {
		var now [maxFingerprint]byte
		n, _ := other.f.ReadAt(now[:], 0) // what cannot be read is compared by what is known
		if bytes.HasPrefix(now[:n], g.prefix) {
			return true
		}
	}
	return bytes.HasPrefix(other.prefix, g.prefix)
}

// isNow reports whether other is what became of g, of which no descriptor is held:
// the same file, perhaps longer, or its compressed form.
func (g *file) isNow(other *file) bool {
	return other.id == g.id && bytes.HasPrefix(other.prefix, g.prefix) || other.gz != nil && other.isCopyOf(g)
}

// toLastLine goes to the end of the last complete line.
func (g *file) toLastLine() error {
	buf := make([]byte, MaxBlock)
	for size := g.size(); size > 0; {
		n := min(size, MaxBlock)
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

// hash of nothing is zero: a position before the first byte has no fingerprint.
func hash(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:8])
}
