package logfiles

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"

	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/tailer"
)

// Shared is a file that is closed when its last user releases it.
type Shared struct {
	*os.File
	users atomic.Int64
}

func shared(file *os.File) *Shared {
	s := &Shared{File: file}
	s.Share()
	return s
}

// Share adds a user, who must call Release.
func (s *Shared) Share() { s.users.Add(1) }

// Release ends the use by one user. The last one closes the file.
func (s *Shared) Release() {
	if s.users.Add(-1) == 0 {
		s.Close()
	}
}

// Open opens a plain file, even if a rotation has renamed it since it was found. The caller is its
// first user.
func (f *File) Open() (*Shared, error) {
	file, err := f.openAs(f.path)
	if err == nil {
		return shared(file), nil
	}
	entries, _ := os.ReadDir(filepath.Dir(f.path))
	for _, e := range entries {
		name := filepath.Join(filepath.Dir(f.path), e.Name())
		info, infoErr := os.Stat(name)
		if infoErr != nil || !os.SameFile(info, f.info) {
			continue
		}
		if file, err := f.openAs(name); err == nil {
			return shared(file), nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("it was removed before it was read")
	}
	return nil, err
}

// openAs opens the file at a path if it is the one that was found.
func (f *File) openAs(path string) (*os.File, error) {
	file, err := tailer.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !os.SameFile(info, f.info) {
		file.Close()
		return nil, fs.ErrNotExist
	}
	return file, nil
}

// Unpack opens a log that must be read from beginning to end. If count is not nil, it is called
// with the number of bytes of each read, as stored. Closing the reader releases the zip that
// contains the log.
func (f *File) Unpack(count func(int)) (io.ReadCloser, error) {
	if f.stream != nil {
		return io.NopCloser(&sniffing{stream: f.stream, freeLog: f.freeLog}), nil
	}
	all := &unpacked{}
	if f.zip != nil {
		r, err := f.member.Open()
		if err != nil {
			f.zip.Release()
			return nil, err
		}
		all.close = func() {
			r.Close()
			f.zip.Release()
		}
		packed := func() int64 { return int64(min(f.member.CompressedSize64, math.MaxInt64/(2*maxRatio))) }
		all.Reader = &metered{r: &counting{r, count}, packed: packed, free: f.freeLog, zip: f.zip}
	} else {
		file, err := f.Open()
		if err != nil {
			return nil, err
		}
		all.close = file.Release
		all.Reader = &counting{file, count}
	}
	if f.gzipped {
		z, err := gunzip(all.Reader, f.freeLog)
		if err != nil {
			all.close()
			return nil, err
		}
		all.Reader = z
	}
	return all, nil
}

// gunzip reads what is compressed by gzip, within limits.
func gunzip(r io.Reader, free int64) (io.Reader, error) {
	packed := int64(0)
	z, err := gzip.NewReader(bufio.NewReaderSize(&counting{r, func(n int) { packed += int64(n) }}, packedBlock))
	if err == io.EOF { // within its first bytes
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return &metered{r: z, packed: func() int64 { return packed }, free: free}, nil
}

const packedBlock = 64 << 10 // bytes of a packed file that are read at once

// unpacked is a reader with what closes all that it reads from.
type unpacked struct {
	io.Reader
	close func()
}

func (u *unpacked) Close() error {
	u.close()
	return nil
}

// sniffing is a stream that unpacks itself if it is packed. It waits for the
// first read, since a pipe may be silent for long.
type sniffing struct {
	stream  io.Reader
	freeLog int64
	r       io.Reader
}

func (s *sniffing) Read(p []byte) (int, error) {
	if s.r != nil {
		return s.r.Read(p)
	}
	buffered := bufio.NewReaderSize(s.stream, packedBlock)
	prefix, _ := buffered.Peek(512)
	s.r = buffered
	switch {
	case isZip(prefix):
		return 0, errors.New("it is a zip: save it as a file first")
	case isGzip(prefix):
		z, err := gunzip(buffered, s.freeLog)
		if err != nil {
			return 0, err
		}
		s.r = z
	default:
		if why := refusal(prefix); why != "" {
			return 0, errors.New(why)
		}
	}
	return s.r.Read(p)
}

// counting counts how much was read.
type counting struct {
	r     io.Reader
	count func(int)
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.count != nil {
		c.count(n)
	}
	return n, err
}

// Reason is an error without the operation and the path, which the reader of a report already
// sees.
func Reason(err error) string {
	err = text.WithoutPath(err)
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, zip.ErrAlgorithm):
		return "it is compressed with a method that scan does not support: unpack the zip first"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it is damaged: it ends too early"
	case corrupt, errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader),
		errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat):
		return "it is damaged: " + err.Error()
	}
	return err.Error()
}
