package tailer

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sibling is a file that is or was the log: the path itself or a rotated name.
type sibling struct {
	name   string
	id     ident
	size   int64
	mtime  time.Time
	number int  // of name.1, name.2, …; -1 for dated names
	active bool // it stands at the path itself
}

// rotated matches what a rotation puts behind the name (or before its
// extension): a number or a date. Copies such as name.bak are none of ours.
// Compressed files are left out: they need a reader of their own.
var rotated = regexp.MustCompile(`^[-._][0-9][0-9T._:-]*$`)

// siblings lists the log and its rotated files, oldest first, the active one
// last. It is a picture of one moment: a list taken during a rotation shows
// itself by being different the next time.
func siblings(path string) []sibling {
	var list []sibling
	if fi, err := os.Stat(path); err == nil && regular(fi) == nil {
		list = append(list, sibling{path, identOf(fi), fi.Size(), fi.ModTime(), -1, true})
	}
	list = append(list, rotatedFiles(path)...)
	if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
		list = append(list, rotatedFiles(target)...)
	}
	// A file seen under two names was renamed in between; one is enough, and
	// being the active one counts most.
	seen := map[ident]bool{}
	list = slices.DeleteFunc(list, func(s sibling) bool {
		twice := seen[s.id]
		seen[s.id] = true
		return twice
	})
	sortByAge(list)
	return list
}

func rotatedFiles(path string) []sibling {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil
	}
	var list []sibling
	for _, e := range entries {
		number, ok := rotatedName(base, e.Name())
		if !ok {
			continue
		}
		fi, err := os.Stat(dir + e.Name())
		if err != nil || regular(fi) != nil {
			continue
		}
		list = append(list, sibling{dir + e.Name(), identOf(fi), fi.Size(), fi.ModTime(), number, false})
	}
	return list
}

// rotatedName says whether name is base with a rotation's suffix, and its
// number, or -1 where the suffix is a date.
func rotatedName(base, name string) (number int, ok bool) {
	suffix, ok := strings.CutPrefix(name, base)
	if !ok || !rotated.MatchString(suffix) {
		ext := filepath.Ext(base)
		stem := strings.TrimSuffix(base, ext)
		suffix, ok = strings.CutPrefix(name, stem)
		if !ok || ext == "" {
			return 0, false
		}
		suffix, ok = strings.CutSuffix(suffix, ext)
		if !ok || !rotated.MatchString(suffix) {
			return 0, false
		}
	}
	n, err := strconv.Atoi(suffix[1:])
	if err != nil || len(suffix) > 6 {
		return -1, true
	}
	return n, true
}

// sortByAge puts the oldest first. Where all are numbered the numbers decide,
// because they survive a clock that was set back; else the time of the last write.
func sortByAge(list []sibling) {
	numbered := !slices.ContainsFunc(list, func(s sibling) bool { return !s.active && s.number < 0 })
	up := numbered && countsUp(list)
	slices.SortStableFunc(list, func(a, b sibling) int {
		switch {
		case a.active || b.active:
			return cmp.Compare(btoi(a.active), btoi(b.active))
		case numbered && up:
			return cmp.Compare(a.number, b.number)
		case numbered:
			return cmp.Compare(b.number, a.number)
		}
		return cmp.Or(a.mtime.Compare(b.mtime), cmp.Compare(a.name, b.name))
	})
}

// countsUp says whether the greatest number is the youngest file (log4j2's
// fileIndex "max"); usually it is the oldest.
func countsUp(list []sibling) bool {
	byNumber := slices.SortedFunc(slices.Values(list), func(a, b sibling) int { return cmp.Compare(a.number, b.number) })
	votes := 0
	for i := 1; i < len(byNumber); i++ {
		if a, b := byNumber[i-1], byNumber[i]; !a.active && !b.active {
			votes += b.mtime.Compare(a.mtime)
		}
	}
	return votes > 0
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sameFiles says whether two lists show the same files under the same names.
func sameFiles(a, b []sibling) bool {
	return slices.EqualFunc(a, b, func(x, y sibling) bool { return x.name == y.name && x.id == y.id })
}
