package incident_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// Count decides as Step does, and Told says at any moment what Step's alert
// had said in full, over random sequences of causes, some of them muted.
func TestCountIsStep(t *testing.T) {
	testkit.Pure(t)
	from := incident.Source{Name: "jira", Path: "/log"}
	for seed := range uint64(testkit.Fewer(10, 50)) {
		random := rand.New(rand.NewPCG(seed, 2))
		r := rules(func(a *conf.Alerts) {
			a.RepeatInterval = []time.Duration{0, time.Hour, 4 * time.Hour}[random.IntN(3)]
			a.Mute = [][]string{nil, {"a"}, {"b", "c"}}[random.IntN(3)]
		})
		var whole, light incident.State
		var last *alert.Alert
		var said matchers.Failure
		at := t0
		for i := range 200 {
			at = at.Add([]time.Duration{0, time.Second, time.Hour, 5 * time.Hour, 25 * time.Hour}[random.IntN(5)])
			var a, b *alert.Alert
			if random.IntN(4) == 0 {
				whole, a = r.Settle(whole, at)
				light, b = r.Settle(light, at)
			} else {
				f := failure(cause([]string{"a", "b", "c"}[random.IntN(3)], conf.SeverityHigh), at)
				if f.Cause.ID == "b" {
					f.Impact.Phase = alert.PhaseRefresh
				}
				before := light
				whole, a = r.Step(whole, f, from, at)
				light, b = r.Count(light, occurrence(r, f, at), at)
				if light.Count == 1 {
					last = nil
				}
				if light.Count == 1 || before.Alerts == 0 || !r.Mutes(light, occurrence(r, f, at)) {
					said = f
				}
			}
			if (a == nil) != (b == nil) {
				t.Fatalf("seed %d, step %d: Step tells %+v, Count %+v", seed, i, a, b)
			}
			if b != nil {
				last = b
			}
			x, y := whole, light
			x.Content, y.Content = alert.Data{}, alert.Data{}
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("seed %d, step %d: states differ\n got %+v\nwant %+v", seed, i, y, x)
			}
			if a == nil {
				continue
			}
			got := r.Summary(light, last, said, from)
			got.Failures.SinceLastAlert = a.Data.Failures.SinceLastAlert // it has been told now
			if !reflect.DeepEqual(got, a.Data) {
				t.Fatalf("seed %d, step %d:\n got %+v\nwant %+v", seed, i, got, a.Data)
			}
		}
	}
}

func occurrence(r *incident.Rules, f matchers.Failure, at time.Time) incident.Occurrence {
	return incident.Occurrence{Key: r.Key(f), Cause: f.Cause, Impact: f.Impact, At: at}
}

// An incident that nobody was told of is told as one that opens.
func TestToldMuted(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Mute = []string{"a"} })
	f := failure(cause("a", conf.SeverityHigh), t0)
	s, a := r.Count(incident.State{}, occurrence(r, f, t0), t0)
	if got := r.Summary(s, a, f, incident.Source{}); a != nil || got.Kind != alert.Opened || got.ID != s.ID()+"#1" || got.Failures.Count != 1 ||
		got.Diagnosis == "" {
		t.Errorf("alert %v, told %+v", a, got)
	}
}
