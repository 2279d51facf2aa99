// Package receive takes the log lines that shippers send by OTLP/HTTP.
package receive

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/listen"
	"jira-oauth-watcher/tailer"
)

// Bounds of what shippers can use.
const (
	Connections = 256
	maxBody     = 16 << 20              // of one request, as sent and without its compression
	maxInFlight = 32 << 20              // of all requests that are not answered yet, without their compression
	maxStreams  = 1000                  // open ones; for one more, the longest unused is closed
	maxName     = 255                   // characters of a node or of a log
	idleTime    = time.Minute           // after which a stream ends
	bodyTime    = 30 * time.Second      // for the body of a request
	storeTime   = 20 * time.Second      // for storing what matters of it
	retryAfter  = "1"                   // seconds, see maxInFlight
	fullPause   = 10 * time.Millisecond // after which a full set of streams is looked at again
)

var (
	errBusy  = errors.New("too much is in flight, send it again later")
	errEnded = errors.New("the receiver is stopping, send it again later")
	errSlow  = errors.New("storing it takes too long, send it again later")
)

// Receiver answers with success when what matters of a request is stored. It has one reader of lines
// for each stream: for each log of each node. It is itself a pipeline.Reader that never has lines,
// for all streams together.
type Receiver struct {
	rules  conf.HTTP
	logins *listen.Logins
	follow func(Source, *Stream) func(context.Context) error

	started chan *Stream
	ended   chan struct{} // closed when Run begins to end
	flying  atomic.Int64  // bytes in flight
	decode  sync.Mutex    // one at a time: a decoded request takes a multiple of its size

	mu      sync.Mutex
	streams map[Source]*Stream
}

// New makes a Receiver. follow returns what reads a stream until it ends, and returns an error only
// if nothing can be stored any more.
func New(rules conf.HTTP, log *slog.Logger, follow func(Source, *Stream) func(context.Context) error) *Receiver {
	return &Receiver{
		rules: rules, logins: &listen.Logins{What: "OTLP receiver", Log: log}, follow: follow,
		started: make(chan *Stream), ended: make(chan struct{}), streams: map[Source]*Stream{},
	}
}

// Run runs the streams until ctx is done or one of them fails. It must be called once.
func (r *Receiver) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case s := <-r.started:
			all.Go(func() {
				defer r.forget(s)
				if err := r.follow(s.source, s)(ctx); err != nil {
					stop(err)
				}
			})
		}
	}
	close(r.ended)
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Block waits: there are no lines but those of the streams.
func (r *Receiver) Block(ctx context.Context, wait time.Duration) (tailer.Block, error) {
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
	return tailer.Block{}, ctx.Err()
}

// Stats are zero: what is in flight is not a backlog, because its sender waits for it.
func (r *Receiver) Stats() tailer.Stats { return tailer.Stats{} }

// Gaps is empty.
func (r *Receiver) Gaps() []tailer.Gap { return nil }

// put gives lines to the stream of their source. It waits while there are too many streams, and all
// have something to store.
func (r *Receiver) put(ctx context.Context, from Source, text []byte, p *pending) error {
	for {
		s, isNew := r.stream(from)
		switch {
		case s == nil:
			select {
			case <-time.After(fullPause):
				continue
			case <-ctx.Done():
				return errBusy
			}
		case isNew:
			select {
			case r.started <- s:
			case <-r.ended:
				return errEnded
			case <-ctx.Done():
				r.forget(s)
				return errSlow
			}
		}
		if s.put(text, p) {
			return nil
		}
		r.forget(s)
	}
}

// stream is that of a source; nil if there is no room for it.
func (r *Receiver) stream(from Source) (s *Stream, isNew bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s = r.streams[from]; s != nil {
		return s, false
	}
	if len(r.streams) >= maxStreams {
		var oldest *Stream
		var since time.Time
		for _, s := range r.streams {
			if at, idle := s.idle(); idle && (oldest == nil || at.Before(since)) {
				oldest, since = s, at
			}
		}
		if oldest == nil || !oldest.end() {
			return nil, false
		}
		delete(r.streams, oldest.source)
	}
	s = newStream(from)
	r.streams[from] = s
	return s, true
}

func (r *Receiver) forget(s *Stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.streams[s.source] == s {
		delete(r.streams, s.source)
	}
}
