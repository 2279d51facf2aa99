// Package tailer delivers the lines of a log in order, starting at the stored position. It handles
// rotation, truncation and absence of the file. It does not interpret the lines.
//
// It reads on its own descriptors: each file to its end before the next one, even if the file has
// been renamed. A pinner opens every file that the log becomes, at once and whether or not the
// consumer is ready, so that renaming, compression and removal lose nothing. The watch only says
// when to poll. Where it reports no events, polling every Options.Poll replaces it.
package tailer

import (
	"errors"
	"log/slog"
	"syscall"
	"time"

	"jira-oauth-watcher/internal/text"
)

const (
	// MaxLine is the maximum number of bytes of a line that are delivered. The rest of a longer
	// line is skipped.
	MaxLine = 1 << 20

	// MaxBlock is the maximum size of a block in bytes, except for a single longer line.
	MaxBlock = 256 << 10

	defaultPoll = 100 * time.Millisecond
)

// Position is the checkpoint at which reading resumes. It can be compared, and stored as JSON: its
// JSON field names are part of the stored state.
//
// A process may still write to a rotated file that it has open. For lingerTime after that file's
// last byte, positions record in Before how far it was read. Reading that resumes at such a
// position reads the file once more.
type Position struct {
	FilePosition
	Written int64        // mtime in Unix nanoseconds: once the file no longer exists, files with a later mtime are newer
	Before  FilePosition // in the previous file while that may still grow, else zero
	Since   int64        // see Start; 0 = all lines from this position on are wanted
}

// FilePosition is an offset in one file.
type FilePosition struct {
	Dev, Inode     uint64
	Born           int64  // when the file was created, in Unix nanoseconds; 0 if unknown to the file system
	Fingerprint    uint64 `json:"Print"`    // hash of the file's first FingerprintLen bytes
	FingerprintLen int    `json:"PrintLen"` // at most 1,024: all that is known, including what follows Offset
	Offset         int64  // in bytes; in a compressed file, uncompressed
	Stamp          string `json:",omitempty"` // the date in the name of a dated log's file, such as 20261126
}

// IsZero reports whether nothing is known: reading begins at Options.Start.
func (p Position) IsZero() bool { return p == Position{} }

// inFile reports whether p is in a file: the log has been readable.
func (p Position) inFile() bool { return p.FilePosition != FilePosition{} }

func (p FilePosition) id() ident { return ident{p.Dev, p.Inode} }

// Start is where reading begins when there is no position yet.
//
// If the log cannot be read at the first poll, the time of that poll is the position: Since, in
// Unix nanoseconds. Reading begins at the start of the oldest file that was written to since then.
// With End, positions keep Since until the end of the log is reached, but at least for some
// seconds after it was opened. The delivered lines then include lines written before that time,
// and only a caller that understands the lines can distinguish these.
type Start int

const (
	End       Start = iota // after the last complete line
	Beginning              // at the first byte of the file at the path; of a dated log, of the newest file
)

// Options are the tunable settings. The zero value is ready to use.
type Options struct {
	Start    Start         // used only if there is no position yet
	Once     bool          // read to the current end, then io.EOF; a file that cannot be read is an error
	Poll     time.Duration // poll interval without events; 0 means 100ms
	NoNotify bool          // only poll, for file systems without inotify
	Optional bool          // a missing file is not an error
	ByHand   bool          // start no goroutine: the caller calls Discover every Poll
	Log      *slog.Logger  // receives each change of state once; nil discards
}

// Stats are counters and the current state of a log.
type Stats struct {
	Rotations int64 // how often reading moved on to a newer file
	Lag       int64 // bytes known to be written but not delivered yet; 0 for a stream
	LostBytes int64 // bytes known to be lost before they were read
	Waiting   error // why the file cannot be read now; nil if it is followed
}

// Gap is a point where lines are or may be missing.
type Gap struct {
	Bytes int64 // lost; -1: unknown number; 0: none known, but some may be lost
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
	if errors.Is(err, syscall.ENOENT) {
		return &reason{"no such file", err}
	}
	return err
}
