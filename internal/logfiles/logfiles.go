// Package logfiles finds and opens Jira's logs: of several nodes, rotated, compressed, and in
// archives.
package logfiles

import (
	"cmp"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zip"

	"jira-oauth-watcher/conf"
)

// File is one log to read: a file, a member of a zip, or a stream.
type File struct {
	Path    string // the path as displayed
	Node    string
	Kind    conf.Kind // determined by its name
	Size    int64     // bytes to be read, compressed or not; 0 = unknown
	First   time.Time // time of the first event; else of the last write, or zero
	Start   int64     // where the content begins: before that, there is a hole
	Problem string    // why it cannot be read completely

	info    fs.FileInfo // of the file, nil for a stream
	path    string      // on disk, or that of the zip it is in
	freeLog int64       // see Options
	zip     *archive    // it is in, nil = in none
	member  *zip.File   // of that zip
	stream  io.Reader   // when it cannot be opened again
	gzipped bool
}

// Name is the last element of the path, which a rotation changes.
func (f *File) Name() string {
	return f.Path[strings.LastIndexAny(f.Path, "/!"+string(filepath.Separator))+1:]
}

// Log is the file's name without what a rotation changes.
func (f *File) Log() string { return unrotated(f.Name()) }

// Family is what the files of one rotated log have in common: their directory, and their name
// without what a rotation changes.
func (f *File) Family() string {
	return strings.TrimSuffix(f.Path, f.Name()) + f.Log()
}

// IsStream reports whether the log can be read only once.
func (f *File) IsStream() bool { return f.stream != nil }

// IsPlain reports whether the log is a plain file, for Open, and not one for Unpack.
func (f *File) IsPlain() bool { return f.stream == nil && f.zip == nil && !f.gzipped }

// ByAge orders the logs of one node, oldest first: by the time of the first event and, if that is
// equal, by name. The earliest date is the oldest file, and so is the highest number. The log
// itself comes after them, and streams come last, because their times are unknown before they are
// read.
func ByAge(a, b *File) int {
	m, x := rotation(a.Name())
	n, y := rotation(b.Name())
	return cmp.Or(
		cmp.Compare(btoi(a.IsStream()), btoi(b.IsStream())),
		a.First.Compare(b.First),
		cmp.Compare(btoi(len(x) == 0), btoi(len(y) == 0)),
		slices.Compare(x, y),
		cmp.Compare(n, m),
	)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
