// Package tailer delivers the lines of a log in order, from where reading left
// off. Rotation, truncation and absence of the file are its business; what the
// lines mean is not.
//
// It reads on its own descriptors: a file to its end before the next one, even after it
// was renamed. A pinner opens every file that the log becomes, at once and whether or
// not the consumer is ready, so that renaming, compression and removal lose nothing.
// The watch only says when to poll; polling every Options.Poll replaces it where it
// gets no events.
package tailer

import (
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"jira-oauth-watcher/internal/text"
)

const (
	// MaxLine is how many bytes of a line are delivered. The rest of a longer
	// line is skipped.
	MaxLine = 1 << 20

	// MaxBlock is how many bytes a block has at most, unless it is one longer line.
	MaxBlock = 256 << 10

	defaultPoll = 100 * time.Millisecond
)

// Position is the checkpoint at which reading resumes. It can be compared, and
// stored as JSON: the names of its fields there are those of stored state.
//
// A process may still write to a rotated file that it has open. For lingerTime
// after that file's last byte, positions say in Before how far it was read, and
// reading that resumes at such a position reads it once more.
type Position struct {
	FilePosition
	Written int64        // mtime of the file, in Unix nanoseconds: once it is gone, files with a later one are newer
	Before  FilePosition // in the file before this one while that may grow, else zero
	Since   int64        // see Start; 0 = all lines from here on are wanted
}

// FilePosition is an offset in one file.
type FilePosition struct {
	Dev, Inode     uint64
	Born           int64  // when the file was created, in Unix nanoseconds; 0 if its file system does not say
	Fingerprint    uint64 `json:"Print"`    // hash of the file's first FingerprintLen bytes
	FingerprintLen int    `json:"PrintLen"` // at most 1,024: all that is known, also after Offset
	Offset         int64  // in bytes; in a compressed file, of its content
	Stamp          string `json:",omitempty"` // the date in the name of a dated log's file, such as 20261126
}

// IsZero reports whether nothing is known at all: reading begins at Options.Start.
func (p Position) IsZero() bool { return p == Position{} }

// inFile reports whether p is in a file: the log has been readable.
func (p Position) inFile() bool { return p.FilePosition != FilePosition{} }

func (p FilePosition) id() ident { return ident{p.Dev, p.Inode} }

// Start is where reading begins when there is no position yet.
//
// If the log cannot be read at the first poll, the time of that poll is the position:
// Since, in Unix nanoseconds. Reading begins at the start of the oldest file that was
// written to since then. With End, positions keep Since until the end of the log is
// reached, some seconds after it was opened at the earliest: lines written before that
// time are among those delivered, and only a caller that understands them can
// distinguish these.
type Start int

const (
	End       Start = iota // after the last complete line
	Beginning              // at the first byte of the file at the path; of a dated log, of the newest file
)

// Options are the tunable settings. The zero value works.
type Options struct {
	Start    Start         // used only when there is no position yet
	Once     bool          // read what there is, then io.EOF; a file that cannot be read is an error
	Poll     time.Duration // poll interval when no event comes; 0 means 100ms
	NoNotify bool          // only poll, for file systems without inotify
	Optional bool          // that there is no such file is no trouble
	ByHand   bool          // start no goroutine: the caller calls Discover every Poll
	Log      *slog.Logger  // gets each change of state once; nil discards
}

// Stats is what has happened so far.
type Stats struct {
	Rotations int64 // how often reading went on to a younger file
	Lag       int64 // bytes known to be written and not delivered yet; 0 for a stream
	LostBytes int64 // known to be lost before they were read
	Waiting   error // why the file cannot be read now; nil means it is followed
}

// Gap is a point where lines are or may be missing.
type Gap struct {
	Bytes int64 // lost; -1: unknown; 0: none known, but more may be lost
	Why   string
	At    time.Time // when it was noticed
}

// reason is an error in an operator's words.
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
	if errors.Is(err, fs.ErrNotExist) {
		return &reason{"no such file", err}
	}
	return err
}
