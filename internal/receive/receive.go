// Package receive takes the log lines that shippers send by OTLP/HTTP.
package receive

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/clock"
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
	errBusy  = &refusal{http.StatusTooManyRequests, "too much is in flight, send it again later"}
	errEnded = &refusal{http.StatusServiceUnavailable, "the receiver is stopping, send it again later"}
	errSlow  = &refusal{http.StatusServiceUnavailable, "storing it takes too long, send it again later"}
)

// Receiver answers with success when what matters of a request is stored. It has one reader of lines
// for each stream: for each log of each node. It is itself a pipeline.Reader that never has lines,
// for all streams together.
type Receiver struct {
	rules  conf.HTTP
	logins *listen.Logins
	follow func(Source, *Stream) func(context.Context) error

	ended  chan struct{} // closed when Run begins to end
	flying atomic.Int64  // bytes in flight
	decode sync.Mutex    // one at a time: a decoded request takes a multiple of its size

	mu      sync.Mutex         // also of the streams
	run     func(*Stream)      // begins to read a stream; nil = Run does not run
	streams map[Source]*Stream // that have not ended
}

// New makes a Receiver. follow returns what reads a stream until it ends, and returns an error only
// if nothing can be stored any more.
func New(rules conf.HTTP, log *slog.Logger, follow func(Source, *Stream) func(context.Context) error) *Receiver {
	return &Receiver{
		rules: rules, logins: &listen.Logins{What: "OTLP receiver", Log: log}, follow: follow,
		ended: make(chan struct{}), streams: map[Source]*Stream{},
	}
}

// Run runs the streams until ctx is done or one of them fails. It must be called once.
func (r *Receiver) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	r.begin(func(s *Stream) {
		all.Go(func() {
			if err := r.follow(s.source, s)(ctx); err != nil {
				stop(err)
			}
		})
	})
	<-ctx.Done()
	r.begin(nil)
	close(r.ended)
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Block waits: there are no lines but those of the streams.
func (r *Receiver) Block(ctx context.Context, wait time.Duration) (tailer.Block, error) {
	clock.Wait(ctx, nil, max(wait, 0))
	return tailer.Block{}, ctx.Err()
}

// Stats are zero: what is in flight is not a backlog, because its sender waits for it.
func (r *Receiver) Stats() tailer.Stats { return tailer.Stats{} }

// Gaps is empty.
func (r *Receiver) Gaps() []tailer.Gap { return nil }

func (r *Receiver) begin(run func(*Stream)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run = run
}

// put gives lines to the stream of their source. It waits while there are too many streams, and all
// have something to store.
func (r *Receiver) put(ctx context.Context, from Source, text []byte, p *pending) *refusal {
	for !r.putNow(from, text, p) {
		select {
		case <-time.After(fullPause):
		case <-r.ended:
			return errEnded
		case <-ctx.Done():
			return errBusy
		}
	}
	return nil
}

// putNow is put; false if there is no room for one more stream.
func (r *Receiver) putNow(from Source, text []byte, p *pending) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.streams[from]
	if r.run == nil || s == nil && len(r.streams) >= maxStreams && !r.endOldest() {
		return false
	}
	if s == nil {
		s = &Stream{of: r, source: from, wake: make(chan struct{}, 1)}
		r.streams[from] = s
		r.run(s)
	}
	p.add(1)
	s.queue = append(s.queue, chunk{text, p})
	s.latest = clock.Now()
	s.notify()
	return true
}

// endOldest ends the stream that is unused for the longest time; false if all have something to store.
func (r *Receiver) endOldest() bool {
	var oldest *Stream
	for _, s := range r.streams {
		if s.idle() && (oldest == nil || s.latest.Before(oldest.latest)) {
			oldest = s
		}
	}
	if oldest != nil {
		oldest.end()
	}
	return oldest != nil
}
