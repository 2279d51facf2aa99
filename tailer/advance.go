package tailer

import (
	"context"
	"errors"
	"io"
	"slices"

	"jira-oauth-watcher/internal/clock"
)

// advance returns the next block that there is.
func (f *Follower) advance(ctx context.Context) (Block, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Block{}, err
		}
		if b, more, err := f.step(); len(b.Text) > 0 || err != nil || !more {
			return b, err
		}
	}
}

// step takes one step: it delivers what is held, or reads on. No block and false
// mean that there is nothing to read now.
func (f *Follower) step() (b Block, more bool, err error) {
	if f.err != nil {
		return Block{}, false, f.err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if b, ok := f.fromLingering(); ok {
		return b, true, nil
	}
	if f.cur != nil {
		if b, ok := f.cur.lines.next(); ok {
			return f.deliver(b), true, nil
		}
	}
	if !f.short {
		more, f.err = f.more()
	}
	return Block{Part: f.cur != nil && f.cur.lines.holds()}, more, f.err
}

// deliver gives out b, which follows the last block of the current file.
func (f *Follower) deliver(b Block) Block {
	b.rest = Position{Written: f.cur.mtime.UnixNano(), Before: f.before(), Since: f.last.Since}
	return f.delivered(b, f.cur)
}

// delivered records that b, the next lines of g, was given out.
func (f *Follower) delivered(b Block, g *file) Block {
	b.start = g.filePosition()
	g.pos += b.size
	f.last = b.Position(len(b.Text))
	f.update(func(s *Stats) { s.Lag = f.lag() })
	return b
}

// more reads on, or goes on to the next file. False means that there is nothing
// to read now.
func (f *Follower) more() (bool, error) {
	if f.cur == nil {
		return f.open()
	}
	room := f.cur.lines.room()
	n, err := f.cur.fill(room)
	if errors.Is(err, errSkipping) {
		return true, nil
	}
	if errors.Is(err, errTruncated) || errors.Is(err, errShortened) {
		if err = f.truncated(err); err == nil {
			return true, nil
		}
	}
	if err != nil {
		f.failing = true
		f.openAgain()
		return false, f.unreadable(err)
	}
	if f.failing {
		f.failing = false
		f.readable()
	}
	if n == 0 {
		return f.atEnd()
	}
	if f.cur.empty && f.missed() {
		return true, nil
	}
	f.cur.lines.add(n)
	f.short = n < len(room) && f.cur.gz == nil && len(f.younger) == 0 && f.poll.watched.Load()
	return true, nil
}

// atEnd decides what the end of the current file means: wait, or go on with the
// next one. A renamed file may still grow until its successor has a first byte,
// so it is read to its end once more after that byte was seen.
func (f *Follower) atEnd() (bool, error) {
	g := f.cur
	if !g.ended() {
		return false, f.discover() // a compressed file that is still being written
	}
	if !g.final {
		if err := f.discover(); err != nil {
			return false, err
		}
		g.final = f.opt.Once || f.succeeded()
		if !g.final && clock.Since(f.begun) > lingerTime { // else it may just be copied here
			f.last.Since = 0
		}
		return g.final, nil
	}
	if g.lines.holds() {
		g.lines.end() // a last line without its end
		return true, nil
	}
	if g.gz != nil && g.gz.damage != nil {
		f.lose(-1, "a compressed log is damaged, its end is lost", g.gz.damage)
		g.gz.damage = nil
	}
	if err := f.reopen(); err != nil {
		return false, nil // names change just now
	}
	if len(f.younger) == 0 {
		if f.opt.Once {
			return false, io.EOF
		}
		g.final = false // the file that made it final no longer exists
		return false, nil
	}
	next := f.younger[0]
	if f.opt.Once || g.gz != nil || clock.Since(next.mtime) > lingerTime {
		g.close() // it was rotated long ago
	} else {
		f.linger(g)
	}
	f.cur, f.younger = next, f.younger[1:]
	f.log.Info("log rotated")
	f.update(func(s *Stats) { s.Rotations++ })
	return true, nil
}

// succeeded reports whether a newer file has a first byte.
func (f *Follower) succeeded() bool {
	return slices.ContainsFunc(f.younger, func(g *file) bool { return g.f == nil || g.size() > 0 })
}

// openAgain replaces a descriptor that cannot be read any more, as after the
// server of a network file system was restarted.
func (f *Follower) openAgain() {
	g, err := f.find(f.cur.filePosition(), f.cur.caughtUp)
	if err != nil || g == nil {
		return // the old one may recover
	}
	g.final, g.caughtUp = f.cur.final, f.cur.caughtUp
	f.cur.close()
	f.cur = g
}
