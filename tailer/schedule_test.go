package tailer_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

var (
	schedules = flag.Int("schedules", 300, "how many random schedules TestAnySchedule runs")
	firstSeed = flag.Int("seed", 0, "seed of the first of them")
)

// Any schedule of writing, rotating, compressing, truncating, replacing,
// removing, reading and restarting gives every line once, in order. What is gone
// from the disk before a restart is told as a gap.
func TestAnySchedule(t *testing.T) {
	anySchedule(t, false)
}

// The same of a dated log. What was written when tells nothing there: only dates do.
func TestAnyScheduleOfADatedLog(t *testing.T) {
	anySchedule(t, true)
}

func anySchedule(t *testing.T, daily bool) {
	onlyOnLinux(t, "it reads /proc")
	n := min(*schedules, testkit.Fewer(50, *schedules))
	for seed := range n {
		run := newSchedule(t, uint64(*firstSeed+seed), daily)
		for range 60 {
			run.act()
		}
		run.finish()
		if t.Failed() {
			return
		}
	}
}

// schedule is one run and the model that it is checked against.
type schedule struct {
	log
	dir   string
	seed  uint64
	r     *rand.Rand
	dated bool   // rotated names are dates
	daily bool   // the log is dated: each file has a date in its name from its beginning
	under string // the path that is followed
	f     *tailer.Follower

	want  []wanted
	open  string       // the last line of the log, not yet ended
	files []*rotatedTo // oldest first
	count int          // of files so far
	clock time.Time    // of the last write: every write has its own
	lines int          // so far
	got   []got
	floor int // lines delivered at or below which a restart would have no place
	gone  int // lines of want at the beginning that are in no file any more
	story []string
	gaps  []tailer.Gap
	loss  bool // a gap must be told
}

type wanted struct {
	text string
	lost bool
}

type got struct {
	text string
	end  tailer.Position
}

// rotatedTo is a rotated file.
type rotatedTo struct {
	name string
	end  int         // lines of want up to its last one
	was  os.FileInfo // the plain file, if it was held when it was compressed
}

func newSchedule(t *testing.T, seed uint64, daily bool) *schedule {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	check(t, err)
	s := &schedule{
		log: log{t, filepath.Join(dir, "jira.log")}, dir: dir, seed: seed,
		r: rand.New(rand.NewPCG(seed, 7)), clock: time.Now().Add(time.Hour), // ahead of the times that a write leaves for a moment
		daily: daily,
	}
	s.dated = s.r.IntN(2) == 0
	s.under = s.path
	if daily {
		s.under = filepath.Join(dir, accessLog)
		s.path = s.today()
	}
	s.start(tailer.Position{})
	s.readAll() // the first look decides where it begins
	return s
}

func (s *schedule) start(at tailer.Position) {
	for _, f := range s.files {
		f.was = nil
	}
	if s.f != nil {
		s.gaps = append(s.gaps, s.f.Gaps()...)
		s.f.Close()
	}
	s.f = tailer.Follow(s.under, at, tailer.Options{Start: tailer.Beginning, NoNotify: true, Poll: time.Millisecond})
}

func (s *schedule) act() {
	type action struct {
		name string
		do   func()
	}
	actions := []action{
		{"append", s.line}, {"append", s.line}, {"append", s.line}, {"part", s.part}, {"rotate", s.rotate}, {"rotate", s.rotate},
		{"compress", s.compress}, {"remove", s.removeOldest}, {"late", s.late},
		{"read", s.readAll}, {"read some", s.readSome}, {"restart", s.restart}, {"restart", s.restart},
		{"pause", func() { time.Sleep(time.Duration(s.r.IntN(3)) * time.Millisecond) }},
	}
	if !s.daily {
		actions = append(actions, action{"copytruncate", s.copyTruncate}, action{"truncate", s.truncate}, action{"replace", s.replace})
	}
	a := actions[s.r.IntN(len(actions))]
	s.story = append(s.story, a.name)
	a.do()
}

func (s *schedule) finish() {
	s.story = append(s.story, "finish")
	s.end()
	s.append("\n")
	s.line()
	s.readAll()
	s.gaps = append(s.gaps, s.f.Gaps()...)
	s.f.Close()
	var want, have []string
	for _, w := range s.want {
		if !w.lost {
			want = append(want, w.text)
		}
	}
	for _, g := range s.got {
		have = append(have, g.text)
	}
	if !slices.Equal(have, want) || s.loss && len(s.gaps) == 0 {
		s.t.Logf("go test -run %s$ -schedules 1 -seed %d\n%q\ngaps %+v, loss expected: %v", s.t.Name(), s.seed, s.story, s.gaps, s.loss)
		s.t.Errorf("a schedule failed")
		same(s.t, have, want)
	}
}

// untilHeld waits until the file is held by a descriptor, or its lines have come.
func (s *schedule) untilHeld(name string, end int) {
	fi, err := os.Stat(name)
	check(s.t, err)
	testkit.Until(s.t, func() error {
		if len(s.got) < s.kept(end) && !heldByUs(s.t, fi) {
			return fmt.Errorf("seed %d: %s is never held\n%q", s.seed, name, s.story)
		}
		return nil
	})
}

// kept is how many of the first n wanted lines are not lost.
func (s *schedule) kept(n int) (kept int) {
	for _, w := range s.want[:n] {
		if !w.lost {
			kept++
		}
	}
	return kept
}

func heldByUs(t *testing.T, want os.FileInfo) bool {
	onlyOnLinux(t, "it reads /proc")
	entries, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	for _, e := range entries {
		if fi, err := os.Stat("/proc/self/fd/" + e.Name()); err == nil && os.SameFile(fi, want) {
			return true
		}
	}
	return false
}

func (s *schedule) take(lines []line) {
	for _, l := range lines {
		if len(l.Text) > 0 {
			s.got = append(s.got, got{string(l.Text), l.End})
			s.story = append(s.story, strings.TrimRight(fmt.Sprintf("reads %q", l.Text), "z\""))
		}
	}
}

func (s *schedule) readAll() { s.take(drain(s.t, s.f)) }

func (s *schedule) readSome() {
	lines, err := next(context.Background(), s.f, 0)
	check(s.t, err)
	s.take(lines)
}

// restart goes on at a position that was delivered some time ago, as long as
// what is behind it is still there or its loss can be told.
func (s *schedule) restart() {
	n := len(s.got) - s.r.IntN(10)
	if n <= 0 || n < s.kept(s.floor) || len(s.got) < s.kept(s.floor) {
		return
	}
	s.story = append(s.story, fmt.Sprint("goes on behind line ", n))
	s.got = s.got[:n]
	s.start(s.got[n-1].end)
	have := 0
	for i := range s.want[:s.gone] {
		switch w := &s.want[i]; {
		case w.lost:
		case have < n:
			have++
		default:
			w.lost, s.loss = true, true
		}
	}
}
