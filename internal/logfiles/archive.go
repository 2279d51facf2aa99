package logfiles

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/zip"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/text"
)

// Limits of what is packed: whoever sends a support zip decides what is in it.
const (
	maxMembers   = 50_000    // files in a zip, logs or not
	maxDirectory = 8 << 20   // bytes of a zip's list of files
	maxRatio     = 200       // beyond that, unpacked bytes for each packed one: logs have 10 to 40
	maxUnpacked  = 256 << 30 // bytes, whatever the packed size
)

// Defaults of Options.
const (
	freeLog = 1 << 30
	freeZip = 4 << 30
)

// archive is a zip that is open until all its logs have been read.
type archive struct {
	*Shared
	size     int64
	free     int64        // see Options
	unpacked atomic.Int64 // bytes, of all its logs so far
}

// zip adds the logs in a zip.
func (f *finder) zip(of *File) {
	problem := func(why string) {
		of.Problem = why
		f.found = append(f.found, of)
	}
	zip, files, err := f.openZip(of)
	if err != nil {
		problem(Reason(err))
		return
	}
	defer zip.Release()
	names := make([]string, len(files))
	for i, m := range files {
		names[i] = m.Name
	}
	chosen := members(names)
	if len(chosen) == 0 {
		problem("it contains no atlassian-jira.log")
	}
	overlaps := overlapping(files, chosen)
	for _, i := range chosen {
		m := files[i]
		name := text.Printable(slashed(m.Name)) // it is shown, and names a node
		in := &File{
			Path: of.Path + "!" + name, path: of.path, info: of.info, zip: zip, member: m, freeLog: of.freeLog,
			Node: zipNodeOf(f.options.Node, of.Path, name), Kind: conf.KindOf(name),
			Size:  int64(min(m.UncompressedSize64, maxUnpacked)),
			First: m.Modified, gzipped: strings.HasSuffix(m.Name, ".gz"),
		}
		switch {
		case m.Flags&1 != 0:
			in.Problem = "it is encrypted: unpack the zip first"
		case overlaps[i]:
			in.Problem = "it is damaged: it overlaps with another file in the zip"
		default:
			zip.Share()
			in.peek()
		}
		if in.Problem == "" {
			zip.Share() // until it is read
		}
		f.found = append(f.found, in)
	}
}

// openZip opens a zip; the caller is its first user. Its list of files is read
// once, however many logs are in it.
func (f *finder) openZip(in *File) (*archive, []*zip.File, error) {
	file, err := os.Open(in.path)
	if err != nil {
		return nil, nil, err
	}
	a := &archive{Shared: shared(file), size: in.Size, free: cmp.Or(f.options.FreeZip, freeZip)}
	limited := &limitedAt{ReaderAt: file, left: maxDirectory, on: true}
	var z *zip.Reader
	if err = errTooMany; claimed(file, in.Size) <= maxMembers {
		z, err = zip.NewReader(limited, in.Size)
	}
	limited.on = false // bytes of logs have a separate limit
	if limited.left < 0 || err == nil && len(z.File) > maxMembers {
		err = errTooMany
	}
	if err != nil {
		a.Release()
		return nil, nil, err
	}
	files := z.File
	z.File = nil // only the logs are kept
	return a, files, nil
}

var errTooMany = fmt.Errorf("it contains more than %d files: unpack it and scan the directory", maxMembers)

// claimed is how many files a zip says that it holds, the most if it says so in several
// places: the reader allocates for them before it reads.
func claimed(file io.ReaderAt, size int64) (files uint64) {
	const end, locator = 22, 20 // sizes of a zip's last record and, before it, of the pointer to that of a large zip
	tail := make([]byte, min(size, 65<<10+end+locator))
	n, _ := file.ReadAt(tail, size-int64(len(tail)))
	tail = tail[:n]
	for at := 0; at+end <= len(tail); at++ {
		i := bytes.Index(tail[at:], []byte("PK\x05\x06"))
		if at += i; i < 0 || at+end > len(tail) {
			break
		}
		files = max(files, uint64(binary.LittleEndian.Uint16(tail[at+10:])))
		if at >= locator && bytes.HasPrefix(tail[at-locator:], []byte("PK\x06\x07")) {
			var large [40]byte
			_, _ = file.ReadAt(large[:], int64(binary.LittleEndian.Uint64(tail[at-locator+8:])))
			files = max(files, binary.LittleEndian.Uint64(large[32:]))
		}
	}
	return files
}

// limitedAt reads no more than a number of bytes while it is on.
type limitedAt struct {
	io.ReaderAt
	left int64
	on   bool
}

func (l *limitedAt) ReadAt(p []byte, at int64) (int, error) {
	if l.on {
		if l.left -= int64(len(p)); l.left < 0 {
			return 0, io.ErrUnexpectedEOF
		}
	}
	return l.ReaderAt.ReadAt(p, at)
}

// overlapping are the files of a zip whose bytes others hold too, by their
// numbers: so a small zip unpacks to any size.
func overlapping(files []*zip.File, of []int) map[int]bool {
	bad, begins := map[int]bool{}, map[int]int64{}
	for _, i := range of {
		begins[i], _ = files[i].DataOffset() // opening it returns the error again
	}
	sorted := slices.Clone(of)
	slices.SortFunc(sorted, func(a, b int) int { return cmp.Compare(begins[a], begins[b]) })
	end := int64(0)
	for _, i := range sorted {
		size := int64(min(files[i].CompressedSize64, math.MaxInt64/2))
		bad[i] = size > 0 && begins[i] < end
		end = max(end, begins[i]+size)
	}
	return bad
}

// metered ends with an error where what it reads has unpacked to more than it
// may, by itself or with the other logs of its zip.
type metered struct {
	r        io.Reader
	packed   func() int64 // bytes, so far if the size is unknown
	free     int64        // see Options
	zip      *archive     // nil = it is in none
	unpacked int64
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.unpacked += int64(n)
	if m.unpacked > cmp.Or(m.free, freeLog) && m.unpacked > min(maxUnpacked, maxRatio*m.packed()) {
		return n, fmt.Errorf("it unpacks to more than %d times its size: "+
			"everything after the first %s is missing from this report", maxRatio, text.Size(m.unpacked))
	}
	if m.zip == nil {
		return n, err
	}
	if all := m.zip.unpacked.Add(int64(n)); all > m.zip.free && all > min(maxUnpacked, maxRatio*m.zip.size) {
		return n, fmt.Errorf("the logs in the zip unpack to more than %s: the rest is missing from this report",
			text.Size(all))
	}
	return n, err
}
