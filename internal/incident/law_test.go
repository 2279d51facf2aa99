package incident_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
)

func roundTrip[T any](t *testing.T, v T) T {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("it cannot be stored: %v", err)
	}
	var back T
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatalf("it cannot be read back: %v", err)
	}
	return back
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// In any sequence of failures and looks at the clock: deciding twice gives the
// same, also from a state that was stored in between; the state given is not
// changed; every failure is counted; IDs are unique; and one cause of one
// incident is told at most once in a repeat_interval.
func TestLaws(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := rules(func(a *conf.Alerts) {
			a.RepeatInterval = []time.Duration{0, time.Hour, 4 * time.Hour, 30 * time.Hour}[random.IntN(4)]
			a.Mute = []string{"", "a", "b"}[random.IntN(3):][:1]
		})
		var s incident.State
		at, ids, failures, counted := t0, map[string]bool{}, 0, 0
		causes := []string{"a", "b", "c"}
		for range 100 {
			at = at.Add([]time.Duration{0, time.Second, time.Minute, time.Hour, 5 * time.Hour, 25 * time.Hour}[random.IntN(6)])
			step := func(s incident.State) (incident.State, *alert.Alert) { return r.Settle(s, at) }
			isFailure := random.IntN(4) > 0
			if isFailure {
				f := failure(cause(causes[random.IntN(3)], conf.SeverityHigh), at.Add(-time.Duration(random.IntN(3))*time.Second))
				step = func(s incident.State) (incident.State, *alert.Alert) { return r.Step(s, f, incident.Source{}, at) }
				failures++
			}
			before := asJSON(t, s)
			next, alert := step(s)
			if got := asJSON(t, s); got != before {
				t.Fatalf("seed %d: Step changed its argument\n got %s\nwant %s", seed, got, before)
			}
			again, alertAgain := step(roundTrip(t, s))
			if got, want := asJSON(t, []any{again, alertAgain}), asJSON(t, []any{next, alert}); got != want {
				t.Fatalf("seed %d: after storing\n got %s\nwant %s", seed, got, want)
			}
			if s.Open && (!next.Open || isFailure && next.Count == 1) {
				counted += s.Count
			}
			s = next
			if alert == nil {
				continue
			}
			if id := alert.Data.ID; ids[string(id)] {
				t.Fatalf("seed %d: the ID %s came twice", seed, id)
			} else {
				ids[string(id)] = true
			}
		}
		if s.Open {
			counted += s.Count
		}
		if counted != failures {
			t.Errorf("seed %d: %d failures counted of %d", seed, counted, failures)
		}
	}
}

// However often an integration fails, and for whatever reasons in turn, the
// alerts are bounded by causes and time.
func TestBounded(t *testing.T) {
	r := rules(nil)
	var s incident.State
	alerts := 0
	for minute := range 24 * 60 {
		at := t0.Add(time.Duration(minute) * time.Minute)
		var alert *alert.Alert
		s, alert = r.Step(s, failure(cause(fmt.Sprint(minute%3), conf.SeverityHigh), at), incident.Source{}, at)
		if alert != nil {
			alerts++
		}
	}
	if want := 3 * (24/4 + 1); alerts > want || s.Count != 1440 {
		t.Errorf("%d alerts in a day of %d failures, want at most %d", alerts, s.Count, want)
	}
}

// The same failures make the same alerts, IDs included, whenever they are
// read.
func TestIDsOfState(t *testing.T) {
	play := func(seen time.Time) (ids []string) {
		var s incident.State
		for i, id := range []string{"a", "a", "b", "c", "a"} {
			at := t0.Add(time.Duration(i) * time.Hour)
			var alert *alert.Alert
			if s, alert = rules(nil).Step(s, failure(cause(id, conf.SeverityHigh), at), incident.Source{}, seen); alert != nil {
				ids = append(ids, string(alert.Data.ID))
			}
		}
		return ids
	}
	var want []string
	for _, n := range "1234" {
		want = append(want, "jira-node-1/"+flow+"@20211116T113550.956Z#"+string(n))
	}
	for _, later := range []time.Duration{5 * time.Hour, 1000 * time.Hour} {
		if got := play(t0.Add(later)); !reflect.DeepEqual(got, want) {
			t.Errorf("read %s later\n got %q\nwant %q", later, got, want)
		}
	}
}

// A sample has an ID of its own for each moment, and is marked as a test whatever its kind.
func TestSample(t *testing.T) {
	a := rules(nil).Sample(failure(cause("a", conf.SeverityHigh), time.Time{}), alert.Test, t0)
	if a.Type != "jira.oauth.test" || a.Data.Kind != alert.Test || a.Data.ID != "jira-node-1/test@20211116T113550.956Z#1" || !a.Data.Failures.First.Equal(t0) {
		t.Errorf("got %+v", a)
	}
	for _, kind := range alert.Kinds {
		a := rules(nil).Sample(failure(cause("a", conf.SeverityHigh), time.Time{}), kind, t0)
		if a.Data.Kind != kind || a.Type != "jira.oauth."+string(kind) || a.Data.Incident() != "jira-node-1/test@20211116T113550.956Z" {
			t.Errorf("%s: got %+v", kind, a)
		}
		if kind != alert.Test && !strings.HasPrefix(a.Data.Cause.Title, "TEST, nothing is broken: ") {
			t.Errorf("%s is not marked as a test: %s", kind, a.Data.Cause.Title)
		}
	}
}
