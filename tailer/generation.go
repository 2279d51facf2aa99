package tailer

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

const (
	tries      = 20          // looks at a directory that is being rotated, before the next poll
	maxPinned  = 64          // younger files held open at a time
	gapAllowed = time.Second // how long the path may be empty during a rotation
)

var errRotating = errors.New("files change their names just now")

// open finds the file to begin with.
func (f *Follower) open() error {
	first := !f.looked
	f.looked = true
	resume := !f.from.IsZero()
	var g *file
	if resume {
		g = f.find(f.from, time.Time{})
	}
	if g == nil {
		var err error
		if g, err = openFile(f.firstName(first), 0); err != nil {
			return err
		}
		if resume {
			f.log.Warn("the place where reading left off is gone, beginning at the start of what is certainly newer")
		} else if first && f.opt.Start == End {
			if err := g.toLastLine(); err != nil {
				g.close()
				return err
			}
		}
	}
	f.begin(g)
	f.readable()
	return nil
}

// firstName is where to begin when no place is known: at the oldest file that
// is certainly newer than what was read, else at the path.
func (f *Follower) firstName(first bool) string {
	list := siblings(f.path)
	if !f.from.IsZero() {
		// A file with the same inode and other content was truncated after the
		// position was taken, or uses the inode of a file removed since.
		for _, s := range list {
			if (s.id == ident{f.from.Dev, f.from.Inode}) {
				return s.name
			}
		}
		return f.path
	}
	if first {
		f.older = map[ident]time.Time{}
		for _, s := range list {
			f.older[s.id] = s.mtime
		}
		return f.path
	}
	// The log was missing at the first look; it may have been rotated since.
	for _, s := range list {
		if before, known := f.older[s.id]; !known || !before.Equal(s.mtime) {
			return s.name
		}
	}
	return f.path
}

// begin makes g the file that is read, and what is older than it a thing of the past.
func (f *Follower) begin(g *file) {
	f.cur = g
	if f.from.IsZero() {
		f.last = g.position()
	}
	f.older = nil
	older := map[ident]time.Time{}
	for _, s := range siblings(f.path) {
		if s.id == g.id {
			f.older = older
			break
		}
		older[s.id] = s.mtime
	}
}

// find opens the file of p, wherever it is by now, at p's offset: the same file,
// else the youngest copy that begins with the same bytes and was not last
// written before notBefore. It returns nil if there is none.
func (f *Follower) find(p Position, notBefore time.Time) *file {
	list := siblings(f.path)
	for range tries {
		for _, s := range list {
			if (s.id == ident{p.Dev, p.Inode}) {
				if g := openAt(s, p, true); g != nil {
					return g
				}
			}
		}
		for i := len(list) - 1; i >= 0 && p.PrintLen > 0; i-- {
			if s := list[i]; !s.mtime.Before(notBefore) {
				if g := openAt(s, p, false); g != nil {
					return g
				}
			}
		}
		again := siblings(f.path)
		if sameFiles(list, again) {
			break
		}
		list = again
	}
	return nil
}

// openAt opens s at p if it begins as p's file did and is as long. The same file
// may also have lost its tail, as after a crash; then what follows is new.
func openAt(s sibling, p Position, same bool) *file {
	shortened := same && p.PrintLen == maxPrint
	if s.size < p.Offset && !shortened {
		return nil
	}
	g, err := openFile(s.name, 0)
	if err != nil {
		return nil
	}
	if g.id == s.id && g.matches(p) && g.seek(min(p.Offset, g.size())) == nil {
		return g
	}
	g.close()
	return nil
}

// look pins every file that is younger than those held. The error is final.
func (f *Follower) look() error {
	last := f.cur
	if n := len(f.younger); n > 0 {
		last = f.younger[n-1]
	}
	fi, err := os.Stat(f.path)
	if err == nil && identOf(fi) == last.id {
		f.readable()
		return nil
	}
	if err == nil {
		err = regular(fi)
	}
	for range tries {
		list := siblings(f.path)
		next := f.youngerThan(last, list)
		opened, trouble := f.pin(next)
		if !errors.Is(trouble, errRotating) && sameFiles(list, siblings(f.path)) {
			f.adopt(list, next, opened)
			return f.absent(errors.Join(err, trouble))
		}
		for _, g := range opened {
			g.close()
		}
	}
	return nil // the next look will be calmer
}

