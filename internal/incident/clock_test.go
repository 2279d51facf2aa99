package incident_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
)

// A line from far ahead, such as one of a clock that was wrong, holds reminders
// back no longer than until the next line of now.
func TestClockThatRanAhead(t *testing.T) {
	r := rules(nil)
	s, _ := r.Step(incident.State{}, failure(cause("a", conf.SeverityHigh), t0.Add(25*time.Hour)), incident.Source{}, t0)
	first := s.ID()
	var reminded time.Duration
	for minute := range 10 * 60 {
		at := t0.Add(time.Duration(minute) * time.Minute)
		var a *alert.Alert
		if s, a = r.Step(s, failure(cause("a", conf.SeverityHigh), at), incident.Source{}, at); a != nil && reminded == 0 {
			reminded = at.Sub(t0)
			if a.Data.Kind != alert.Reminder {
				t.Errorf("told %s", a.Data.Kind)
			}
		}
	}
	if reminded != 4*time.Hour || s.ID() != first {
		t.Errorf("reminded after %s of %s, want 4h of %s", reminded, s.ID(), first)
	}
}

// A clock that is set back does not keep a storm from being told.
func TestStormWhenTheClockIsSetBack(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Storm = 1 })
	var storm incident.State
	for n := range 3 {
		storm, _ = joins(r, storm, opens(r, n, t0), t0)
	}
	if _, a := r.AlertGroup(storm, t0.Add(-2*time.Hour)); a == nil {
		t.Error("it waits")
	}
}

// Two logs read in turns, one an hour behind the other, hide no storm.
func TestStormInTurns(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Storm = 5 })
	var o incident.Openings
	for n := range 12 {
		var joined []incident.Opening
		o, joined = stormLane(r).Note(o, opens(r, n, t0.Add(time.Duration(n%2)*time.Hour)), t0.Add(time.Duration(n%2)*time.Hour))
		if n == 10 && len(joined) != 6 {
			t.Errorf("six at once are a storm of %v", joined)
		}
		if len(o.Recent) > 4*6 {
			t.Fatalf("%d are remembered", len(o.Recent))
		}
	}
}

// A storm of a cause that is muted by a reload is silent from then on.
func TestStormMuted(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Storm = 1 })
	var storm, m incident.State
	for n := range 3 {
		storm, m = joins(r, storm, opens(r, n, t0), t0)
	}
	r = rules(func(a *conf.Alerts) { a.Storm, a.Mute = 1, []string{"a"} })
	if _, a := r.AlertGroup(storm, t0.Add(time.Minute)); a != nil {
		t.Errorf("told %+v", a.Data)
	}
	if _, _, a := r.StepGroup(storm, m, t0.Add(5*time.Hour)); a != nil {
		t.Errorf("told %+v", a.Data)
	}
	if s, a := r.Settle(storm, t0.Add(48*time.Hour)); a != nil || s.Open {
		t.Errorf("told %+v", a)
	}
}

// What a storm says for its incidents is kept once, and whole.
func TestStormKeepsContentOnce(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Storm = 1 })
	storm, m := joins(r, incident.State{}, opens(r, 1, t0), t0)
	for minute := range 3 {
		at := t0.Add(time.Duration(minute*31) * time.Second)
		m, _ = r.Step(m, failure(cause("a", conf.SeverityHigh), at), incident.Source{}, at)
		storm, m, _ = r.StepGroup(storm, m, at)
		if m.Content.Diagnosis != "" || m.Content.Log.Excerpt != "" || m.Content.Cause.ID != "a" {
			t.Errorf("a member keeps %+v", m.Content)
		}
		if storm.Content.Diagnosis == "" || storm.Content.Log.Excerpt == "" {
			t.Errorf("the storm says %+v", storm.Content)
		}
	}
	at := t0.Add(2 * time.Minute) // it leaves the storm
	if _, a := r.Step(m, failure(cause("b", conf.SeverityHigh), at), incident.Source{}, at); a == nil || a.Data.Kind != alert.Changed ||
		a.Data.Diagnosis == "" || *a.Data.Cause.Previous != "a" {
		t.Errorf("told %+v", a)
	}
}

// Who acknowledged an incident is not forgotten when a cause comes back that it
// had before.
func TestAcknowledgedFlapper(t *testing.T) {
	r := rules(nil)
	var s incident.State
	step := func(id string, after time.Duration) *alert.Alert {
		var a *alert.Alert
		s, a = r.Step(s, failure(cause(id, conf.SeverityHigh), t0.Add(after)), incident.Source{}, t0.Add(after))
		return a
	}
	step("a", 0)
	step("b", time.Minute)
	s = r.Acknowledge(s, alert.Press{By: "Ada", UserID: "U1", At: t0.Add(2 * time.Minute)})
	for hour := range 20 {
		step("a", time.Duration(hour)*time.Hour+3*time.Minute)
		step("b", time.Duration(hour)*time.Hour+4*time.Minute)
	}
	if s.Ack == nil {
		t.Error("nobody has acknowledged it any more")
	}
}
