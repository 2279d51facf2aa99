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
//	go test ./internal/pipeline -run '^$' -bench Grows -benchtime 500x -count 5
func BenchmarkGrows(b *testing.B) {
	for _, n := range []struct{ open, closed int }{{100, 0}, {1_000, 0}, {9_000, 0}, {100, 1_000}, {100, 9_000}} {
		name := fmt.Sprintf("open=%d/closed=%d/", n.open, n.closed)
		b.Run(name+"failure", func(b *testing.B) {
			r, next := grown(b, n.open, n.closed)
			for b.Loop() {
				begun(b, r, next(), true) // as much is there after it as before
			}
		})
		b.Run(name+"settle", func(b *testing.B) {
			r, _ := grown(b, n.open, n.closed)
			now := time.Now()
			for first := true; first || b.Loop(); first = false { // the first one reads all
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
		begun(b, r, next(), i < closed)
	}
	return r, next
}

// begun records a failure, delivers its alert, and ends its incident if asked to.
func begun(b *testing.B, r *pipeline.Recorder, f matchers.Failure, end bool) {
	err := r.Record(f)
	if end && err == nil {
		err = r.Resolve(r.Rules.Key(f), time.Now())
	}
	for found := true; found && err == nil; {
		var d notify.Delivery
		if d, found, err = r.Store.Oldest("hub"); found {
			err = r.Store.Done("hub", d, nil, notify.Health{})
		}
	}
	if err != nil {
		b.Fatal(err)
	}
}
