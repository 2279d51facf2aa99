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

// entry is a file that is or was the log: at the path itself or a rotated name.
type entry struct {
	name   string
	id     ident
	size   int64
	mtime  time.Time
	number int    // of name.1, name.2, …; -1 for dated names
	date   []int  // the numbers of a dated name
	stamp  string // the date in the name of a dated log's file, such as 20261126
	active bool   // it is at the path itself, or the newest of a dated log
	zipped bool   // by gzip
}

// entryOf returns the entry of the regular file that has this name now; false if there is none.
func entryOf(name string) (entry, bool) {
	fi, id, err := stat(name)
	if err != nil || regular(fi) != nil {
		return entry{}, false
	}
	return entry{name: name, id: id, size: fi.Size(), mtime: fi.ModTime(), number: -1}, true
}

// open opens the file, to be read from its beginning.
func (s entry) open() (*file, error) {
	g, err := openFile(s.name, s.zipped)
	if err == nil {
		g.stamp = s.stamp
	}
	return g, err
}

// is opens the file, asks a question about it and closes it. It reports false if the file cannot be opened.
func (s entry) is(what func(*file) bool) bool {
	g, err := s.open()
	if err != nil {
		return false
	}
	defer g.close()
	return what(g)
}

// Rotated is the pattern of what a rotation adds after the name of a log or before its extension,
// without .gz: a number or a date. Copies such as name.bak do not match.
const Rotated = `[-._][0-9][0-9T._:-]*`

var rotatedSuffix = regexp.MustCompile(`^` + Rotated + `$`)

// listLog lists the log and its rotated files, oldest first, the active one last. A
// list taken during a rotation is recognized by a second one that differs.
func listLog(path string) []entry {
	if Dated(path) {
		return listDated(path)
	}
	active, exists := entryOf(path)
	list := rotatedFiles(path)
	if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
		list = append(list, rotatedFiles(target)...)
	}
	// A file seen under two names was renamed in between; one is enough, and
	// being the active one counts most.
	seen := map[ident]bool{active.id: exists}
	list = slices.DeleteFunc(list, func(s entry) bool {
		twice := seen[s.id]
		seen[s.id] = true
		return twice
	})
	sortByAge(list)
	if exists {
		active.active = true
		list = append(list, active)
	}
	return list
}

func rotatedFiles(path string) []entry {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil
	}
	plain := map[string]bool{}
	for _, e := range entries {
		plain[e.Name()] = true
	}
	var list []entry
	for _, e := range entries {
		name, zipped := strings.CutSuffix(e.Name(), ".gz")
		suffix, ok := rotatedName(base, name)
		if !ok || zipped && plain[name] { // the plain one goes only when the other is complete
			continue
		}
		if s, ok := entryOf(dir + e.Name()); ok {
			s.zipped = zipped
			s.number, s.date = RotationNumber(suffix)
			list = append(list, s)
		}
	}
	return list
}

// rotatedName returns the suffix of name if it is base with that of a rotation.
func rotatedName(base, name string) (suffix string, ok bool) {
	suffix, ok = strings.CutPrefix(name, base)
	if ok && rotatedSuffix.MatchString(suffix) {
		return suffix, true
	}
	ext := filepath.Ext(base)
	suffix, ok = strings.CutPrefix(name, strings.TrimSuffix(base, ext))
	if !ok || ext == "" {
		return "", false
	}
	suffix, ok = strings.CutSuffix(suffix, ext)
	return suffix, ok && rotatedSuffix.MatchString(suffix)
}

// RotationNumber is the number that a rotation added to a name. For a date, it is -1, followed by
// the numbers of the date.
func RotationNumber(suffix string) (number int, date []int) {
	if n, err := strconv.Atoi(suffix[1:]); err == nil && len(suffix) <= 6 {
		return n, nil
	}
	for _, group := range strings.FieldsFunc(suffix, func(r rune) bool { return r < '0' || r > '9' }) {
		n, err := strconv.Atoi(group)
		if err != nil {
			return -1, nil
		}
		date = append(date, n)
	}
	return -1, date
}

// sortByAge puts the oldest of rotated files first. Where all are numbered the numbers decide,
// and where all are dated the dates, because they survive a clock that was set
// back and a late write; else the time of the last write.
func sortByAge(list []entry) {
	numbered := !slices.ContainsFunc(list, func(s entry) bool { return s.number < 0 })
	up := numbered && countsUp(list)
	dated := !numbered && allDated(list)
	slices.SortStableFunc(list, func(a, b entry) int {
		switch {
		case numbered && up:
			return cmp.Compare(a.number, b.number)
		case numbered:
			return cmp.Compare(b.number, a.number)
		case dated:
			return slices.Compare(a.date, b.date)
		}
		return cmp.Or(a.mtime.Compare(b.mtime), cmp.Compare(a.name, b.name))
	})
}

// allDated reports whether all have dates of one form that begins with the year.
func allDated(list []entry) bool {
	return !slices.ContainsFunc(list, func(s entry) bool {
		n := len(s.date)
		return n == 0 || s.date[0] < 1000 || n != len(list[0].date)
	})
}

// countsUp reports whether the greatest number is the newest file (log4j2's
// fileIndex "max"); usually it is the oldest.
func countsUp(list []entry) bool {
	byNumber := slices.SortedFunc(slices.Values(list), func(a, b entry) int { return cmp.Compare(a.number, b.number) })
	votes := 0
	for i := 1; i < len(byNumber); i++ {
		votes += byNumber[i].mtime.Compare(byNumber[i-1].mtime)
	}
	return votes > 0
}

// sameFiles reports whether two lists show the same files under the same names.
func sameFiles(a, b []entry) bool {
	return slices.EqualFunc(a, b, func(x, y entry) bool { return x.name == y.name && x.id == y.id })
}
