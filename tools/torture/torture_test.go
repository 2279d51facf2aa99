package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

func TestMain(m *testing.M) {
	if readerMain() {
		return
	}
	os.Exit(m.Run())
}

// Whatever writes the log and whatever happens to the reader: every line, once,
// in order. All writers at the same time, so that it takes seconds.
func TestTorture(t *testing.T) {
	testkit.Slow(t, "real writers, rotated and killed for seconds")
	o := options{seconds: 6, backups: 5, rates: "2000", readers: "ours"}
	trials, missing, err := o.trials()
	if err != nil {
		t.Fatal(err)
	}
	results, err := runAll(t.Context(), trials, len(trials), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.written != 12_000 || r.reader.kill && r.kills < 3 {
			t.Errorf("%s, %s: %d lines were written, the reader was killed %d times", r.trial.writer.name, r.reader.name, r.written, r.kills)
		}
		if r.wrong != "" {
			t.Errorf("%s, %s: %s\n%s\n%+v", r.trial.writer.name, r.reader.name, r.wrong, strings.Join(r.cells(), " | "), r.gaps)
		}
	}
	for _, why := range missing {
		t.Run("missing", func(t *testing.T) {
			testkit.Missing(t, why)
		})
	}
}

// The judge sees what it is there for.
func TestVerdict(t *testing.T) {
	now := time.Now()
	taken := outcome{written: 10, lost: []hole{{3, 4, now}}}
	said := []tailer.Gap{{Why: "truncated", At: now.Add(time.Second)}}
	for _, tt := range []struct {
		name    string
		out     outcome
		records []record
		want    string
	}{
		{"all of them", outcome{written: 3}, []record{{Runs: [][2]int64{{0, 1}}}, {Runs: [][2]int64{{2, 2}}}}, ""},
		{"one is missing", outcome{written: 3}, []record{{Runs: [][2]int64{{0, 0}, {2, 2}}}}, "1 lines lost that could be read"},
		{"the last is missing", outcome{written: 3}, []record{{Runs: [][2]int64{{0, 1}}}}, "1 lines lost that could be read"},
		{"one comes twice", outcome{written: 3}, []record{{Runs: [][2]int64{{0, 1}, {1, 2}}}}, "1 lines repeated"},
		{"one comes late", outcome{written: 3}, []record{{Runs: [][2]int64{{0, 0}, {2, 2}, {1, 1}}}}, "1 lines out of order"},
		{"one is torn", outcome{written: 3}, []record{{Runs: [][2]int64{{0, 2}}, Damaged: 1}}, "1 lines damaged"},
		{"nothing was read", outcome{written: 3}, nil, "3 lines lost that could be read"},
		{"taken away and said", taken, []record{{Runs: [][2]int64{{0, 2}}, Gaps: said}, {Runs: [][2]int64{{5, 9}}}}, ""},
		{"taken away in part and said", taken, []record{{Runs: [][2]int64{{0, 3}}}, {Runs: [][2]int64{{5, 9}}, Gaps: said}}, ""},
		{"taken away and not said", taken, []record{{Runs: [][2]int64{{0, 2}, {5, 9}}}}, "2 lines lost without saying so"},
		{"said too late", taken, []record{{Runs: [][2]int64{{0, 2}, {5, 9}}}, {Gaps: said}}, "2 lines lost without saying so"},
		{"said of another truncation", taken, []record{{Runs: [][2]int64{{0, 2}}, Gaps: []tailer.Gap{{At: now.Add(-time.Second)}}}, {Runs: [][2]int64{{5, 9}}}},
			"2 lines lost without saying so"},
		{"more than was taken away", taken, []record{{Runs: [][2]int64{{0, 2}, {6, 9}}, Gaps: said}}, "1 lines lost that could be read"},
	} {
		path := filepath.Join(t.TempDir(), "journal")
		j, _, err := openJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range tt.records {
			if err := j.append(r); err != nil {
				t.Fatal(err)
			}
		}
		tally, err := count(path, tt.out)
		if got := tally.verdict(len(tt.out.lost)); err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// A torn last record is as if it had not been written, and the place to go on is
// that of the last whole one that has one.
func TestTornRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	const whole = `{"runs":[[0,4]],"next":17}` + "\n" + `{"gaps":[{"Bytes":5}]}` + "\n"
	const torn = `{"runs":[[5,9]],"next":3`
	testkit.Write(t, path, whole+torn)
	j, next, err := openJournal(path)
	if err != nil || string(next) != "17" {
		t.Fatalf("goes on at %s, %v, want 17", next, err)
	}
	if err := j.append(record{Runs: [][2]int64{{5, 5}}}); err != nil {
		t.Fatal(err)
	}
	tally, err := count(path, outcome{written: 6})
	if err != nil || tally.read != 6 || tally.lost != 0 || tally.counted != 5 {
		t.Errorf("got %+v, %v", tally, err)
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for i := range 1000 {
		h.add(time.Duration(i+1) * time.Microsecond)
	}
	for _, tt := range []struct{ p, low, high int64 }{{50, 500, 540}, {99, 990, 1060}, {100, 1000, 1070}} {
		if got, ok := h.percentile(tt.p); !ok || got.Microseconds() < tt.low || got.Microseconds() > tt.high {
			t.Errorf("percentile %d is %v, want %d to %d µs", tt.p, got, tt.low, tt.high)
		}
	}
}
