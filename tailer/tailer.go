// Package tailer delivers the lines of a log in order, from where reading left
// off. Rotation, truncation and absence of the file are its business; what the
// lines mean is not.
//
// The truth is its own reader on its own descriptor: a file is read to its end
// before the next one, whatever it is called by then. The watch only says when
// to look, and a look every Options.Poll replaces it where it is deaf.
package tailer

import (
	"errors"
	"io/fs"
	"log/slog"
	"syscall"
	"time"
)

const (
	// MaxLine is how many bytes of a line are delivered. The rest of a longer
	// line is skipped and counted.
	MaxLine = 1 << 20

	// MaxBatch is how many lines Next returns at most.
	MaxBatch = 1000

	defaultPoll = 100 * time.Millisecond
)

// Position is where reading goes on. It can be stored and compared.
type Position struct {
	Dev, Inode uint64
	Print      uint64 // hash of the file's first PrintLen bytes
	PrintLen   int    // min(Offset, 1024): only what was read can vouch for the file
	Offset     int64  // bytes
}

// IsZero says whether p is no place at all: reading begins at Options.Start.
func (p Position) IsZero() bool { return p == Position{} }

// Line is one line of a log.
type Line struct {
	Text []byte   // without its line end (\n or \r\n); valid until the next call of Next
	End  Position // just behind this line
	Cut  bool     // the line was longer than MaxLine; Text is its beginning
}

// Start is where reading begins when there is no position yet.
type Start int

const (
	End       Start = iota // behind the last whole line; a file that cannot be read at the first look is read from its beginning
	Beginning              // at the first byte
)

// Options are what is tunable. The zero value works.
type Options struct {
	Start    Start         // used only when there is no position yet
	Once     bool          // read what there is, then io.EOF; a file that cannot be read is an error
	Poll     time.Duration // how often the file is looked at when no event came; 0 means 100ms
	NoNotify bool          // only poll, for file systems without inotify
	Log      *slog.Logger  // says each change of state once; nil discards
}

// Stats is what has happened so far.
type Stats struct {
	Lines, Bytes int64 // delivered; Bytes counts line ends and skipped bytes too
	Rotations    int64 // how often reading went on in a younger file
	LostBytes    int64 // seen in a file and gone before they were read
	SkippedBytes int64 // behind the first MaxLine bytes of a line
	Waiting      error // why the file cannot be read now; nil means it is followed
}

// reason is an error said in the words of an operator.
type reason struct {
	text string
	err  error
}

func (r *reason) Error() string { return r.text }
func (r *reason) Unwrap() error { return r.err }

var errNotRegular = errors.New("not a regular file")

// because strips the operation and path, which the caller knows, from err.
func because(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if errors.Is(err, syscall.ENOENT) {
		return &reason{"no such file", err}
	}
	return err
}
