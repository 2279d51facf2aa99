package tailer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// append is a write with a time of its own: what is certainly newer can only be
// known of files that were not last written at the same tick of the clock.
func (s *schedule) append(text string) {
	s.log.append(text)
	s.touch(s.path)
}

func (s *schedule) touch(path string) {
	s.clock = s.clock.Add(10 * time.Millisecond)
	at := s.clock
	if s.daily {
		at = at.Add(time.Duration(s.r.IntN(1000)) * time.Second)
	}
	check(s.t, os.Chtimes(path, at, at))
}

func (s *schedule) text() string {
	s.lines++
	s.story = append(s.story, fmt.Sprint("writes ", s.lines))
	return fmt.Sprintf("%d %d %s", s.seed, s.lines, strings.Repeat("z", s.r.IntN(60)*s.r.IntN(20)))
}

func (s *schedule) wanted(text string) { s.want = append(s.want, wanted{text: text}) }

func (s *schedule) line() {
	text := s.text()
	s.append(text + "\n")
	s.wanted(s.open + text)
	s.open = ""
}

func (s *schedule) part() {
	text := s.text()
	s.append(text)
	s.open += text
}

// end ends an open line, because its file ends.
func (s *schedule) end() {
	if s.open != "" {
		s.wanted(s.open)
		s.open = ""
	}
}

// rotate goes on to a new file; several times at once, now and then.
func (s *schedule) rotate() {
	for range 1 + s.r.IntN(3)/2*s.r.IntN(4) {
		s.end()
		s.append("")
		s.goOn()
		if s.r.IntN(2) == 0 {
			s.append("")
		}
		if s.r.IntN(2) == 0 {
			s.line()
		}
	}
}

// goOn renames the log, and those rotated before where the names are numbers. A dated
// log goes on at the next date.
func (s *schedule) goOn() {
	name := s.path
	if s.daily {
		s.count++
		s.path = s.today()
	} else {
		name = s.shift()
		check(s.t, os.Rename(s.path, name))
	}
	s.files = append(s.files, &rotatedTo{name: name, end: len(s.want)})
}

// today is the name of a dated log's newest file.
func (s *schedule) today() string { return filepath.Join(s.dir, dayName(s.count)) }

// shift makes room for the next rotated name.
func (s *schedule) shift() string {
	s.count++
	if s.dated {
		return fmt.Sprintf("%s-%08d", s.path, 20260000+s.count)
	}
	for i, f := range s.files { // oldest first
		name := fmt.Sprintf("%s.%d", s.path, len(s.files)-i+1)
		if strings.HasSuffix(f.name, ".gz") {
			name += ".gz"
		}
		check(s.t, os.Rename(f.name, name))
		f.name = name
	}
	return s.path + ".1"
}

func (s *schedule) copyTruncate() {
	s.append("")
	s.readAll() // an empty or unread file leaves nothing by which its copy could be known
	if fi, err := os.Stat(s.path); err != nil || fi.Size() == 0 {
		return
	}
	for range s.r.IntN(4) {
		s.line() // only in the copy by the time it is read
	}
	s.end()
	name := s.shift()
	copyFile(s.t, s.path, name)
	s.touch(name)
	s.log.truncate()
	s.touch(s.path)
	s.files = append(s.files, &rotatedTo{name: name, end: len(s.want)})
}

func (s *schedule) truncate() {
	s.append("")
	s.readAll()
	s.log.truncate()
	s.touch(s.path)
	s.open = ""
	s.floor = len(s.want)
}

// replace renames a new file over the log when that is held or has been read.
func (s *schedule) replace() {
	if !s.exists() {
		return
	}
	s.readSome()
	s.end()
	s.untilHeld(s.path, len(s.want))
	text := s.text()
	check(s.t, os.WriteFile(s.path+".new", []byte(text+"\n"), 0o644))
	s.touch(s.path + ".new")
	check(s.t, os.Rename(s.path+".new", s.path))
	s.floor = len(s.want)
	s.wanted(text)
}

func (s *schedule) exists() bool {
	_, err := os.Stat(s.path)
	return err == nil
}

// compress does as gzip does: the plain file goes when the other one is complete.
func (s *schedule) compress() {
	if len(s.files) == 0 {
		return
	}
	f := s.files[s.r.IntN(len(s.files))]
	if strings.HasSuffix(f.name, ".gz") {
		return
	}
	zipped := testkit.Gzip(testkit.Read(s.t, f.name))
	testkit.Write(s.t, f.name+".gz", zipped[:len(zipped)/2])
	if s.r.IntN(2) == 0 {
		s.readSome()
	}
	testkit.Write(s.t, f.name+".gz", zipped)
	fi, err := os.Stat(f.name)
	check(s.t, err)
	check(s.t, os.Chtimes(f.name+".gz", fi.ModTime(), fi.ModTime()))
	if s.daily {
		s.touch(f.name + ".gz")
	}
	if heldByUs(s.t, fi) {
		f.was = fi
	}
	check(s.t, os.Remove(f.name))
	f.name += ".gz"
}

// removeOldest removes the oldest rotated file when it is held or has been read.
func (s *schedule) removeOldest() {
	if len(s.files) == 0 {
		return
	}
	s.readSome()
	f := s.files[0]
	if f.was == nil || !heldByUs(s.t, f.was) {
		s.untilHeld(f.name, f.end)
	}
	check(s.t, os.Remove(f.name))
	s.files = s.files[1:]
	s.gone = f.end
}

// late writes to a rotated file after the new one has been read.
func (s *schedule) late() {
	s.line()
	s.readAll()
	s.end()
	s.goOn()
	name := s.files[len(s.files)-1].name
	s.line()
	s.readAll()
	if s.r.IntN(2) == 0 {
		s.start(s.f.Position())
		if s.r.IntN(2) == 0 {
			s.readAll()
		}
	}
	text := s.text()
	testkit.Append(s.t, name, text+"\n")
	s.touch(name)
	s.wanted(text)
	s.readAll()
	s.floor = len(s.want) // read again from before this place, it would come earlier
}
