package tailer

import (
	"errors"
	"io/fs"
	"slices"
	"time"

	"jira-oauth-watcher/internal/clock"
)

// open finds the file to begin with. False means that there is none yet.
func (f *Follower) open() (bool, error) {
	now := clock.Now()
	f.started = true
	if f.last.IsZero() {
		f.remember(listLog(f.path), ident{})
	}
	g, err := f.beginning()
	if err != nil && f.last.IsZero() && !f.opt.Once {
		f.last.Since = now.UnixNano()
	}
	if errors.Is(err, errRotating) {
		return false, nil
	}
	if err != nil {
		return false, f.unreadable(err)
	}
	resume := f.last.inFile()
	if before := f.last.Before; resume && before.FingerprintLen > 0 && before.id() != g.id {
		f.openBefore(before)
	}
	f.cur, f.begun = g, now
	if !resume {
		f.last = Position{FilePosition: g.filePosition(), Written: g.mtime.UnixNano(), Since: f.last.Since}
		if f.opt.Start != End {
			f.last.Since = 0
		}
	}
	f.rememberOlder(listLog(f.path), g)
	f.readable()
	return true, f.discover()
}

// beginning opens the file of the last position, or else the one to begin with.
func (f *Follower) beginning() (*file, error) {
	if !f.last.inFile() {
		g, err := f.openListed(f.firstFile)
		old := f.last.Since == 0 || err == nil && g.mtime.UnixNano() < f.last.Since-int64(clocksDiffer)
		if err == nil && f.opt.Start == End && old {
			err = g.toLastLine()
		}
		if err != nil {
			g.close()
			return nil, err
		}
		return g, nil
	}
	p := f.last.FilePosition
	if p.FingerprintLen > 0 {
		g, err := f.find(p, time.Unix(0, f.last.Written))
		if g == nil && err == nil {
			g, err = f.find(p, time.Time{})
		}
		if g != nil && !g.mayBeAt(p) && (g.gz == nil || f.outlived(f.last)) {
			f.lose(0, "log truncated while it was not followed: "+
				"any lines written after it was copied are lost", nil)
		}
		if g != nil || err != nil {
			return g, err
		}
	}
	g, err := f.openListed(func(list []entry) entry { return certainlyNewer(list, f.path, f.last) })
	switch {
	case err != nil:
	case p.FingerprintLen == 0 && (g.mayBeAt(p) || f.outlived(f.last) || p.Stamp != "" && g.stamp == p.Stamp):
		// The file was empty, and nothing was rotated away that followed it.
	default:
		f.lose(-1, "the stored position no longer exists, continuing with the first file that is certainly newer", nil)
	}
	return g, err
}

// outlived reports whether the file of p is still there, so that a compressed file is a
// copy of it. Its inode may also have been reused, by a file born after p.
func (f *Follower) outlived(p Position) bool {
	return slices.ContainsFunc(listLog(f.path), func(s entry) bool {
		return s.id == p.id() &&
			s.is(func(g *file) bool { return g.born != 0 && (g.born == p.Born || p.Born == 0 && g.born <= p.Written) })
	})
}

const (
	clockTick    = 20 * time.Millisecond // how far a file's times may lag the clock that is read here
	clocksDiffer = time.Minute           // how far the clock of a file server may be wrong
)

// firstFile picks the log, or, if it could not be read at the first poll, the oldest
// file since: it may have been rotated already.
func (f *Follower) firstFile(list []entry) entry {
	if f.last.Since == 0 {
		return activeOf(list, f.path)
	}
	list = slices.DeleteFunc(list, func(s entry) bool {
		k, ok := f.older[s.id]
		return ok && k.mtime.Equal(s.mtime) && !s.active
	})
	return certainlyNewer(list, f.path, Position{Written: f.last.Since - int64(clockTick)})
}

// openListed opens the file that pick chooses, if names do not change meanwhile.
// Rotated files that may not be read are passed over.
func (f *Follower) openListed(pick func([]entry) entry) (*file, error) {
	list := listLog(f.path)
	for range tries {
		s := pick(withoutCopies(slices.DeleteFunc(slices.Clone(list), func(s entry) bool { return f.barred[s.id] })))
		g, err := s.open()
		again := listLog(f.path)
		switch same := sameFiles(list, again); {
		case same && errors.Is(err, fs.ErrPermission) && !s.active:
			f.giveUp(s, err)
		case same:
			return g, err
		case err == nil:
			g.close()
		}
		list = again
	}
	return nil, errRotating
}

