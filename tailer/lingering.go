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

// linger keeps a file that was read to its end and left for a newer one. A
// process that had it open may still write to it, until it notices the rotation.
func (f *Follower) linger(g *file) {
	if len(f.lingering) == maxLingering {
		f.lingering[0].close()
		f.lingering = f.lingering[1:]
	}
	g.until = clock.Now().Add(lingerTime)
	f.lingering = append(f.lingering, g)
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
	for _, g := range slices.Clone(f.lingering) {
		b, open := f.readLingering(g)
		if len(b.Text) > 0 {
			b.Late, b.Part, b.rest = true, false, f.last // the position in the current file stays as it is
			return f.delivered(b, g), true
		}
		if !open {
			g.close()
			f.lingering = slices.DeleteFunc(f.lingering, func(l *file) bool { return l == g })
		}
	}
	return Block{}, false
}

// readLingering returns the next lines of g, and whether there may be more.
func (f *Follower) readLingering(g *file) (b Block, open bool) {
	if b, ok := g.lines.next(); ok {
		return b, true
	}
	if g.gz == nil && g.size() == g.read {
		if !f.opt.Once && clock.Now().Before(g.until) {
			return Block{}, true
		}
		g.lines.end()
		return g.lines.next()
	}
	n, err := g.fill(g.lines.room())
	switch {
	case errors.Is(err, errSkipping):
		return Block{}, true
	case err != nil:
		if lost := g.maxSize - g.pos; lost > 0 {
			f.lose(lost, "a rotated log was changed before it was read completely", err)
		}
		return Block{}, false
	case n == 0 && g.gz != nil && g.ended():
		g.lines.end()
	case n > 0:
		g.lines.add(n)
		g.until = clock.Now().Add(lingerTime)
	}
	b, ok := g.lines.next()
	return b, ok || n > 0 || !g.ended()
}
