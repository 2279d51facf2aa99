package tailer_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

const accessLog = "access_log.%Y-%m-%d"

// dayName is the name of an access log of one day, from the end of November on.
func dayName(day int) string {
	return time.Date(2026, 11, 26+day, 0, 0, 0, 0, time.UTC).Format("access_log.2006-01-02")
}

// days is a dated log in a directory of its own.
type days struct {
	log // at the pattern
}

func newDays(t *testing.T) days { return days{log{t, filepath.Join(t.TempDir(), accessLog)}} }

func (d days) name(day int) string { return filepath.Join(filepath.Dir(d.path), dayName(day)) }

func (d days) write(day int, text string) days {
	d.t.Helper()
	testkit.Append(d.t, d.name(day), text)
	return d
}

// current fails unless the log is the file of this name.
func current(t *testing.T, path, want string) {
	t.Helper()
	if got, err := tailer.Current(path); err != nil || got != filepath.Join(filepath.Dir(path), want) {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestCurrent(t *testing.T) {
	for _, tt := range []struct {
		pattern, want string
		files         string
	}{
		{"jira.log", "jira.log", "jira.log.1 jira.log.2026-11-26"},
		{accessLog, accessLog, ""},
		{accessLog, "access_log.2026-11-26", "access_log.2026-11-26 access_log.2025-12-31 access_log.2026-02-30"},
		{accessLog, "access_log.2026-11-26", "access_log.2026-11-26 access_log.2026-11-25.gz access_log.2026-11-26.gz"},
		{accessLog, "access_log.2026-11-27.gz", "access_log.2026-11-26 access_log.2026-11-27.gz"},
		{accessLog, "access_log.2099-01-01", "access_log.2026-11-26 access_log.2099-01-01"},
		{accessLog, "access_log.2026-11-26", "access_log.2026-11-26 access_log.2026-11-27.bak access_log.2026-11-27.1 " +
			"access_log.2026-11-27T00 access_log.2026-11-27.gz.gz access_log.2026-11-7 access_log.+026-11-27 " +
			"access_log.12026-11-27 access_log access_log.old catalina.2026-11-27.log xaccess_log.2026-11-27"},
		{"localhost_access_log.%Y-%m-%d.txt", "localhost_access_log.2026-11-26.txt", "localhost_access_log.2026-11-26.txt " +
			"localhost_access_log.2026-11-27 localhost_access_log.2026-11-27.txt.1"},
		{"access_log.%Y%m%d", "access_log.20261126", "access_log.20261126 access_log.20251231"},
		{"access_log.%Y-%m-%d.%H", "access_log.2026-11-26.23", "access_log.2026-11-26.23 access_log.2026-11-26.09 " +
			"access_log.2026-11-27"},
		{"%H%M_%d.%m.%Y", "2359_01.12.2026", "2359_01.12.2026 0001_30.11.2026 2358_01.12.2026"},
		{"100%%.%Y", "100%.2026", "100%.2026 100%.2025 100%%.2027"},
		{"%Y.%Y", "2026.2026", "2026.2026 2026.2027"},
		{"access_log.%d", "access_log.%d", "access_log.26"},                               // no order without a year
		{"access_log.%Y-%b", "access_log.%Y-%b", "access_log.2026-11 access_log.2026-%b"}, // not supported
		{"access_log.%Y%", "access_log.%Y%", "access_log.2026"},
		{"100%%Y", "100%%Y", "100%Y 1002026"},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range strings.Fields(tt.files) {
				testkit.Write(t, filepath.Join(dir, name), "x\n")
			}
			check(t, os.Mkdir(filepath.Join(dir, "access_log.2026-11-30"), 0o700))
			current(t, filepath.Join(dir, tt.pattern), tt.want)
		})
	}
}

