package main

import (
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// some is how many worlds make test runs: docs/reliability.md has a long run.
const some = 150

var catalogue = sync.OnceValues(func() (*matchers.Set, error) { return matchers.Builtin() })

func causes(tb testing.TB) *matchers.Set {
	tb.Helper()
	set, err := catalogue()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// In every world all promises hold.
func TestWorlds(t *testing.T) {
	defer unprivileged()()
	set := causes(t)
	var sum figures
	for seed := uint64(1); seed <= some; seed++ {
		s := draw(seed)
		w, wrong := simulate(s, set)
		sum.add(w)
		if wrong != nil {
			var b strings.Builder
			report(&b, shorter(s, wrong, set), set)
			t.Error(b.String())
		}
	}
	if sum.counted < some || sum.accepted < some {
		t.Errorf("too little happens in these worlds: %s", sum)
	}
}

// The worlds in testdata have failed once.
func TestFound(t *testing.T) {
	defer unprivileged()()
	files, err := filepath.Glob("testdata/*.world")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, err := parse(testkit.Read(t, file))
			if err != nil {
				t.Fatal(err)
			}
			if w, wrong := simulate(s, causes(t)); wrong != nil {
				t.Errorf("%s\n=== %s", strings.Join(w.story, "\n"), wrong)
			}
		})
	}
}

// A seed makes the same world each time, and its script makes it too.
func TestSameAgain(t *testing.T) {
	defer unprivileged()()
	for seed := uint64(1); seed <= 3; seed++ {
		s := draw(seed)
		s.Tmpfs = true // which inode a disk gives is not up to us alone
		again, err := parse(s.String())
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("got %v, %v\nwant %v", again, err, s)
		}
		one, _ := simulate(s, causes(t))
		two, _ := simulate(again, causes(t))
		var before, after figures
		before.add(one)
		after.add(two)
		if !reflect.DeepEqual(one.story, two.story) || before != after {
			t.Errorf("seed %d: two different worlds\n%s\n%s\n\n%s\n%s", seed,
				strings.Join(one.story, "\n"), before, strings.Join(two.story, "\n"), after)
		}
	}
}

// A broken promise is noticed: a world in which a failure is never written to
// the disk fails.
func TestLossIsNoticed(t *testing.T) {
	defer unprivileged()()
	s := Script{Setup: draw(1).Setup}
	w, err := newWorld(s.Setup, causes(t))
	if err != nil {
		t.Fatal(err)
	}
	defer w.remove()
	w.must(w.start())
	w.pass(time.Second)
	d := w.disks[0]
	w.ordinaryLines(d)
	x, _ := w.entry(d)
	d.active.holds([]*failure{x})
	w.model.begun(x)
	w.model.wrote(x)
	if wrong := w.play(nil); wrong == nil || wrong.promise != "exactly once" {
		t.Errorf("got %v", wrong)
	}
}

// Differences of simulated times are not changed by a clock step, as those of
// real ones are not; what is shown and stored is.
func TestSimulatedTime(t *testing.T) {
	m := &machine{begin: time.Date(2026, 3, 1, 8, 0, 0, 5, time.UTC), chance: rand.New(rand.NewPCG(1, 1))}
	before := m.Now()
	m.mono += time.Second
	m.stepped -= time.Hour
	after := m.Now()
	if got := after.Sub(before); got != time.Second {
		t.Errorf("a second later by the monotonic clock: %s", got)
	}
	if got := after.Round(0).Sub(before.Round(0)); got != time.Second-time.Hour {
		t.Errorf("a second later by the wall clock: %s", got)
	}
	if got, want := after.Format(time.RFC3339Nano), "2026-03-01T07:00:01.000000005Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The packages that are simulated take their time from internal/clock. Only what
// has to do with the real system does not: locks, deadlines of reads, the watch.
func TestTimeComesFromTheClock(t *testing.T) {
	real := regexp.MustCompile(`\btime\.(Now|Since|Until|Sleep)\(`)
	allowed := map[string]bool{"../../internal/store/verify.go": true, "../../tailer/stream.go": true}
	for _, dir := range []string{"tailer", "internal/pipeline", "internal/store", "internal/incident", "notify"} {
		files, err := filepath.Glob("../../" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			if found := real.FindString(testkit.Read(t, file)); found != "" && !allowed[file] && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s uses %s…), use the clock package", file, found)
			}
		}
	}
}
