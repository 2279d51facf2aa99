package tailer

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// StreamReader reads lines of a stream that cannot be read again. Next and Close
// belong to one goroutine; Stats may be called from any.
type StreamReader struct {
	r       io.Reader
	started bool
	blocks  chan block    // read, in order; closed behind the last one
	free    chan []byte   // buffers to read into: two of them bound the memory
	closed  chan struct{} // tells the goroutine to end
	block   block         // the one being used; data is what is left of it
	split   splitter
	lines   []Line
	pos     int64
	err     error // final

	mu    sync.Mutex
	stats Stats
}

// block is the outcome of one read.
type block struct {
	data, buf []byte
	err       error
}

// Stream returns a reader of the lines of r, which it does not close. Positions
// are zero apart from Offset.
func Stream(r io.Reader) *StreamReader {
	return &StreamReader{
		r:      r,
		blocks: make(chan block, 2),
		free:   make(chan []byte, 2),
		closed: make(chan struct{}),
	}
}

// Next is like Follower.Next. io.EOF comes behind the last line, whole or not.
func (s *StreamReader) Next(ctx context.Context, wait time.Duration) ([]Line, error) {
	s.start()
	var deadline <-chan time.Time
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if lines, err := s.take(); len(lines) > 0 || err != nil {
			return lines, err
		}
		if deadline == nil && wait > 0 {
			t := time.NewTimer(wait)
			defer t.Stop()
			deadline = t.C
		}
		if wait <= 0 {
			select {
			case b := <-s.blocks:
				s.block = b
				continue
			default:
				return nil, nil
			}
		}
		select {
		case <-ctx.Done():
		case s.block = <-s.blocks:
		case <-deadline:
			wait = 0
		}
	}
}

// Stats returns what has happened so far.
func (s *StreamReader) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Close ends reading. A read that is under way is interrupted if the stream
// allows it; else its goroutine ends when the read does.
func (s *StreamReader) Close() error {
	if errors.Is(s.err, os.ErrClosed) {
		return nil
	}
	s.err = os.ErrClosed
	close(s.closed)
	if r, ok := s.r.(interface{ SetReadDeadline(time.Time) error }); ok && s.started {
		if r.SetReadDeadline(time.Now()) == nil {
			for range s.blocks { // until the goroutine has ended
			}
		}
	}
	return nil
}

// take returns the lines that there are in what was read.
func (s *StreamReader) take() ([]Line, error) {
	s.lines = s.lines[:0]
	for s.err == nil {
		for len(s.lines) < MaxBatch {
			p, ok := s.split.next()
			if !ok {
				break
			}
			s.add(p)
		}
		if len(s.lines) > 0 {
			break
		}
		switch {
		case len(s.block.data) > 0:
			n := copy(s.split.room(), s.block.data)
			s.split.add(n)
			s.block.data = s.block.data[n:]
		case s.block.buf != nil:
			s.free <- s.block.buf // never blocks: there are only two
			s.block.buf = nil
		case s.block.err != nil:
			if p, ok := s.split.rest(); ok {
				s.add(p)
			} else {
				s.err = s.block.err
			}
		default:
			s.count()
			return nil, nil
		}
		if len(s.lines) > 0 {
			break
		}
	}
	s.count()
	if len(s.lines) > 0 {
		return s.lines, nil
	}
	return nil, s.err
}

func (s *StreamReader) add(p piece) {
	s.pos += p.size
	s.lines = append(s.lines, Line{Text: p.text, End: Position{Offset: s.pos}, Cut: p.cut})
}

func (s *StreamReader) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Lines += int64(len(s.lines))
	s.stats.Bytes = s.pos
	s.stats.SkippedBytes = s.split.skipped
}

// start starts the goroutine that reads: only so can a wait have an end.
func (s *StreamReader) start() {
	if s.started || s.err != nil {
		return
	}
	s.started = true
	for range cap(s.free) {
		s.free <- make([]byte, blockSize/4)
	}
	go s.read()
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
			s.blocks <- block{data: buf[:n], buf: buf, err: err}
			if err != nil {
				return
			}
		}
	}
}