// The newest file is the log. What came before it, and what only looks like it, is not
// read, whatever its time.
func TestDatedLog(t *testing.T) {
	for name, opt := range map[string]tailer.Options{
		"from the end":       {},
		"from the beginning": {Start: tailer.Beginning},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDays(t).write(2, "a\n").write(0, "too old\n").write(1, "too old\n")
			for i, other := range []string{dayName(3) + ".bak", "access_log.old", "catalina.2026-11-30.log", "access_log"} {
				testkit.Write(t, filepath.Join(filepath.Dir(d.path), other), "other\n")
				past := time.Now().Add(-time.Duration(i) * time.Hour)
				check(t, os.Chtimes(d.name(2), past, past))
			}
			opt.ByHand = true
			f := d.follow(tailer.Position{}, opt)
			var want []string
			if opt.Start == tailer.Beginning {
				want = []string{"a"}
			}
			same(t, texts(drain(t, f)), want)
			d.write(2, "b\nopen")
			same(t, read(t, f, 1), []string{"b"})
			d.write(3, "") // as when Tomcat starts
			soon := time.Now().Add(time.Hour)
			check(t, os.Chtimes(d.name(3), soon, soon)) // so that the change of day is not long ago
			quiet(t, f)
			d.write(2, " line\n").write(3, "c\n")
			same(t, read(t, f, 2), []string{"open line", "c"})
			d.write(2, "late\n")
			same(t, read(t, f, 1), []string{"late"})
			testkit.Append(t, filepath.Join(filepath.Dir(d.path), dayName(3)+".bak"), "other\n")
			d.write(1, "other\n").write(3, "d\n").write(5, "e\n")
			same(t, read(t, f, 2), []string{"d", "e"})
			d.write(4, "its day is over\n")
			quiet(t, f)
			if s, gaps := f.Stats(), f.Gaps(); s.Rotations != 2 || s.Lag != 0 || len(gaps) > 0 {
				t.Errorf("got %+v, gaps %+v", s, gaps)
			}
		})
	}
}

// The end of the program between any two lines, with or without midnights until it runs
// again, and whatever has become of old files by then.
func TestDatedLogKilledBetweenAnyTwoLines(t *testing.T) {
	const perDay, lines = 3, 12
	for name, age := range map[string]func(t *testing.T, d days, day int){
		"kept":       func(*testing.T, days, int) {},
		"compressed": func(t *testing.T, d days, day int) { gz(t, d.name(day)) },
		"compressed, times lost": func(t *testing.T, d days, day int) {
			gz(t, d.name(day))
			at := time.Now().Add(time.Duration(10-day) * time.Hour) // the oldest looks newest
			check(t, os.Chtimes(d.name(day)+".gz", at, at))
		},
		"some compressed": func(t *testing.T, d days, day int) {
			if day%2 == 1 {
				gz(t, d.name(day))
			}
		},
	} {
		for _, header := range []string{"", "#Fields: date time\n"} { // each file begins with it
			for cut := 1; cut < lines; cut++ {
				d := newDays(t)
				var all []string
				write := func(i int) {
					if i%perDay == 0 && header != "" {
						d.write(i/perDay, header)
						all = append(all, strings.TrimSpace(header))
					}
					d.write(i/perDay, numbered(i)+"\n")
					all = append(all, numbered(i))
				}
				write(0)
				f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true})
				got, at := readLines(t, f, len(all))
				for i := 1; i < cut; i++ {
					before := len(all)
					write(i)
					some, end := readLines(t, f, len(all)-before)
					got, at = append(got, some...), end
				}
				f.Close()
				for i := cut; i < lines; i++ {
					write(i)
				}
				for day := range lines/perDay - 1 {
					if day < (cut-1)/perDay-1 && cut%2 == 0 {
						check(t, os.Remove(d.name(day))) // it was read, and can hardly grow any more
						continue
					}
					age(t, d, day)
				}
				f = d.follow(at, tailer.Options{NoNotify: true})
				got = append(got, texts(drain(t, f))...)
				if gaps := f.Gaps(); len(gaps) > 0 {
					t.Errorf("%s, %d lines: gaps %+v", name, cut, gaps)
				}
				same(t, got, all)
				f.Close()
			}
		}
	}
}

// Any number of restarts: each one reads on from any line that was delivered, in any day.
func TestDatedLogRestartedAtEveryLine(t *testing.T) {
	d := newDays(t).write(0, "")
	f := d.follow(tailer.Position{}, tailer.Options{})
	quiet(t, f)
	positions := []tailer.Position{f.Position()} // in an empty file
	var all []string
	for i := range 20 {
		all = append(all, numbered(i))
		d.write(i/4, all[i]+"\n")
		_, at := readLines(t, f, 1)
		positions = append(positions, at)
	}
	f.Close()
	for _, compressed := range []int{-1, 0, 2, 3, 1, 4} { // at last the newest, too
		if compressed >= 0 {
			gz(t, d.name(compressed))
		}
		for n, at := range positions {
			f := d.follow(at, tailer.Options{NoNotify: true})
			same(t, texts(drain(t, f)), all[n:])
			if gaps := f.Gaps(); len(gaps) > 0 {
				t.Errorf("after line %d: gaps %+v", n, gaps)
			}
			f.Close()
		}
	}
}

