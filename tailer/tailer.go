// Package tailer delivers the lines of a log in order, from where reading left
// off. Rotation, truncation and absence of the file are its business; what the
// lines mean is not.
//
// The truth is its own reader on its own descriptor: a file is read to its end
// before the next one, whatever it is called by then. A pinner opens every file
// that the log becomes, at once and whether or not the consumer is ready, so
// that renaming, compression and removal take nothing away. The watch only says
// when to look, and a look every Options.Poll replaces it where it is deaf.
package tailer

import (
	"errors"
	"jira-oauth-watcher/internal/text"
	"log/slog"
	"syscall"
	"time"
)

const (
	// MaxLine is how many bytes of a line are delivered. The rest of a longer
	// line is skipped.
	MaxLine = 1 << 20

	// MaxBlock is how many bytes a block has at most, unless it is one longer line.
	MaxBlock = 256 << 10

	defaultPoll = 100 * time.Millisecond
)

// Position is where reading goes on. It can be stored and compared.
//
// A file that was rotated may still be written to by a process that has it open.
// For lateTime after its last byte, positions say in Before how far it was read,
// and reading that goes on at such a position looks at it once more.
type Position struct {
	Dev, Inode uint64
	Born       int64  // when the file was created, in Unix nanoseconds; 0 where its file system does not say
	Print      uint64 // hash of the file's first PrintLen bytes
	PrintLen   int    // at most 1,024: all that is known, also after Offset
	Offset     int64  // bytes, in a compressed file those of its content
	Written    int64  // when the file had been written to, in Unix nanoseconds: tells what is newer once it is gone
	Before     Place  // in the file before this one while that may grow, else zero
	Since      int64  // see Start; 0 = all lines from here on are wanted
}

// Place is a Position in one file.
type Place struct {
	Dev, Inode uint64
	Born       int64
	Print      uint64
	PrintLen   int
	Offset     int64
}

// IsZero says whether nothing is known at all: reading begins at Options.Start.
func (p Position) IsZero() bool { return p == Position{} }

func (p Position) place() Place { return Place{p.Dev, p.Inode, p.Born, p.Print, p.PrintLen, p.Offset} }

func (p Position) with(at Place) Position {
	p.Dev, p.Inode, p.Born, p.Print, p.PrintLen, p.Offset = at.Dev, at.Inode, at.Born, at.Print, at.PrintLen, at.Offset
	return p
}

// inFile says whether p is in a file: the log has been readable.
func (p Position) inFile() bool { return p.place() != Place{} }

func (p Place) id() ident { return ident{p.Dev, p.Inode} }

// Start is where reading begins when there is no position yet.
//
// If the log cannot be read at the first look, the time of that look is the
// position: Since, in Unix nanoseconds. Reading begins at the start of the oldest
// file that was written to since then. With End, positions keep Since until the
// end of the log is reached, some seconds after it was opened at the earliest: what
// was written before that time is among these lines, and only who understands the
// lines can tell it apart.
type Start int

const (
	End       Start = iota // after the last whole line
	Beginning              // at the first byte of the file at the path
)

// Options are what is tunable. The zero value works.
type Options struct {
	Start    Start         // used only when there is no position yet
	Once     bool          // read what there is, then io.EOF; a file that cannot be read is an error
	Poll     time.Duration // how often the file is looked at when no event came; 0 means 100ms
	NoNotify bool          // only poll, for file systems without inotify
	ByHand   bool          // start no goroutine: the caller calls Look every Poll
	Log      *slog.Logger  // says each change of state once; nil discards
}

// Stats is what has happened so far.
type Stats struct {
	Rotations int64 // how often reading went on in a younger file
	Lag       int64 // bytes that were seen to be written and are not delivered yet; 0 for a stream
	LostBytes int64 // known to be gone before they were read
	Waiting   error // why the file cannot be read now; nil means it is followed
}

// Gap is a place where lines are or may be missing.
type Gap struct {
	Bytes int64 // lost; -1 is unknown; 0 is none that was seen, but more may have been written unseen
	Why   string
	At    time.Time // when it was noticed
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
	err = text.WithoutPath(err)
	if errors.Is(err, syscall.ENOENT) {
		return &reason{"no such file", err}
	}
	return err
}
