package tailer

import (
	"errors"
	"slices"
	"time"

	"jira-oauth-watcher/internal/clock"
)

const (
	lingerTime   = 5 * time.Second // how long a rotated file is polled after its last byte
	maxLingering = 4               // such files at a time; the one that was rotated first goes first
)

// lingering is a file that was read to its end and left for a newer one. A
// process that had it open may still write to it, until it notices the rotation.
type lingering struct {
	*file
	lines lineBuffer
	until time.Time
}

func (f *Follower) linger(g *file) {
	if len(f.lingering) == maxLingering {
		f.lingering[0].close()
		f.lingering = f.lingering[1:]
	}
	f.lingering = append(f.lingering, &lingering{file: g, until: clock.Now().Add(lingerTime)})
}

// before is the offset in the newest lingering file. Reading of the others cannot
// resume after a restart.
func (f *Follower) before() FilePosition {
	if n := len(f.lingering); n > 0 {
		return f.lingering[n-1].filePosition()
	}
	return FilePosition{}
}

// fromLingering returns lines that came late. Between two files that are written at
// the same time the order is that of arrival.
func (f *Follower) fromLingering() (Block, bool) {
	for i := 0; i < len(f.lingering); i++ {
		l := f.lingering[i]
		b, open := f.readLingering(l)
		if len(b.Text) > 0 {
			b.Late, b.Part, b.rest = true, false, f.last // the position in the current file stays as it is
			return f.delivered(b, l.file), true
		}
		if !open {
			l.close()
			f.lingering = slices.Delete(f.lingering, i, i+1)
			i--
		}
	}
	return Block{}, false
}

// readLingering returns the next lines of l, and whether there may be more.
func (f *Follower) readLingering(l *lingering) (b Block, open bool) {
	if b, ok := l.lines.next(); ok {
		return b, true
	}
	if l.gz == nil && l.size() == l.read {
		if !f.opt.Once && clock.Now().Before(l.until) {
			return Block{}, true
		}
		l.lines.end()
		return l.lines.next()
	}
	n, err := l.fill(l.lines.room())
	switch {
	case errors.Is(err, errSkipping):
		return Block{}, true
	case err != nil:
		if lost := l.maxSize - l.pos; lost > 0 {
			f.lose(lost, "a rotated log was changed before it was read completely", err)
		}
		return Block{}, false
	case n == 0 && l.gz != nil && l.ended():
		l.lines.end()
	case n > 0:
		l.lines.add(n)
		l.until = clock.Now().Add(lingerTime)
	}
	b, ok := l.lines.next()
	return b, ok || n > 0 || !l.ended()
}