// The file of the position is gone: what has a later date is read, and nothing older is.
func TestDatedLogPlaceIsGone(t *testing.T) {
	d := newDays(t).write(0, "too old\n").write(1, "a\nlost\n")
	f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	at := drain(t, f)[0].End
	check(t, os.Remove(d.name(1)))
	d.write(0, "too old as well\n")
	quiet(t, f) // also while it runs
	f.Close()
	f = d.follow(at, tailer.Options{})
	quiet(t, f)
	d.write(2, "b\n").write(3, "c\n")
	past := time.Now().Add(-time.Hour)
	check(t, os.Chtimes(d.name(2), past, past))
	same(t, read(t, f, 2), []string{"b", "c"})
	if gaps := f.Gaps(); len(gaps) != 1 || gaps[0].Bytes != -1 {
		t.Errorf("got %+v", gaps)
	}
}

// A file that is made again under its name, as by Tomcat when someone has renamed it.
func TestDatedLogMadeAgain(t *testing.T) {
	d := newDays(t).write(0, "a\n")
	f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	same(t, read(t, f, 1), []string{"a"})
	d.write(0, "b\n")
	check(t, os.Rename(d.name(0), d.name(0)+".moved"))
	d.write(0, "c\n")
	same(t, read(t, f, 2), []string{"b", "c"})
	quiet(t, f)
}

// A date in the future is the newest one: what has today's is older.
func TestDatedLogOfTheFuture(t *testing.T) {
	d := newDays(t).write(0, "a\n")
	future := filepath.Join(filepath.Dir(d.path), "access_log.2099-01-01")
	testkit.Write(t, future, "old\n")
	f := d.follow(tailer.Position{}, tailer.Options{})
	quiet(t, f)
	d.write(1, "b\n")
	quiet(t, f)
	testkit.Append(t, future, "c\n")
	same(t, read(t, f, 1), []string{"c"})
}

// No file yet is a missing log, which need not be trouble. Once there is one, a night
// without a file is silence, even if the last one has been compressed already.
func TestDatedLogWithoutAFile(t *testing.T) {
	for _, optional := range []bool{false, true} {
		d := newDays(t)
		log, said := diary()
		f := d.follow(tailer.Position{}, tailer.Options{Log: log, Optional: optional})
		quiet(t, f)
		if err := f.Stats().Waiting; !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("waiting for %v", err)
		}
		if n := said("level=WARN msg=\"log cannot be read, waiting\" path=" + d.path); (n == 0) != optional {
			t.Errorf("optional %v: said %d times", optional, n)
		}
		d.write(0, "a\n").write(1, "b\n")
		same(t, read(t, f, 2), []string{"a", "b"})
		if err := f.Stats().Waiting; err != nil {
			t.Errorf("still waiting: %v", err)
		}
	}
	d := newDays(t).write(0, "a\n").write(1, "b\n")
	f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true, ByHand: true})
	same(t, read(t, f, 1), []string{"b"})
	gz(t, d.name(1))
	for range 3 {
		time.Sleep(600 * time.Millisecond) // a log may be missing for a second
		quiet(t, f)
		f.Discover()
	}
	if err := f.Stats().Waiting; err != nil {
		t.Errorf("waiting: %v", err)
	}
	d.write(2, "c\n")
	same(t, read(t, f, 1), []string{"c"})
}

func TestDatedLogOnce(t *testing.T) {
	d := newDays(t)
	once := tailer.Options{Start: tailer.Beginning, Once: true}
	if _, err := d.follow(tailer.Position{}, once).Block(t.Context(), 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	d.write(0, "a\n").write(1, "b\nopen")
	same(t, texts(drain(t, d.follow(tailer.Position{}, once))), []string{"b", "open"})
}

// Every new date is held at once, whether or not somebody reads.
func TestDatedLogWhileTheConsumerIsBlocked(t *testing.T) {
	d := newDays(t).write(0, "a\n")
	f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, Poll: time.Millisecond, NoNotify: true})
	want := read(t, f, 1)
	for day := 1; day < 20; day++ {
		d.write(day, fmt.Sprint(day, "\n"))
		want = append(want, fmt.Sprint(day))
		untilHeld(t, d.name(day))
		check(t, os.Remove(d.name(day-1)))
	}
	same(t, read(t, f, 19), want[1:])
	if s, gaps := f.Stats(), f.Gaps(); s.LostBytes != 0 || len(gaps) > 0 {
		t.Errorf("got %+v, gaps %+v", s, gaps)
	}
}

