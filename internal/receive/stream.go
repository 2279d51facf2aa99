package receive

import (
	"context"
	"io"
	"sync"
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
	used   int64      // when, as the number of a use
	latest time.Time  // when it had lines
}

// chunk is what one request has for one stream.
type chunk struct {
	text []byte
	of   *pending
}

// pending is what one request has put into streams.
type pending struct {
	mu      sync.Mutex
	left    int
	done    chan struct{} // closed when left is 0
	size    int64         // of the request, for release
	release func(size int64)
	closed  bool // nothing more will be put
}

func newStream(from Source) *Stream {
	return &Stream{source: from, wake: make(chan struct{}, 1), latest: clock.Now()}
}

// use notes that a stream is about to get lines; false = it has ended.
func (s *Stream) use(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = n
	return !s.ended
}

// idle reports whether everything in the stream is stored, and when it was used.
func (s *Stream) idle() (used int64, idle bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used, len(s.queue)+len(s.read) == 0
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

// add changes how much is left to be stored.
func (p *pending) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 && n > 0 {
		p.done = make(chan struct{})
	}
	if p.left += n; p.left == 0 && n < 0 {
		close(p.done)
	}
	p.free()
}

// close says that nothing more will be put: then the last add releases what the request takes.
func (p *pending) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.free()
}

func (p *pending) free() {
	if p.closed && p.left == 0 {
		p.release(p.size)
		p.size = 0
	}
}

// stored is closed when nothing is left.
func (p *pending) stored() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == nil {
		p.done = make(chan struct{})
		close(p.done)
	}
	return p.done
}
