package incident_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/testkit"
)

// An incident's ID has the node as its first alert named it; a reload with another name changes
// nothing of it, and a masked node is a hash.
func TestNodeInID(t *testing.T) {
	for node, want := range map[string]string{"jira-node-1": "jira-node-1/", "köln 2": "k_ln_2/", "mask:jira-node-1": ""} {
		name, masked := strings.CutPrefix(node, "mask:")
		c := conf.Config{Node: name, Alerts: conf.Alerts{QuietAfter: time.Hour}}
		if masked {
			c.Alerts.Mask = []conf.Mask{"host"}
		}
		r := incident.NewRules(&c)
		s, a := r.Step(incident.State{}, failure(cause("a", conf.SeverityHigh), t0), incident.Source{}, t0)
		id := string(a.Data.ID)
		if masked {
			before, _, _ := strings.Cut(id, "/")
			if len(before) != 8 || strings.Trim(before, "0123456789abcdef") != "" || a.Data.Node != "[host]" {
				t.Errorf("a masked node is %q in the ID %s", before, id)
			}
			continue
		}
		if !strings.HasPrefix(id, want) {
			t.Errorf("%s: ID %s, want %s…", node, id, want)
		}
		s = roundTrip(t, s)
		other := incident.NewRules(&conf.Config{Node: "another", Alerts: conf.Alerts{QuietAfter: time.Hour}})
		if _, a := other.Settle(s, t0.Add(2*time.Hour)); a == nil || a.Data.ID.Incident() != alert.ID(id).Incident() {
			t.Errorf("under another name it ends as %+v", a)
		}
	}
}

// Nothing that time does to an incident comes before it is due, and what is due and not done is
// checked again soon.
func TestDue(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	some := func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most))) }
	for i := range testkit.Fewer(2000, 20_000) {
		r := rules(func(a *conf.Alerts) {
			a.RepeatInterval = []time.Duration{0, time.Minute, time.Hour}[random.IntN(3)]
			a.QuietAfter = []time.Duration{10 * time.Minute, 24 * time.Hour}[random.IntN(2)]
		})
		f := failure(cause("a", conf.SeverityHigh), t0)
		s, _ := r.Step(incident.State{}, f, incident.Source{}, t0.Add(some(time.Minute)))
		for range random.IntN(3) {
			f.Time = f.Time.Add(some(2 * time.Hour))
			s, _ = r.Step(s, f, incident.Source{}, f.Time.Add(some(time.Minute)))
		}
		switch random.IntN(5) {
		case 0:
			s.Ack = &alert.Acknowledged{At: s.Seen}
		case 1:
			s.Ack = &alert.Acknowledged{At: s.Seen, Until: s.Seen.Add(some(2 * time.Hour))}
		case 2:
			s.GivesUp = s.Last.Add(48*time.Hour + some(time.Hour))
		case 3:
			s, _ = joins(r, incident.State{}, s, s.Seen)
		case 4:
			s = s.Await(s.Seen.Add(some(time.Minute)), "")
		}
		due := r.Due(s, time.Time{})
		if due.IsZero() {
			t.Fatalf("%d: never due: %+v", i, s)
		}
		for now := s.Seen; now.Before(due); now = now.Add(1 + some(due.Sub(s.Seen)/5+time.Second)) {
			if next, a := r.Settle(s, now); a != nil || !next.Open {
				t.Fatalf("%d: %s before it is due, %s after the last failure it does %+v: %+v", i, due.Sub(now), now.Sub(s.Seen), a, s)
			}
		}
		if next, a := r.Settle(s, due); a == nil && next.Open {
			if later := r.Due(s, due); !later.After(due) || later.Sub(due) > 25*time.Hour {
				t.Fatalf("%d: nothing is due at %s, and next at %s", i, due, later)
			}
		}
	}
}

// A clock that was set moves what is remembered of an incident, but for its ID: it is as old as
// before, and quiet no sooner and no later. What was read when the clock was ahead is not stuck.
func TestShift(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.QuietAfter = 24 * time.Hour })
	for _, by := range []time.Duration{48 * time.Hour, -48 * time.Hour, 1000 * time.Hour} {
		s, _ := r.Step(incident.State{}, failure(cause("a", conf.SeverityHigh), t0), incident.Source{}, t0)
		moved := roundTrip(t, s.Shift(by))
		now := t0.Add(by)
		if moved.ID() != s.ID() {
			t.Errorf("by %s: the ID is %s", by, moved.ID())
		}
		f := failure(cause("a", conf.SeverityHigh), now.Add(time.Hour))
		if next, a := r.Stale(moved, f.Time, f.Time); a != nil || !next.Open {
			t.Errorf("by %s: the next failure ends it: %+v", by, a)
		}
		if _, a := r.Settle(moved, now.Add(23*time.Hour)); a != nil && a.Data.Kind == alert.Quiet {
			t.Errorf("by %s: quiet after 23 h", by)
		}
		if _, a := r.Settle(moved, now.Add(24*time.Hour)); a == nil || a.Data.Kind != alert.Quiet {
			t.Errorf("by %s: after 24 h %+v", by, a)
		}
	}
	ahead, _ := r.Step(incident.State{}, failure(cause("a", conf.SeverityHigh), t0.Add(time.Hour)), incident.Source{}, t0.AddDate(4, 0, 0))
	if by := ahead.Ahead(t0); by < 4*365*24*time.Hour || ahead.Ahead(t0.AddDate(4, 0, 0)) != 0 {
		t.Error(fmt.Sprint("ahead by ", by))
	}
}
