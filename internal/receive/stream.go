package receive

import (
	"context"
	"io"
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
	of     *Receiver // its mutex protects all but the offset
	source Source
	wake   chan struct{} // has one element if there may be news
	offset int64         // in bytes, of all text so far

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
	left   atomic.Int64 // chunks that are not stored yet, and one while more may come
	done   chan struct{}
	size   int64         // in bytes
	flying *atomic.Int64 // of all requests
}

// add changes how much is left. At the end, what the request takes is free again.
func (p *pending) add(n int64) {
	if p.left.Add(n) == 0 {
		p.flying.Add(-p.size)
		close(p.done)
	}
}

// idle reports whether everything in the stream is stored.
func (s *Stream) idle() bool { return len(s.queue)+len(s.read) == 0 }

// end ends an idle stream. The next lines of its source begin another one.
func (s *Stream) end() {
	s.ended = true
	delete(s.of.streams, s.source)
	s.notify()
}

func (s *Stream) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Block is the text of the next request. A stream without lines for a minute ends.
func (s *Stream) Block(ctx context.Context, wait time.Duration) (tailer.Block, error) {
	for end := clock.Now().Add(wait); ; {
		b, err := s.next()
		left := clock.Until(end)
		if len(b.Text) > 0 || err != nil || left <= 0 {
			return b, err
		}
		if clock.Wait(ctx, s.wake, left); ctx.Err() != nil {
			return b, ctx.Err()
		}
	}
}

// next is what the next request has, empty if there is none.
func (s *Stream) next() (b tailer.Block, err error) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if len(s.queue) > 0 {
		c := s.queue[0]
		s.queue = s.queue[1:]
		s.read = append(s.read, c.of)
		b = tailer.Memory(c.text, s.offset)
		s.offset += int64(len(c.text))
		return b, nil
	}
	if !s.ended && s.idle() && clock.Since(s.latest) >= idleTime {
		s.end()
	}
	if s.ended {
		err = io.EOF
	}
	return b, err
}

// Stored acknowledges what was read.
func (s *Stream) Stored() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
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
