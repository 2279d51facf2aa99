package tailer

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// StreamReader reads the lines of a stream that cannot be read again. Block and Close must be
// called from one goroutine.
type StreamReader struct {
	r      io.Reader
	blocks chan Block    // one without text if Part has changed; closed after the last one
	closed chan struct{} // ends the goroutine
	failed error         // why it ended; not before blocks is closed
	part   bool          // Part of the last of them
	err    error         // os.ErrClosed after Close
}

// Stream returns a reader of the lines of r, which it does not close. It begins to read at once,
// in a goroutine: only so can a wait have an end. In its positions, only Offset is set.
func Stream(r io.Reader) *StreamReader {
	s := &StreamReader{r: r, blocks: make(chan Block), closed: make(chan struct{})}
	go s.read()
	return s
}

// Block is like Follower.Block. It returns io.EOF after the last line, complete or not.
func (s *StreamReader) Block(ctx context.Context, wait time.Duration) (Block, error) {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		if err := cmp.Or(ctx.Err(), s.err); err != nil {
			return Block{}, err
		}
		var b Block
		open := true
		select {
		case b, open = <-s.blocks:
		default:
			if wait <= 0 {
				return Block{Part: s.part}, nil
			}
			select {
			case <-ctx.Done():
				continue
			case b, open = <-s.blocks:
			case <-timeout.C:
				wait = 0
				continue
			}
		}
		if !open {
			return Block{}, s.failed
		}
		if s.part = b.Part; len(b.Text) > 0 {
			return b, nil
		}
	}
}

// Stats is zero: a stream is not rotated and never temporarily unreadable.
func (s *StreamReader) Stats() Stats { return Stats{} }

// Gaps is empty: a stream is read completely or not at all.
func (s *StreamReader) Gaps() []Gap { return nil }

// Close stops reading. A read in progress is interrupted if the stream supports it. Otherwise, its
// goroutine ends when the read does.
func (s *StreamReader) Close() error {
	if errors.Is(s.err, os.ErrClosed) {
		return nil
	}
	s.err = os.ErrClosed
	close(s.closed)
	if r, ok := s.r.(interface{ SetReadDeadline(time.Time) error }); ok && r.SetReadDeadline(time.Now()) == nil {
		for range s.blocks { // until the goroutine has ended
		}
	}
	return nil
}

// read reads on in one buffer while the caller uses the texts in the other one. A caller that takes a
// block no longer uses the one before.
func (s *StreamReader) read() {
	defer close(s.blocks)
	var lines lineBuffer
	var other []byte
	var last Block
	for s.failed == nil {
		if lines.r > 0 {
			other = lines.move(other)
		}
		var n int
		n, s.failed = s.r.Read(lines.room())
		lines.add(n)
		if s.failed != nil {
			lines.end()
		}
		for b, ok := lines.next(); ok || b.Part != last.Part; b, ok = lines.next() {
			b.start.Offset = last.start.Offset + last.size
			select {
			case <-s.closed:
				return
			case s.blocks <- b:
				last = b
			}
		}
	}
}
