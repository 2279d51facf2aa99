package scan

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"

	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/tailer"
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
	err = text.WithoutPath(err)
	switch {
	case errors.Is(err, syscall.ENOENT):
		return "there is no such file"
	case errors.Is(err, zip.ErrAlgorithm):
		return "it is compressed in a way that scan does not know: unpack the zip first"
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

// fileHead is the beginning of what a file holds, and where that is: a hole
// before it is left where a log was truncated whose writer kept its own offset.
func fileHead(path string) (head []byte, start int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	start = tailer.NextData(file, 0)
	head = make([]byte, headSize)
	n, err := file.ReadAt(head, start)
	if err == io.EOF {
		err = nil
	}
	if n == 0 && start > 0 { // it is nothing but a hole
		return head[:1], 0, err
	}
	if head = head[:n]; start > 0 {
		head = bytes.TrimLeft(head, "\x00") // of the hole's last block
	}
	return head, start, err
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
	zip, files, err := openZip(of)
	if err != nil {
		problem(because(err))
		return
	}
	defer zip.release()
	names := make([]string, len(files))
	for i, m := range files {
		names[i] = m.Name
	}
	chosen := members(names)
	if len(chosen) == 0 {
		problem("it holds no atlassian-jira.log")
	}
	overlaps := overlapping(files, chosen)
	for _, i := range chosen {
		m := files[i]
		name := text.Printable(slashed(m.Name)) // it is shown, and names a node
		in := &input{
			path: of.path + "!" + name, file: of.file, info: of.info, zip: zip, member: m, size: int64(min(m.UncompressedSize64, maxUnpacked)),
			node: zipNodeOf(f.node, of.path, name), first: m.Modified, gzipped: strings.HasSuffix(m.Name, ".gz"),
		}
		switch {
		case m.Flags&1 != 0:
			in.problem = "it is encrypted: unpack the zip first"
		case overlaps[i]:
			in.problem = "it is damaged: another file of the zip holds the same bytes"
		default:
			zip.users.Add(1)
			f.peek(in)
		}
		if in.problem == "" {
			zip.users.Add(1) // until it is read
		}
		f.found = append(f.found, in)
	}
}

// unpack opens what is read from its beginning to its end. count learns of the
// bytes as they are stored. To close it is to be done with the zip it is in.
func (in *input) unpack(count func(int)) (io.ReadCloser, error) {
	if in.stream != nil {
		return &unpacked{Reader: &sniffing{stream: in.stream}}, nil
	}
	all := &unpacked{}
	if in.zip != nil {
		all.closers = append(all.closers, closer(in.zip.release))
		r, err := in.member.Open()
		if err != nil {
			all.Close()
			return nil, err
		}
		all.closers = append(all.closers, r)
		packed := int64(min(in.member.CompressedSize64, math.MaxInt64/(2*maxRatio)))
		all.Reader = &metered{r: &counting{r, count}, packed: func() int64 { return packed }, zip: in.zip}
	} else {
		file, err := in.open()
		if err != nil {
			return nil, err
		}
		all.closers = append(all.closers, file)
		all.Reader = &counting{file, count}
	}
	if in.gzipped {
		z, err := gunzip(all.Reader)
		if err != nil {
			all.Close()
			return nil, err
		}
		all.Reader = z
	}
	return all, nil
}

// gunzip reads what is compressed by gzip, within limits.
func gunzip(r io.Reader) (io.Reader, error) {
	packed := int64(0)
	z, err := gzip.NewReader(bufio.NewReaderSize(&counting{r, func(n int) { packed += int64(n) }}, packedBlock))
	if err != nil {
		return nil, unexpected(err)
	}
	return &metered{r: z, packed: func() int64 { return packed }}, nil
}

// closer is a function as an io.Closer.
type closer func()

func (c closer) Close() error { c(); return nil }

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
			z, err := gunzip(buffered)
			if err != nil {
				return 0, err
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
