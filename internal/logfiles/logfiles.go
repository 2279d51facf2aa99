// Package logfiles finds Jira's logs, of several nodes, rotated and packed, and
// opens them.
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
	Path    string // as it is shown
	Node    string
	Kind    conf.Kind // by its name
	Size    int64     // bytes to be read for it, of what is compressed or not; 0 = unknown
	First   time.Time // of its first event; else of the last write, or zero
	Start   int64     // where its content begins: before it is a hole
	Problem string    // why it cannot be read whole

	info    fs.FileInfo // of the file, nil for a stream
	path    string      // on disk, or that of the zip it is in
	freeLog int64       // see Options
	zip     *archive    // it is in, nil = in none
	member  *zip.File   // of that zip
	stream  io.Reader   // when it cannot be opened again
	gzipped bool
}

// Name is the last element of its path, which a rotation changes.
func (f *File) Name() string {
	return f.Path[strings.LastIndexAny(f.Path, "/!"+string(filepath.Separator))+1:]
}

// Log is its name without what a rotation changes.
func (f *File) Log() string { return unrotated(f.Name()) }

// Family is what the files of one rotated log have in common: where they are,
// and their name without what a rotation changes.
func (f *File) Family() string {
	return strings.TrimSuffix(f.Path, f.Name()) + f.Log()
}

// IsStream reports whether it can be read only once.
func (f *File) IsStream() bool { return f.stream != nil }

// IsPlain reports whether it is a file that Open opens, not one to unpack.
func (f *File) IsPlain() bool { return f.stream == nil && f.zip == nil && !f.gzipped }

// ByAge orders the logs of one node, oldest first: by the time of the first
// event; where that is equal, by the names. The least date is the oldest file,
// and so is the greatest number; the log itself comes last, and after it
// streams, whose times are unknown before they are read.
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
