package tailer

import (
	"errors"
	"time"

	"jira-oauth-watcher/internal/clock"
)

const (
	lateTime = 5 * time.Second // how long a rotated file is looked at after its last byte
	maxLate  = 4               // such files at a time; the one that was rotated first goes first
)

// late is a file that was read to its end and left for a younger one. A process
// that had it open may still write to it, until it is told of the rotation.
type late struct {
	*file
	split splitter
	until time.Time
}

// leave turns the current file, read to its end, into a late one, unless the
// next file shows that the rotation was long ago.
func (f *Follower) leave(g, next *file) {
	if f.opt.Once || g.gz != nil || clock.Since(next.mtime) > lateTime {
		g.close()
		return
	}
	f.watchLate(g)
}

func (f *Follower) watchLate(g *file) {
	if len(f.late) == maxLate {
		f.late[0].close()
		f.late = f.late[1:]
	}
	until := clock.Now().Add(lateTime)
	if f.opt.Once {
		until = time.Time{} // what there is, and no more
	}
	f.late = append(f.late, &late{file: g, until: until})
}

// before is the place in the youngest late file. Others cannot be gone on with
// after a restart.
func (f *Follower) before() Place {
	if n := len(f.late); n > 0 {
		return f.late[n-1].place()
	}
	return Place{}
}

// fromLate returns lines that came late. Between two files that are written at
// the same time the order is that of arrival.
func (f *Follower) fromLate() (Block, bool) {
	for i := 0; i < len(f.late); i++ {
		l := f.late[i]
		p, open := f.readLate(l)
		if len(p.text) > 0 {
			return f.deliverLate(l, p), true
		}
		if !open {
			l.close()
			f.late = append(f.late[:i:i], f.late[i+1:]...)
			i--
		}
	}
	return Block{}, false
}

// readLate returns the next lines of l, and whether there may be more.
func (f *Follower) readLate(l *late) (p piece, open bool) {
	if p, ok := l.split.next(); ok {
		return p, true
	}
	if l.gz == nil && l.size() == l.read {
		if clock.Now().Before(l.until) {
			return piece{}, true
		}
		l.split.end()
		p, ok := l.split.next()
		return p, ok
	}
	n, err := l.fill(l.split.room())
	switch {
	case errors.Is(err, errSkipping):
		return piece{}, true
	case err != nil:
		if lost := l.seen - l.pos; lost > 0 {
			f.lose(lost, "a rotated log was changed before it was read to its end", err)
		}
		return piece{}, false
	case n == 0 && l.gz != nil && l.ended():
		l.split.end()
	case n > 0:
		l.split.add(n)
		l.until = clock.Now().Add(lateTime)
		if f.opt.Once {
			l.until = time.Time{}
		}
	}
	p, ok := l.split.next()
	return p, ok || n > 0 || !l.ended()
}

// deliverLate gives out p. The position in the current file stays as it is.
func (f *Follower) deliverLate(l *late, p piece) Block {
	b := Block{Text: p.text, Cut: p.cut, Late: true, size: p.size, origin: l.origin(), rest: f.last}
	l.pos += p.size
	f.delivered(b)
	return b
}