// activeOf returns the log itself: of list, or, if it is not there, what its path names.
func activeOf(list []entry, path string) entry {
	if n := len(list); n > 0 && list[n-1].active {
		return list[n-1]
	}
	return entry{name: path, active: true}
}

// certainlyNewer returns the oldest file that was written after p was taken.
func certainlyNewer(list []entry, path string, p Position) entry {
	if p.Stamp != "" && Dated(path) {
		return sinceStamp(list, path, p.Stamp)
	}
	i := len(list)
	for p.Written > 0 && i > 0 && list[i-1].mtime.UnixNano() > p.Written {
		i--
	}
	// A file with the same inode and other content was truncated after the
	// position was taken, or uses the inode of a file removed since. What was
	// compressed since may be older.
	for j, s := range list {
		if s.id == p.id() && !s.zipped && s.mtime.UnixNano() >= p.Written {
			i = min(i, j)
		}
	}
	// Late bytes make the file before the current one look newer.
	for j := i; j < len(list); j++ {
		if isAt(list[j], p.Before) {
			i = j + 1
		}
	}
	if i == len(list) {
		return activeOf(list, path)
	}
	return list[i]
}

// isAt reports whether s is the file of p, by now perhaps compressed.
func isAt(s entry, p FilePosition) bool {
	if p.FingerprintLen == 0 || s.id != p.id() && !s.zipped {
		return false
	}
	g := openAt(s, p, false)
	g.close()
	return g != nil
}

// openBefore reopens the file before the one of the last position. A file of which
// nothing was read cannot be identified.
func (f *Follower) openBefore(at FilePosition) {
	if g, err := f.find(at, time.Time{}); g != nil {
		f.linger(g)
	} else {
		f.lose(-1, "a rotated log that Jira may still have written to was deleted", err)
	}
}

// find opens the file of p, wherever it is by now, at p's offset: the same file,
// else a copy that begins with the same bytes and was not last written before
// notBefore. Files may begin alike: the oldest of such copies counts, or the
// newest if notBefore is zero. It returns nil if there is none, and an error
// if that cannot be known now.
func (f *Follower) find(p FilePosition, notBefore time.Time) (*file, error) {
	list := listLog(f.path)
	for range tries {
		var refused error
		copies := slices.DeleteFunc(slices.Clone(list), func(s entry) bool {
			active := s.id == p.id() && s.active // a rotated file may have the inode of what was removed
			return p.FingerprintLen == 0 || active || s.mtime.Before(notBefore)
		})
		if notBefore.IsZero() {
			slices.Reverse(copies)
		}
		for _, s := range list {
			if s.id == p.id() {
				g, err := tryAt(s, p, true)
				if g != nil && s.active && p.FingerprintLen < maxFingerprint && !notBefore.IsZero() {
					g = beforeTruncation(g, copies, p, notBefore)
				}
				if g != nil {
					return g, nil
				}
				refused = err
			}
		}
		for _, s := range copies {
			if g := openAt(s, p, false); g != nil {
				return g, nil
			}
		}
		again := listLog(f.path)
		if sameFiles(list, again) {
			if errors.Is(refused, fs.ErrNotExist) {
				refused = nil
			}
			return nil, refused
		}
		list = again
	}
	return nil, errRotating
}

// beforeTruncation is the oldest copy of what the log g held before it was
// truncated, if it began as it does now, as with a first line that is always the
// same; else it is g.
func beforeTruncation(g *file, copies []entry, p FilePosition, since time.Time) *file {
	for _, s := range copies {
		c := openAt(s, p, false)
		if c != nil && s.mtime.After(since) && !c.isCopyOf(g) {
			g.close()
			return c
		}
		c.close()
	}
	return g
}

// openAt opens s at p if it begins as p's file did and is as long. The same file
// may also have lost its tail, as after a crash; then what follows is new.
func openAt(s entry, p FilePosition, same bool) *file {
	g, _ := tryAt(s, p, same)
	return g
}

func tryAt(s entry, p FilePosition, same bool) (*file, error) {
	if s.stamp != "" && p.Stamp != "" && s.stamp != p.Stamp {
		return nil, nil // files of a dated log may begin alike
	}
	shortened := same && p.FingerprintLen == maxFingerprint
	if s.size < p.Offset && !shortened && !s.zipped {
		return nil, nil
	}
	g, err := s.open()
	if err != nil {
		return nil, err
	}
	at := p.Offset
	if !s.zipped {
		at = min(at, g.size())
	}
	if g.id == s.id && (!same || g.mayBeAt(p)) && g.matches(p) && g.seek(at) == nil {
		return g, nil
	}
	g.close()
	return nil, nil
}
