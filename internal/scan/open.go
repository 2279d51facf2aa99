package scan

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
)

// peek looks at the beginning of what must be unpacked.
func (f *finder) peek(in *input) {
	r, err := in.unpack(nil)
	if err != nil {
		in.problem = because(err)
		return
	}
	defer r.Close()
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	if n == 0 && err != io.EOF {
		in.problem = because(err)
		return
	}
	in.problem = refusal(head, int64(n))
	if at := firstTime(head); !at.IsZero() {
		in.first = at
	}
}

// because is an error without the operation and path that the reader of a
// report sees already.
func because(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	switch {
	case errors.Is(err, syscall.ENOENT):
		return "there is no such file"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it is damaged: it ends too early"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat):
		return "it is damaged: " + err.Error()
	}
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok {
		return "it is damaged: " + err.Error()
	}
	return err.Error()
}

// fileHead is the beginning of a file.
func fileHead(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head := make([]byte, headSize)
	n, err := io.ReadFull(file, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], err
}

// open opens the file of an input, also when a rotation has renamed it since
// it was found.
func (in *input) open() (*os.File, error) {
	file, err := os.Open(in.file)
	if err == nil && in.is(file) {
		return file, nil
	}
	if err == nil {
		file.Close()
	}
	entries, _ := os.ReadDir(filepath.Dir(in.file))
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr != nil || !os.SameFile(info, in.info) {
			continue
		}
		if file, err := os.Open(filepath.Join(filepath.Dir(in.file), e.Name())); err == nil && in.is(file) {
			return file, nil
		} else if err == nil {
			file.Close()
		}
	}
	if err == nil || os.IsNotExist(err) {
		return nil, errors.New("it was taken away before it was read")
	}
	return nil, err
}

// is tells whether an open file is the one that was found.
func (in *input) is(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && os.SameFile(info, in.info)
}

// zip adds the logs in a support zip.
func (f *finder) zip(of *input) {
	problem := func(why string) {
		of.problem = why
		f.found = append(f.found, of)
	}
	file, err := os.Open(of.file)
	if err != nil {
		problem(because(err))
		return
	}
	defer file.Close()
	z, err := zip.NewReader(file, of.size)
	if err != nil {
		problem(because(err))
		return
	}
	names := make([]string, len(z.File))
	for i, m := range z.File {
		names[i] = m.Name
	}
	chosen := members(names)
	if len(chosen) == 0 {
		problem("it holds no atlassian-jira.log")
	}
	for _, i := range chosen {
		m := z.File[i]
		in := &input{
			path: of.path + "!" + slashed(m.Name), file: of.file, info: of.info, inZip: true, member: i, size: int64(m.UncompressedSize64),
			node: zipNodeOf(f.node, of.path, slashed(m.Name)), first: m.Modified, gzipped: strings.HasSuffix(m.Name, ".gz"),
		}
		if m.Flags&1 != 0 {
			in.problem = "it is encrypted: unpack the zip first"
		} else {
			f.peek(in)
		}
		f.found = append(f.found, in)
	}
}

// unpack opens what is read from its beginning to its end. count learns of the
// bytes as they are stored.
func (in *input) unpack(count func(int)) (io.ReadCloser, error) {
	if in.stream != nil {
		return &unpacked{Reader: &sniffing{stream: in.stream}}, nil
	}
	file, err := in.open()
	if err != nil {
		return nil, err
	}
	all := &unpacked{closers: []io.Closer{file}, Reader: &counting{file, count}}
	if in.inZip {
		z, err := zip.NewReader(file, in.info.Size())
		if err == nil && in.member >= len(z.File) {
			err = zip.ErrFormat
		}
		if err != nil {
			all.Close()
			return nil, err
		}
		r, err := z.File[in.member].Open()
		if err != nil {
			all.Close()
			return nil, err
		}
		all.closers = append(all.closers, r)
		all.Reader = &counting{r, count}
	}
	if in.gzipped {
		z, err := gzip.NewReader(bufio.NewReaderSize(all.Reader, packedBlock))
		if err != nil {
			all.Close()
			return nil, unexpected(err)
		}
		all.Reader = z
	}
	return all, nil
}

const packedBlock = 64 << 10 // bytes of a packed file that are read at once

// unexpected is the error of a packed file that ends in its first bytes.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// sniffing is a stream that unpacks itself if it is packed. It looks when it is
// read, since a pipe may have nothing to say for long.
type sniffing struct {
	stream io.Reader
	r      io.Reader
}

func (s *sniffing) Read(p []byte) (int, error) {
	if s.r == nil {
		buffered := bufio.NewReaderSize(s.stream, packedBlock)
		head, _ := buffered.Peek(512)
		s.r = buffered
		switch kind := kindOf(head); {
		case kind == zipped:
			return 0, errors.New("it is a zip: save it as a file first")
		case kind == gzipped:
			z, err := gzip.NewReader(buffered)
			if err != nil {
				return 0, unexpected(err)
			}
			s.r = z
		default:
			if why := refusal(head, 0); why != "" {
				return 0, errors.New(why)
			}
		}
	}
	return s.r.Read(p)
}

// unpacked is a reader with all that must be closed after it.
type unpacked struct {
	io.Reader
	closers []io.Closer
}

func (u *unpacked) Close() error {
	for _, c := range u.closers {
		c.Close()
	}
	return nil
}

// counting tells how much was read.
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
