package tailer

import (
	"bytes"
	"errors"
	"slices"
	"time"
)

// truncated continues after the current file was found truncated, replaced or
// shortened in place: in the copy that was made of it, if there is one, else in the
// copies of what the file held since.
func (f *Follower) truncated(why error) error {
	g, p := f.cur, f.cur.filePosition()
	g.lines.reset()
	if errors.Is(why, errShortened) {
		size := g.size()
		f.lose(max(g.maxSize-max(p.Offset, size), 0), "log was shortened in place", why)
		g.maxSize = size
		return g.seek(min(p.Offset, size))
	}
	list := listLog(f.path) // before the new beginning is read: nothing listed here is a copy of later content
	found, err := f.copyOf(g, p)
	if err != nil {
		return err
	}
	head, since := g.prefix, g.mtime
	f.loseTruncated(g, found, why)
	if err := g.begin(); err != nil {
		found.close()
		return err
	}
	var next []*file
	if found != nil {
		next = append(next, found)
		next = append(next, f.between(g, func(older []entry) []entry { return after(found, older) })...)
	} else {
		next = f.between(g, func(older []entry) []entry { return f.unread(older, head, since) })
	}
	if len(f.younger) == 0 {
		f.rememberOlder(list, g)
	}
	f.readFirst(next)
	return nil
}

// readFirst puts files before the current one. They may have come after the list of the known
// ones was taken.
func (f *Follower) readFirst(files []*file) {
	for _, g := range files {
		f.older[g.id] = knownFile{g.mtime, g.fingerprint}
	}
	queue := slices.Concat(files, []*file{f.cur}, f.younger)
	f.cur, f.younger = queue[0], queue[1:]
}

// copyOf opens the copy that was made of g before it was truncated, at p.
func (f *Follower) copyOf(g *file, p FilePosition) (*file, error) {
	if p.FingerprintLen == 0 {
		return nil, nil
	}
	found, err := f.find(p, g.caughtUp)
	if found == nil && err == nil && p.FingerprintLen < maxFingerprint {
		// Part of g's fingerprint may have been written after its copy was made.
		list := listLog(f.path)
		for i := len(list) - 1; i >= 0 && found == nil && err == nil; i-- {
			if n := partOf(list[i], g.prefix); n > 0 && list[i].id != g.id {
				p.FingerprintLen, p.Fingerprint = n, hash(g.prefix[:n])
				found, err = f.find(p, g.caughtUp)
			}
		}
	}
	if err != nil && !errors.Is(err, errRotating) {
		return nil, err
	}
	if found != nil && found.id == g.id {
		found.close()
		return nil, nil
	}
	return found, nil
}

// loseTruncated records which known bytes of g are not in its copy, if it has one.
func (f *Follower) loseTruncated(g, copied *file, why error) {
	if copied == nil {
		f.lose(max(g.maxSize-g.pos, 0), "log truncated before it was read completely", why)
		return
	}
	f.log.Info("log truncated, reading the rest of its copy first")
	var lost int64
	if copied.gz == nil {
		lost = max(g.maxSize-max(copied.maxSize, g.pos), 0)
	}
	f.lose(lost, "log truncated: lines written after it was copied are lost", why)
}

// missed goes on in copies of what the current file held before the first bytes
// that were seen of it: an empty file does not show that it was truncated.
func (f *Follower) missed() bool {
	g := f.cur
	g.empty = false
	next := f.between(g, func(older []entry) []entry { return f.unread(older, g.prefix, time.Time{}) })
	if len(next) == 0 || g.seek(0) != nil {
		return false
	}
	f.rememberOlder(listLog(f.path), g)
	f.readFirst(next)
	return true
}

// between opens those of the files older than g that choose picks: copies of
// contents that g had in the meantime. A copy of what it has now is none of them. The older
// files of a dated log are not copies.
func (f *Follower) between(g *file, choose func(older []entry) []entry) []*file {
	if g.stamp != "" {
		return nil
	}
	for range tries {
		list := listLog(f.path)
		to := slices.IndexFunc(list, func(s entry) bool { return s.id == g.id })
		if to < 0 {
			return nil
		}
		opened, err := f.openAll(choose(list[:to]))
		if err == nil && sameFiles(list, listLog(f.path)) {
			return slices.DeleteFunc(opened, func(each *file) bool {
				now := each.isCopyOf(g)
				if now {
					each.close()
				}
				return now
			})
		}
		for _, each := range opened {
			each.close()
		}
	}
	return nil
}

// after returns what follows g in list.
func after(g *file, list []entry) []entry {
	for i, s := range list {
		if s.id == g.id {
			return list[i+1:]
		}
	}
	return nil
}

// unread leaves of list what was not there before and not written before since,
// when the log still began with head. Up to a copy of that, which is shorter than
// what was read, all has been read.
func (f *Follower) unread(list []entry, head []byte, since time.Time) (rest []entry) {
	for _, s := range list {
		switch {
		case s.mtime.Before(since) || f.isKnown(s):
		case partOf(s, head) > 0:
			rest = nil
		default:
			rest = append(rest, s)
		}
	}
	return rest
}

// partOf returns how much s has of head, or 0 if it begins with anything else.
func partOf(s entry, head []byte) int {
	g, err := s.open()
	if err != nil {
		return 0
	}
	defer g.close()
	if !bytes.HasPrefix(head, g.prefix) {
		return 0
	}
	return len(g.prefix)
}
