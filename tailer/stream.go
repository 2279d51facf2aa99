package tailer

import (
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
	blocks chan chunk    // read, in order; closed after the last one
	free   chan []byte   // buffers to read into: two of them bound the memory
	closed chan struct{} // ends the goroutine
	chunk  chunk         // the one being used; data is what is left of it
	lines  lineBuffer
	pos    int64
	err    error // final
}

// chunk is the outcome of one read.
type chunk struct {
	data, buf []byte
	err       error
}

// Stream returns a reader of the lines of r, which it does not close. It begins to read at once,
// in a goroutine: only so can a wait have an end. In its positions, only Offset is set.
func Stream(r io.Reader) *StreamReader {
	s := &StreamReader{
		r:      r,
		blocks: make(chan chunk, 2),
		free:   make(chan []byte, 2),
		closed: make(chan struct{}),
	}
	for range cap(s.free) {
		s.free <- make([]byte, MaxBlock/4)
	}
	go s.read()
	return s
}

// Block is like Follower.Block. It returns io.EOF after the last line, complete or not.
func (s *StreamReader) Block(ctx context.Context, wait time.Duration) (Block, error) {
	var deadline <-chan time.Time
	for {
		if err := ctx.Err(); err != nil {
			return Block{}, err
		}
		b, err := s.take()
		if len(b.Text) > 0 || err != nil {
			return b, err
		}
		if wait <= 0 {
			select {
			case s.chunk = <-s.blocks:
				continue
			default:
				return b, nil
			}
		}
		if deadline == nil {
			t := time.NewTimer(wait)
			defer t.Stop()
			deadline = t.C
		}
		select {
		case <-ctx.Done():
		case s.chunk = <-s.blocks:
		case <-deadline:
			wait = 0
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

// take returns the next block of what was read.
func (s *StreamReader) take() (Block, error) {
	for s.err == nil {
		if p, ok := s.lines.next(); ok {
			return s.deliver(p), nil
		}
		switch {
		case len(s.chunk.data) > 0:
			n := copy(s.lines.room(), s.chunk.data)
			s.lines.add(n)
			s.chunk.data = s.chunk.data[n:]
		case s.chunk.buf != nil:
			s.free <- s.chunk.buf // never blocks: there are only two
			s.chunk.buf = nil
		case s.chunk.err == nil:
			return Block{Part: s.lines.holds()}, nil
		case s.lines.holds():
			s.lines.end()
		default:
			s.err = s.chunk.err
		}
	}
	return Block{}, s.err
}

func (s *StreamReader) deliver(p segment) Block {
	b := Block{Text: p.text, Cut: p.cut, Part: s.lines.holds(), size: p.size, start: FilePosition{Offset: s.pos}}
	s.pos += p.size
	return b
}

func (s *StreamReader) read() {
	defer close(s.blocks)
	for {
		select {
		case <-s.closed:
			return
		case buf := <-s.free:
			n, err := s.r.Read(buf)
			// Two buffers and room for two blocks: this never blocks.
			s.blocks <- chunk{data: buf[:n], buf: buf, err: err}
			if err != nil {
				return
			}
		}
	}
}
