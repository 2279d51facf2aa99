package tailer

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"jira-oauth-watcher/internal/clock"
)

// Follower reads a log across its rotations. Block, Position and Close must be called from one
// goroutine. Stats and Gaps may be called from any.
//
// mu guards the known and open files. Block holds it for one step at a time, never while it waits
// or while the caller works on the returned block. The pinner holds it for one poll. statsMu is
// the inner lock and is held only briefly.
type Follower struct {
	path string // absolute and clean
	opt  Options
	log  *slog.Logger

	err error // final

	mu        sync.Mutex
	last      Position            // after the last block delivered
	started   bool                // the path has been polled
	begun     time.Time           // when the first file was opened
	cur       *file               // what is read now
	younger   []*file             // what is read after it, oldest first
	opened    []*file             // what will be, once no rotation is under way
	lingering []*file             // what was read before it and may still grow
	older     map[ident]knownFile // older than the newest of these
	barred    map[ident]bool      // rotated files that may not be read, reported once
	missing   time.Time           // since when the path is missing, though cur is open
	failing   bool                // reading cur fails
	newest    newest              // of a dated log
	pinner    pinner

	wake      chan struct{} // an event came; capacity 1
	poll      *pollInterval
	watch     *watch
	pollAt    time.Time // when to check the watch and the names again
	short     bool      // the last read has reached the end of the file, and nothing has woken Block since
	unwatched string    // why inotify is unavailable, reported once

	statsMu sync.Mutex
	stats   Stats
	gaps    []Gap
}

// Follow returns a Follower of the log at path that resumes at from, or begins at opt.Start if
// from is zero. Nothing is opened before the first call of Block.
func Follow(path string, from Position, opt Options) *Follower {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if opt.Poll <= 0 {
		opt.Poll = defaultPoll
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	tick := time.NewTicker(opt.Poll)
	tick.Stop()
	return &Follower{
		path: filepath.Clean(path), opt: opt, log: opt.Log,
		last:   from,
		older:  map[ident]knownFile{},
		barred: map[ident]bool{},
		wake:   make(chan struct{}, 1),
		poll:   &pollInterval{base: opt.Poll, start: clock.Now()},
		pinner: pinner{changed: make(chan struct{}, 1), tick: tick},
	}
}

// Block returns the next complete lines of one file: at most MaxBlock bytes, or one longer line.
// It waits at most wait for the first of them. No text and no error means that there were none in
// that time. With a wait of zero, it returns what is available. The error is that of ctx, io.EOF
// at the end in Once mode, or final.
func (f *Follower) Block(ctx context.Context, wait time.Duration) (Block, error) {
	if f.err != nil {
		return Block{}, f.err
	}
	f.startPinner()
	f.pinner.tick.Stop()
	defer f.pinner.tick.Reset(f.opt.Poll)
	var deadline time.Time
	for {
		f.housekeep() // before the read, so that no event falls between the two
		if wait <= 0 {
			f.short = false
		}
		b, err := f.advance(ctx)
		if len(b.Text) > 0 || err != nil {
			f.poll.active()
		}
		if len(b.Text) > 0 || err != nil || wait <= 0 {
			return b, err
		}
		if deadline.IsZero() {
			deadline = clock.Now().Add(wait)
		}
		clock.Wait(ctx, f.wake, max(min(f.poll.next(), clock.Until(deadline)), 0))
		if clock.Until(deadline) <= 0 {
			wait = 0 // one last poll: silence must have been observed
		}
		f.short = false
	}
}

// housekeep checks every Options.Poll where the log is.
func (f *Follower) housekeep() {
	now := clock.Now()
	if now.Before(f.pollAt) {
		return
	}
	f.pollAt = now.Add(f.opt.Poll)
	f.rearm()
	if !f.opt.Once && !f.opt.ByHand {
		f.Discover()
	}
}

// Position is where reading resumes: after the last delivered line or, before the first one, where
// the first poll decided to begin.
func (f *Follower) Position() Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// Close releases the descriptors and the watch, and waits for the pinner to end. Block then
// returns os.ErrClosed.
func (f *Follower) Close() error {
	f.pinner.tick.Stop()
	if f.pinner.stop != nil {
		f.pinner.stop()
		f.pinner.running.Wait()
	}
	f.watch.stop()
	f.watch = nil
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range append(f.held(), f.opened...) {
		g.close()
	}
	f.cur, f.younger, f.opened, f.lingering = nil, nil, nil, nil
	f.err = os.ErrClosed
	return nil
}
