package receive

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/tailer"
)

// Source is where lines come from. All of it is untrusted text.
type Source struct {
	Node string // the host, "" = unknown
	Log  string // the path of the file, or names from Kubernetes
}

// Stream reads the lines of one source, in the order in which they arrived. It implements
// pipeline.Reader and pipeline.Acknowledger.
type Stream struct {
	source Source
	wake   chan struct{} // has one element if there may be news
	offset int64         // in bytes, of all text so far

	mu     sync.Mutex
	queue  []chunk    // not read yet
	read   []*pending // read and not stored yet
	ended  bool       // takes nothing more
	latest time.Time  // when it had lines
}

// chunk is what one request has for one stream.
type chunk struct {
	text []byte
	of   *pending
}

// pending is a request until what it has put into streams is stored.
type pending struct {
	left    atomic.Int64 // chunks that are not stored yet, and one while more may come
	done    chan struct{}
	size    int64 // in bytes
	release func(size int64)
}

// add changes how much is left. At the end, what the request takes is free again.
func (p *pending) add(n int64) {
	if p.left.Add(n) == 0 {
		p.release(p.size)
		close(p.done)
	}
}

func newStream(from Source) *Stream {
	return &Stream{source: from, wake: make(chan struct{}, 1), latest: clock.Now()}
}

// idle reports whether everything in the stream is stored, and when it had lines.
func (s *Stream) idle() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latest, len(s.queue)+len(s.read) == 0
}

// end closes a stream with nothing left to store. It returns whether it was open.
func (s *Stream) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || len(s.queue)+len(s.read) > 0 {
		return false
	}
	s.ended = true
	s.notify()
	return true
}

func (s *Stream) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// put appends lines; false = the stream has ended.
func (s *Stream) put(text []byte, p *pending) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	p.add(1)
	s.queue = append(s.queue, chunk{text, p})
	s.latest = clock.Now()
	s.notify()
	return true
}

// Block is the text of the next request. A stream without lines for a minute ends.
func (s *Stream) Block(ctx context.Context, wait time.Duration) (tailer.Block, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for timeout := wait <= 0; ; {
		if b, ok, err := s.next(); ok || err != nil {
			return b, err
		}
		if timeout {
			return tailer.Block{}, nil
		}
		select {
		case <-ctx.Done():
			return tailer.Block{}, ctx.Err()
		case <-s.wake:
		case <-timer.C:
			timeout = true
		}
	}
}

func (s *Stream) next() (b tailer.Block, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 {
		c := s.queue[0]
		s.queue = s.queue[1:]
		s.read = append(s.read, c.of)
		b = tailer.Memory(c.text, s.offset)
		s.offset += int64(len(c.text))
		return b, true, nil
	}
	if s.ended = s.ended || len(s.read) == 0 && clock.Since(s.latest) >= idleTime; s.ended {
		return b, false, io.EOF
	}
	return b, false, nil
}

// Stored acknowledges what was read.
func (s *Stream) Stored() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.read {
		p.add(-1)
	}
	clear(s.read)
	s.read = s.read[:0]
}

// Stats is zero.
func (s *Stream) Stats() tailer.Stats { return tailer.Stats{} }

// Gaps is empty: a request is read completely, or sent again.
func (s *Stream) Gaps() []tailer.Gap { return nil }
