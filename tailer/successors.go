package tailer

import (
	"bytes"
	"slices"
	"time"
)

// knownFile is what identifies an older file: the kernel's number until it is
// compressed, then its fingerprint.
type knownFile struct {
	mtime       time.Time
	fingerprint uint64
}

// successors returns the files that follow last in list, oldest first, and whether
// none can be missing in between.
func (f *Follower) successors(last *file, list []entry) (younger []entry, sure bool) {
	if last.stamp != "" {
		return f.later(last, list)
	}
	for i, s := range list {
		if s.id == last.id && (last.f != nil || beginsLike(s, last)) {
			return f.unknown(withoutCopies(list[i+1:])), true
		}
	}
	for i, s := range slices.Backward(list) {
		if s.zipped && beginsLike(s, last) {
			return f.unknown(withoutCopies(list[i+1:])), true
		}
	}
	// The last one was removed. Younger files were written later and are new.
	since := last.mtime
	if last.f != nil {
		if fi, err := last.f.Stat(); err == nil {
			since = fi.ModTime()
		}
	}
	sure = true
	for _, s := range list {
		if s.active || !s.mtime.Before(since) && !f.isKnown(s) && !isCopy(s, last) {
			younger = append(younger, s)
			sure = sure && s.active
		}
	}
	return younger, sure
}

// withoutCopies leaves out copies of the active file. When that is truncated, which
// may happen next, its reader looks for the copy. The older files of a dated log are none.
func withoutCopies(list []entry) []entry {
	n := len(list) - 1
	if n < 1 || !list[n].active || list[n].stamp != "" {
		return list
	}
	g, err := list[n].open()
	if err != nil {
		return list
	}
	defer g.close()
	return slices.DeleteFunc(slices.Clone(list), func(s entry) bool { return !s.active && partOf(s, g.prefix) > 0 })
}

// isCopy reports whether s begins as g did before it was truncated: the rest of it
// is found when g is read.
func isCopy(s entry, g *file) bool {
	return g.f != nil && len(g.prefix) > 0 &&
		s.is(func(other *file) bool { return bytes.HasPrefix(other.prefix, g.prefix) })
}

// beginsLike reports whether s has the beginning of g.
func beginsLike(s entry, g *file) bool {
	return s.is(func(other *file) bool { return other.id == s.id && g.isNow(other) })
}

// unknown leaves out the known files: late bytes or a late compression can make an
// older file look newer.
func (f *Follower) unknown(list []entry) []entry {
	return slices.DeleteFunc(slices.Clone(list), f.isKnown)
}

// isKnown reports whether s, or what it was made from, was there before.
func (f *Follower) isKnown(s entry) bool {
	held := f.held()
	doubt := s.zipped
	for _, g := range held {
		if g.id == s.id {
			if g.f != nil {
				return true
			}
			doubt = true
		}
	}
	k, was := f.older[s.id]
	if was && k.mtime.Equal(s.mtime) {
		return true
	}
	if !was && !doubt {
		return false
	}
	if s.zipped {
		held = append(held, f.opened...)
	}
	return s.is(func(g *file) bool {
		if s.zipped && len(g.prefix) == 0 && g.gz.ended && g.gz.damage == nil {
			return true // of an empty file: it holds nothing, and must not become the newest
		}
		for id, k := range f.older {
			if k.fingerprint != 0 && k.fingerprint == hash(g.prefix) && (s.zipped || id == s.id) {
				return true
			}
		}
		return slices.ContainsFunc(held, func(each *file) bool { return each.isNow(g) })
	})
}

// held is every file that is read or queued.
func (f *Follower) held() []*file {
	return slices.Concat([]*file{f.cur}, f.younger, f.lingering)
}

// rememberOlder makes what list has before g the known files.
func (f *Follower) rememberOlder(list []entry, g *file) {
	if i := slices.IndexFunc(list, func(s entry) bool { return s.id == g.id }); i >= 0 {
		f.remember(list[:i], g.id)
	}
}

// remember makes the files of list the known ones, except for the newest that
// is held: they are all older than it.
func (f *Follower) remember(list []entry, youngest ident) {
	was := f.older
	f.older = make(map[ident]knownFile, len(list))
	for _, s := range list {
		if s.id == youngest {
			continue
		}
		k, ok := was[s.id]
		if !ok || !k.mtime.Equal(s.mtime) {
			k = knownFile{mtime: s.mtime}
			if g, err := s.open(); err == nil {
				if g.id == s.id { // else names have changed
					k.fingerprint = hash(g.prefix)
				}
				g.close()
			}
		}
		f.older[s.id] = k
	}
}