// Days go by while it reads and is restarted; what is two days old is compressed.
func TestDatedLogUnderAWriter(t *testing.T) {
	const lines, perDay = 3000, 100
	for name, restart := range map[string]bool{"followed": false, "restarted": true} {
		t.Run(name, func(t *testing.T) {
			d := newDays(t).write(0, numbered(0)+"\n")
			f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
			got, at := readLines(t, f, 1)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for i := 1; i < lines; i++ {
					d.write(i/perDay, numbered(i)+"\n")
					if day := i/perDay - 2; day >= 0 && i%perDay == perDay/2 {
						gz(t, d.name(day))
					}
				}
			}()
			defer func() { <-done }()
			for len(got) < lines {
				if restart {
					f.Close()
					f = d.follow(at, tailer.Options{})
				}
				some, end := readLines(t, f, 1)
				got, at = append(got, some...), end
			}
			same(t, got, numberedLines(lines))
			quiet(t, f)
			if gaps := f.Gaps(); len(gaps) > 0 {
				t.Errorf("got %+v", gaps)
			}
		})
	}
}

// Days may begin alike, as with a header, and have nothing else.
func TestDatedLogDaysThatBeginAlike(t *testing.T) {
	d := newDays(t).write(0, "header\na\n")
	opt := tailer.Options{Start: tailer.Beginning, NoNotify: true}
	f := d.follow(tailer.Position{}, opt)
	_, atA := readLines(t, f, 2)
	d.write(1, "header\n")
	_, atHeader := readLines(t, f, 1)
	f.Close()
	gz(t, d.name(0))
	later := time.Now().Add(time.Hour)
	check(t, os.Chtimes(d.name(0)+".gz", later, later)) // newer than what was read of the next day
	f = d.follow(atHeader, opt)
	quiet(t, f)
	f.Close()
	check(t, os.Remove(d.name(0)+".gz"))
	d.write(2, "header\nb\n")
	same(t, texts(drain(t, d.follow(atA, opt))), []string{"header", "header", "b"})
}

// A file that was empty at first is not taken for a truncated one, whose copy would be read.
func TestDatedLogEmptyAtFirst(t *testing.T) {
	d := newDays(t).write(0, "a\n")
	f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true, ByHand: true})
	past := time.Now().Add(-time.Hour)
	same(t, read(t, f, 1), []string{"a"})
	d.write(1, "")
	quiet(t, f)
	d.write(0, "b\n")
	same(t, read(t, f, 1), []string{"b"})
	gz(t, d.name(0))
	d.write(1, "c\n")
	check(t, os.Chtimes(d.name(1), past, past)) // the change of day was long ago
	f.Discover()
	same(t, texts(drain(t, f)), []string{"c"})
}

// A day that is unpacked again while it is read is the same day.
func TestDatedLogUnpacked(t *testing.T) {
	d := newDays(t).write(0, "a\nb\n")
	f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	at := drain(t, f)[0].End
	f.Close()
	gz(t, d.name(0))
	f = d.follow(at, tailer.Options{NoNotify: true})
	same(t, texts(drain(t, f)), []string{"b"})
	d.write(0, "a\nb\n")
	check(t, os.Remove(d.name(0)+".gz"))
	quiet(t, f)
	d.write(1, "c\n")
	same(t, texts(drain(t, f)), []string{"c"})
}

// What may be missing between two days is reported only where a day was seen to be removed
// before the next one was seen.
func TestDatedLogGaps(t *testing.T) {
	onlyOnUnix(t, "a removed file has its name as long as it is open")
	for removed, gaps := range map[bool]int{false: 0, true: 1} {
		d := newDays(t).write(0, "a\n")
		f := d.follow(tailer.Position{}, tailer.Options{Start: tailer.Beginning, NoNotify: true, ByHand: true})
		same(t, texts(drain(t, f)), []string{"a"})
		d.write(5, "b\n").write(9, "c\n")
		if removed {
			check(t, os.Remove(d.name(0)))
		}
		same(t, texts(drain(t, f)), []string{"b", "c"})
		if got := f.Gaps(); len(got) != gaps {
			t.Errorf("removed %v: gaps %+v", removed, got)
		}
	}
}

// What was last written to long before the first look holds nothing newer.
func TestDatedLogFoundLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	d := days{log{t, filepath.Join(dir+".old", accessLog)}}
	check(t, os.Mkdir(dir+".old", 0o755))
	d.write(0, "a\n").write(1, "b\n")
	past := time.Now().Add(-time.Hour)
	check(t, os.Chtimes(d.name(0), past, past))
	check(t, os.Chtimes(d.name(1), past, past))
	d.path = filepath.Join(dir, accessLog)
	f := d.follow(tailer.Position{}, tailer.Options{})
	quiet(t, f)
	check(t, os.Rename(dir+".old", dir))
	quiet(t, f)
	d.write(1, "c\n")
	same(t, read(t, f, 1), []string{"c"})
}