// absent notes that the path leads to no file that can be read. That it leads
// nowhere for a moment is part of a rotation.
func (f *Follower) absent(err error) error {
	switch {
	case err == nil:
		f.readable()
	case !errors.Is(err, fs.ErrNotExist):
		return f.trouble(err)
	case f.missing.IsZero():
		f.missing = time.Now()
	case time.Since(f.missing) > gapAllowed:
		return f.trouble(err)
	}
	return nil
}

// youngerThan returns what list has behind last, oldest first.
func (f *Follower) youngerThan(last *file, list []sibling) []sibling {
	for i, s := range list {
		if s.id == last.id {
			return list[i+1:]
		}
	}
	// Ours was removed. Younger is what was written later and was not there before.
	since := last.mtime
	if fi, err := last.f.Stat(); err == nil {
		since = fi.ModTime()
	}
	var younger []sibling
	for _, s := range list {
		before, known := f.older[s.id]
		if s.active || !s.mtime.Before(since) && !(known && before.Equal(s.mtime)) {
			younger = append(younger, s)
		}
	}
	return younger
}

// pin opens files. An error other than errRotating tells why the last ones were
// left for later.
func (f *Follower) pin(list []sibling) (opened []*file, err error) {
	for _, s := range list[:min(len(list), maxPinned)] {
		g, err := openFile(s.name, 0)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return opened, errRotating
		case errors.Is(err, fs.ErrPermission) && !s.active:
			f.bar(s, err) // better to be blind for one old file than for all that come
		case err != nil:
			return opened, err
		default:
			opened = append(opened, g)
			if g.id != s.id {
				return opened, errRotating
			}
		}
	}
	return opened, nil
}

// bar gives up a rotated file that may not be read.
func (f *Follower) bar(s sibling, err error) {
	if f.barred[s.id] {
		return
	}
	f.barred[s.id] = true
	f.log.Error("a rotated log may not be read, its lines are missed", "err", err)
	f.update(func(st *Stats) { st.LostBytes += s.size })
}

// adopt queues what was opened and remembers what is older.
func (f *Follower) adopt(list, next []sibling, opened []*file) {
	f.younger = append(f.younger, opened...)
	if len(opened) == 0 {
		return
	}
	older := map[ident]time.Time{}
	for _, s := range list {
		older[s.id] = s.mtime
	}
	for _, s := range next {
		delete(older, s.id)
	}
	f.older = older
}

// truncated goes on after the current file was found truncated, replaced or
// shortened in place: in the copy that was made of it, if there is one.
func (f *Follower) truncated(why error) error {
	g, size := f.cur, f.cur.size()
	p := g.position()
	p.Print, p.PrintLen = hash(g.head), len(g.head) // what is held vouches for a copy too
	lost := max(g.seen-p.Offset, 0)
	f.split.reset()
	if errors.Is(why, errShortened) {
		at := min(p.Offset, size)
		lost = max(g.seen-max(p.Offset, size), 0)
		f.lose(lost, why)
		g.seen = size
		return g.seek(at)
	}
	if p.PrintLen > 0 {
		if found := f.find(p, g.mtime); found != nil {
			f.log.Info("log truncated, its copy is read to the end first")
			f.letGo()
			f.begin(found)
			return nil
		}
	}
	f.lose(lost, why)
	return g.begin()
}

func (f *Follower) lose(bytes int64, why error) {
	if bytes == 0 {
		f.log.Info("log truncated", "err", why)
		return
	}
	f.log.Warn("log truncated before it was read to its end", "lost", bytes, "err", why)
	f.update(func(s *Stats) { s.LostBytes += bytes })
}
