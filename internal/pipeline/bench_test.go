package pipeline_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// What there is already must not make a failure dearer, nor the time at which nothing is due:
// open incidents and closed ones, ten times as many each.
//
//	go test ./internal/pipeline -run '^$' -bench Grows -count 5
func BenchmarkGrows(b *testing.B) {
	for _, n := range []struct{ open, closed int }{{100, 0}, {1_000, 0}, {9_000, 0}, {100, 1_000}, {100, 9_000}} {
		name := fmt.Sprintf("open=%d/closed=%d/", n.open, n.closed)
		b.Run(name+"failure", func(b *testing.B) {
			r, next := grown(b, n.open, n.closed)
			for b.Loop() {
				if err := r.Record(next()); err != nil {
					b.Fatal(err)
				}
				d, _, err := r.Store.Oldest("hub") // as much waits after it as before
				if err == nil {
					err = r.Store.Done("hub", d, nil, notify.Health{})
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"settle", func(b *testing.B) {
			r, _ := grown(b, n.open, n.closed)
			now := time.Now()
			for b.Loop() {
				if err := r.Settle(now, func(string) bool { return true }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// grown is a Recorder with incidents, and what makes failures of further integrations.
func grown(b *testing.B, open, closed int) (*pipeline.Recorder, func() matchers.Failure) {
	b.Helper()
	s, err := store.Open(b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	set, err := catalogue()
	if err != nil {
		b.Fatal(err)
	}
	c := newConf(b)
	c.Alerts.Storm = 0
	r := &pipeline.Recorder{Store: s, Rules: incident.NewRules(c), Recipients: []pipeline.Recipient{{Name: "hub"}}}
	n := 0
	next := func() matchers.Failure {
		n++
		f := set.Diagnose(testkit.FailureAt(n, n%60, refused), time.UTC).Failure
		f.Time = time.Now()
		return f
	}
	for i := range open + closed {
		f := next()
		if err := r.Record(f); err != nil {
			b.Fatal(err)
		}
		if i < closed {
			if err := r.Resolve(r.Rules.Key(f), time.Now()); err != nil {
				b.Fatal(err)
			}
		}
		for range 2 {
			if d, found, err := s.Oldest("hub"); err != nil {
				b.Fatal(err)
			} else if found {
				s.Done("hub", d, nil, notify.Health{})
			}
		}
	}
	return r, next
}
