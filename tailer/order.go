package tailer

import (
	"bytes"
	"slices"
	"time"
)

// known is what an older file is known by: as the kernel does until it is
// compressed, then by how it begins.
type known struct {
	mtime time.Time
	print uint64
}

// youngerThan returns what list has behind last, oldest first, and whether
// nothing can be missing in between.
func (f *Follower) youngerThan(last *file, list []sibling) (younger []sibling, sure bool) {
	for i, s := range list {
		if s.id == last.id && (last.f != nil || beginsLike(s, last)) {
			return f.unknown(withoutCopies(list[i+1:])), true
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].zipped && beginsLike(list[i], last) {
			return f.unknown(withoutCopies(list[i+1:])), true
		}
	}
	// Ours was removed. Younger is what was written later and was not there before.
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

// withoutCopies leaves out what is a copy of the active file. When that is
// truncated, which may be next, its reader looks for the copy.
func withoutCopies(list []sibling) []sibling {
	n := len(list) - 1
	if n < 1 || !list[n].active {
		return list
	}
	g, err := openFile(list[n].name, false)
	if err != nil {
		return list
	}
	defer g.close()
	return slices.DeleteFunc(slices.Clone(list), func(s sibling) bool { return !s.active && partOf(s, g.head) > 0 })
}

// isCopy says whether s begins as g did before it was truncated: what is left to
// read of it is found when g is read.
func isCopy(s sibling, g *file) bool {
	if g.f == nil || len(g.head) == 0 {
		return false
	}
	other, err := openFile(s.name, s.zipped)
	if err != nil {
		return false
	}
	defer other.close()
	return bytes.HasPrefix(other.head, g.head)
}

// beginsLike says whether s has the beginning of g.
func beginsLike(s sibling, g *file) bool {
	other, err := openFile(s.name, s.zipped)
	if err != nil {
		return false
	}
	defer other.close()
	return other.id == s.id && g.isNow(other)
}

// unknown leaves out what is known: bytes that came late or a compression that
// came late can make an older file look younger.
func (f *Follower) unknown(list []sibling) (rest []sibling) {
	for _, s := range list {
		if !f.isKnown(s) {
			rest = append(rest, s)
		}
	}
	return rest
}

// isKnown says whether s was there before, or is what became of what was.
func (f *Follower) isKnown(s sibling) bool {
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
	g, err := openFile(s.name, s.zipped)
	if err != nil {
		return false
	}
	defer g.close()
	for id, k := range f.older {
		if k.print != 0 && k.print == hash(g.head) && (s.zipped || id == s.id) {
			return true
		}
	}
	if s.zipped {
		held = append(held, f.opened...)
	}
	return slices.ContainsFunc(held, func(each *file) bool { return each.isNow(g) })
}

// held is every file that is read or waits to be.
func (f *Follower) held() []*file {
	list := append([]*file{f.cur}, f.younger...)
	for _, l := range f.late {
		list = append(list, l.file)
	}
	return list
}

// rememberOlder makes what list has before g the known files.
func (f *Follower) rememberOlder(list []sibling, g *file) {
	for i, s := range list {
		if s.id == g.id {
			f.remember(list[:i], g.id)
		}
	}
}

// know adds files to the known ones: they may have come after the list of these
// was taken.
func (f *Follower) know(files []*file) {
	if f.older == nil {
		f.older = map[ident]known{}
	}
	for _, g := range files {
		f.older[g.id] = known{g.mtime, g.print}
	}
}

// remember makes the files of list the known ones, except for the youngest that
// is held: they are all older than it.
func (f *Follower) remember(list []sibling, youngest ident) {
	was := f.older
	f.older = make(map[ident]known, len(list))
	for _, s := range list {
		if s.id == youngest {
			continue
		}
		k, ok := was[s.id]
		if !ok || !k.mtime.Equal(s.mtime) {
			k = known{mtime: s.mtime}
			if g, err := openFile(s.name, s.zipped); err == nil {
				if g.id == s.id { // else names have changed
					k.print = hash(g.head)
				}
				g.close()
			}
		}
		f.older[s.id] = k
	}
}
