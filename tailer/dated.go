package tailer

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/clock"
)

// directives are those of a date, the longest unit first.
const directives = "YmdHM"

var datedName = regexp.MustCompile(`^([^%]|%[%mdHM])*%Y([^%]|%[%YmdHM])*$`)

// Dated reports whether path is the pattern of a dated log, such as access_log.%Y-%m-%d. Its base
// name contains the directive %Y, and may contain %m, %d, %H, %M, and %% for a percent sign. Any
// other path names one file.
//
// The log is the file with the latest date that matches, even if that date is in the future. The
// others are its rotated files. Because each date has one name, dates alone determine the order: a
// file that appears late, with an earlier date than the file being read, is not read.
func Dated(path string) bool { return datedName.MatchString(filepath.Base(path)) }

// Current returns the name of the file that path names now. For a dated log with at least one
// file, it is the newest file, which may be compressed by now. Otherwise, it is path itself. The
// error says why a dated log's directory cannot be listed.
func Current(path string) (string, error) {
	if !Dated(path) {
		return path, nil
	}
	list, err := datedNames(path)
	for _, s := range slices.Backward(list) {
		if _, ok := entryOf(s.name); ok {
			return s.name, nil
		}
	}
	return path, err
}

// newest is what a dated log's path named when its directory was listed last. Thousands of
// old files may be in it, since Tomcat deletes none.
type newest struct {
	name    string
	changed time.Time // when a name in the directory was changed last
}

// settled is how long ago names must have been changed for a listing to have all of them: a
// file system's clock is coarse.
const settled = 3 * time.Second

// current is Current. It lists the directory only when names in it have changed.
func (f *Follower) current() (string, error) {
	if !Dated(f.path) {
		return f.path, nil
	}
	dir, err := os.Stat(filepath.Dir(f.path))
	if err == nil && f.newest.name != "" && dir.ModTime().Equal(f.newest.changed) {
		return f.newest.name, nil
	}
	name, listed := Current(f.path)
	f.newest = newest{}
	if err == nil && listed == nil && clock.Since(dir.ModTime()) > settled {
		f.newest = newest{name, dir.ModTime()}
	}
	return name, listed
}

// stat is that of the file that the path names now.
func (f *Follower) stat() (fs.FileInfo, ident, error) {
	name, err := f.current()
	if err != nil {
		return nil, ident{}, err
	}
	return stat(name)
}

// listDated is listLog for a dated log.
func listDated(path string) (list []entry) {
	names, _ := datedNames(path)
	for _, s := range names {
		if found, ok := entryOf(s.name); ok {
			found.stamp, found.zipped = s.stamp, s.zipped
			list = append(list, found)
		}
	}
	if n := len(list); n > 0 {
		list[n-1].active = !list[n-1].zipped
	}
	return list
}

// datedNames lists what fits the path of a dated log, oldest first, without looking at
// the files.
func datedNames(path string) (list []entry, err error) {
	dir, base := filepath.Split(path)
	files, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		name, zipped := strings.CutSuffix(file.Name(), ".gz")
		if stamp, fits := stampIn(base, name); fits {
			list = append(list, entry{name: dir + file.Name(), stamp: stamp, zipped: zipped})
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.stamp, b.stamp), strings.Compare(a.name, b.name))
	})
	// The plain file goes only when its compressed form is complete.
	return slices.CompactFunc(list, func(a, b entry) bool { return a.stamp == b.stamp }), nil
}

// stampIn returns the date in name, such as 20261126, if name fits the pattern.
func stampIn(pattern, name string) (stamp string, fits bool) {
	var parts [len(directives)]string
	for i := 0; i < len(pattern); i++ {
		want := pattern[i : i+1]
		if want == "%" {
			i++
			want = pattern[i : i+1]
			if unit := strings.Index(directives, want); unit >= 0 {
				want = leadingDigits(name, unit)
				if want == "" || parts[unit] != "" && parts[unit] != want {
					return "", false
				}
				parts[unit] = want
			}
		}
		if name, fits = strings.CutPrefix(name, want); !fits {
			return "", false
		}
	}
	return strings.Join(parts[:], ""), name == ""
}

// leadingDigits returns as many digits from the beginning of name as the unit has: four
// for a year, else two.
func leadingDigits(name string, unit int) string {
	width := 2
	if directives[unit] == 'Y' {
		width = 4
	}
	if len(name) < width || strings.Trim(name[:width], "0123456789") != "" {
		return ""
	}
	return name[:width]
}

// later is successors for a dated log.
func (f *Follower) later(last *file, list []entry) (younger []entry, sure bool) {
	sure = true
	found := false
	for _, s := range list {
		switch {
		case s.stamp < last.stamp:
		case s.stamp == last.stamp && (s.id == last.id || s.zipped || last.gz != nil):
			found = true // perhaps compressed, or unpacked, since it was opened
		case s.zipped && slices.ContainsFunc(f.opened, func(g *file) bool { return g.stamp == s.stamp && g.id != s.id }):
			// It was opened by an earlier try and has been compressed since.
		default: // a later date, or a file that was made again under the same name
			younger = append(younger, s)
			sure = sure && s.active
		}
	}
	return younger, sure || found
}

// sinceStamp returns the oldest file of a dated log with this date or a later one. If
// there is none, no older file can replace it: the path, which names no file, says so.
func sinceStamp(list []entry, path, stamp string) entry {
	for _, s := range list {
		if s.stamp >= stamp {
			return s
		}
	}
	return entry{name: path, active: true}
}
