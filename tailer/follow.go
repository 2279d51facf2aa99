package tailer

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Follower reads a log across its rotations. Next, Position and Close belong to
// one goroutine; Stats may be called from any.
type Follower struct {
	path string // absolute and clean
	opt  Options
	log  *slog.Logger

	from    Position // where to begin while cur is nil
	last    Position // behind the last line delivered
	looked  bool     // the first look at the path has been taken
	cur     *file    // what is read now
	younger []*file  // what is read after it, oldest first, pinned by its descriptor
	older   map[ident]time.Time
	barred  map[ident]bool // rotated files that may not be read, told once
	missing time.Time      // since when nothing is at the path, though cur is held
	split   splitter
	lines   []Line
	err     error // final

	wake     chan struct{} // an event came; capacity 1
	watch    *watch
	armAgain time.Time // when to look after the watch again
	deaf     string    // why there is no watch, told once

	mu    sync.Mutex
	stats Stats
}

// Follow returns a Follower of the log at path that goes on at from, or begins
// at opt.Start if from is zero. Nothing is opened before the first Next.
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
	return &Follower{
		path: filepath.Clean(path), opt: opt, log: opt.Log,
		from: from, last: from,
		barred: map[ident]bool{},
		wake:   make(chan struct{}, 1),
	}
}

// Next returns the next lines in order, at most MaxBatch. It waits at most wait
// for the first of them; no lines and no error means there was none for that
// long. A wait of zero returns what there is. The error is that of ctx, io.EOF
// at the end in Once mode, or final.
func (f *Follower) Next(ctx context.Context, wait time.Duration) ([]Line, error) {
	var deadline <-chan time.Time
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f.rearm() // before the look, so that no event falls between the two
		if lines, err := f.advance(); len(lines) > 0 || err != nil {
			return lines, err
		}
		if wait <= 0 {
			return nil, nil
		}
		if deadline == nil {
			t := time.NewTimer(wait)
			defer t.Stop()
			deadline = t.C
		}
		select {
		case <-ctx.Done():
		case <-f.wake:
		case <-time.After(f.opt.Poll):
		case <-deadline:
			wait = 0 // one last look: silence is what was looked at, not what was not
		}
	}
}

// Position is where reading goes on: behind the last line delivered, or, before
// the first one, where the first look decided to begin.
func (f *Follower) Position() Position { return f.last }

// Stats returns what has happened so far.
func (f *Follower) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Close releases the descriptors and the watch. Next then returns os.ErrClosed.
func (f *Follower) Close() error {
	f.letGo()
	f.watch.stop()
	f.watch = nil
	f.err = os.ErrClosed
	return nil
}

// letGo closes every file held; they are found again from the last position.
func (f *Follower) letGo() {
	if f.cur != nil {
		f.cur.close()
	}
	for _, g := range f.younger {
		g.close()
	}
	f.cur, f.younger = nil, nil
	f.from = f.last
	f.split.reset()
}

// advance returns the lines that there are.
func (f *Follower) advance() ([]Line, error) {
	f.lines = f.lines[:0]
	for f.err == nil {
		f.take()
		if len(f.lines) > 0 {
			return f.lines, nil
		}
		more, err := f.more()
		if err != nil {
			f.err = err
		} else if !more {
			return nil, nil
		}
	}
	return nil, f.err
}

// take cuts what is held into lines.
func (f *Follower) take() {
	for f.cur != nil && len(f.lines) < MaxBatch {
		p, ok := f.split.next()
		if !ok {
			break
		}
		f.add(p)
	}
	f.count()
}

func (f *Follower) add(p piece) {
	f.cur.pos += p.size
	f.lines = append(f.lines, Line{Text: p.text, End: f.cur.position(), Cut: p.cut})
}

// count puts the lines of this batch into the statistics.
func (f *Follower) count() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.SkippedBytes = f.split.skipped
	if n := len(f.lines); n > 0 {
		end := f.lines[n-1].End
		f.stats.Lines += int64(n)
		f.stats.Bytes += f.cur.pos - f.cur.counted
		f.cur.counted = f.cur.pos
		f.last = end
	}
}

// more reads on, or goes on to the next file. False means that there is nothing
// to read now.
func (f *Follower) more() (bool, error) {
	if f.cur == nil {
		if err := f.open(); err != nil {
			return false, f.trouble(err)
		}
	}
	n, err := f.cur.fill(f.split.room())
	changed := errors.Is(err, errTruncated) || errors.Is(err, errShortened)
	if changed {
		err = f.truncated(err)
	}
	switch {
	case err != nil:
		f.letGo()
		return false, f.trouble(err)
	case changed:
		return true, nil
	case n > 0:
		f.split.add(n)
		return true, nil
	}
	return f.atEnd()
}

// atEnd decides what the end of the current file means: wait, or go on with the
// next one. A renamed file may still grow until its successor has a first byte,
// so it is read to its end once more after that byte was seen.
func (f *Follower) atEnd() (bool, error) {
	if !f.cur.final {
		if err := f.look(); err != nil {
			return false, err
		}
		f.cur.final = f.opt.Once || f.succeeded()
		return f.cur.final, nil
	}
	if p, ok := f.split.rest(); ok {
		f.add(p)
		return true, nil
	}
	if len(f.younger) == 0 {
		return false, io.EOF // only Once makes the last file final
	}
	f.cur.close()
	f.cur, f.younger = f.younger[0], f.younger[1:]
	f.log.Info("log rotated")
	f.update(func(s *Stats) { s.Rotations++ })
	return true, nil
}

// succeeded says whether a younger file has a first byte.
func (f *Follower) succeeded() bool {
	for _, g := range f.younger {
		if g.size() > 0 {
			return true
		}
	}
	return false
}

func (f *Follower) update(change func(*Stats)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.stats)
}

// trouble notes why the log cannot be read now. In Once mode that is an error.
func (f *Follower) trouble(err error) error {
	err = because(err)
	if f.opt.Once {
		return err
	}
	if was := f.Stats().Waiting; was == nil || was.Error() != err.Error() {
		f.log.Warn("log cannot be read, waiting", "err", err)
	}
	f.update(func(s *Stats) { s.Waiting = err })
	return nil
}

// readable ends what trouble began.
func (f *Follower) readable() {
	f.missing = time.Time{}
	if f.Stats().Waiting != nil {
		f.log.Info("log is readable again")
		f.update(func(s *Stats) { s.Waiting = nil })
	}
}
