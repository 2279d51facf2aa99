package incident_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
)

// opens is an incident that has just been told, of the integration n.
func opens(r *incident.Rules, n int, at time.Time) incident.State {
	f := failure(cause("a", conf.SeverityHigh), at)
	f.Integration = matchers.Integration{ID: fmt.Sprint(n), Flow: fmt.Sprint(n), KnownBy: alert.ByFlow}
	s, _ := r.Step(incident.State{}, f, incident.Source{}, at)
	return s
}

// joins adds an incident that was not alerted to alone to a group.
func joins(r *incident.Rules, g, s incident.State, at time.Time) (incident.State, incident.State) {
	return r.Join(g, "storm-a", incident.Joining{State: s, At: s.First, Arrived: at}, at)
}

// stormLane is the lane of all incidents.
func stormLane(r *incident.Rules) incident.Lane {
	lanes := r.Lanes("a", "")
	return lanes[len(lanes)-1]
}

// More than the operator's number of incidents within a minute are a storm,
// fewer are not, and neither are those that come one after the other.
func TestStormBegins(t *testing.T) {
	for _, tt := range []struct {
		name  string
		storm int
		at    []time.Duration
		want  int // how many of them are a storm at the last
	}{
		{"as many as allowed", 3, []time.Duration{0, 1, 2}, 0},
		{"one more", 3, []time.Duration{0, 1, 2, 3}, 4},
		{"out of order", 3, []time.Duration{3, 2, 1, 0}, 4},
		{"too slow", 3, []time.Duration{0, 30, 59, 61}, 0},
		{"a minute apart", 1, []time.Duration{0, 60}, 0},
		{"nearly a minute apart", 1, []time.Duration{0, 59}, 2},
		{"off", 0, []time.Duration{0, 0, 0, 0}, 0},
	} {
		r := rules(func(a *conf.Alerts) { a.Storm = tt.storm })
		var o incident.Openings
		var joined []incident.Opening
		for i, at := range tt.at {
			if tt.storm == 0 {
				if lanes := r.Lanes("a", ""); len(lanes) > 0 {
					t.Errorf("off, and counted in %v", lanes)
				}
				continue
			}
			o, joined = stormLane(r).Note(o, opens(r, i, t0.Add(at*time.Second)), t0.Add(at*time.Second))
			o = roundTrip(t, o)
			if i < len(tt.at)-1 && len(joined) > 0 {
				t.Errorf("%s: %d are a storm already", tt.name, i+1)
			}
		}
		if len(joined) != tt.want {
			t.Errorf("%s: %v are a storm, want %d", tt.name, joined, tt.want)
		}
	}
}

// A storm is told once it has settled, or after half a minute; what joins later
// is told a minute after that; and later reminders and the end are the
// storm's, not those of its incidents.
func TestStormSpeaks(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Storm = 1 })
	var storm incident.State
	members := map[int]incident.State{}
	join := func(n int, at time.Time) {
		storm, members[n] = joins(r, storm, opens(r, n, at), at)
		storm = roundTrip(t, storm)
	}
	tell := func(at time.Time) *alert.Alert {
		var a *alert.Alert
		storm, a = r.AlertGroup(storm, at)
		return a
	}
	for n := range 3 {
		join(n, t0.Add(time.Duration(n)*time.Second))
	}
	if a := tell(t0.Add(16 * time.Second)); a != nil {
		t.Fatalf("told 14 s after the last one: %+v", a)
	}
	a := tell(t0.Add(17 * time.Second))
	if a == nil || a.Data.Kind != alert.Storm || a.Data.ID != "jira-node-1/storm-a@20211116T113550.956Z#1" || a.Data.Failures.Count != 3 ||
		!reflect.DeepEqual(a.Data.Facts["integrations"], []string{"0", "1", "2"}) || a.Data.Facts["integrations_count"] != "3" ||
		a.Data.Integration.ID != "many" {
		t.Fatalf("told %+v", a)
	}
	join(3, t0.Add(20*time.Second))
	if a := tell(t0.Add(119 * time.Second)); a != nil {
		t.Errorf("told again within 100 s: %+v", a)
	}
	if a := tell(t0.Add(120 * time.Second)); a == nil || a.Data.Facts["integrations_count"] != "4" || a.Data.Failures.SinceLastAlert != 1 {
		t.Errorf("one more is told as %+v", a)
	}
	if a := tell(t0.Add(5 * time.Minute)); a != nil {
		t.Errorf("told with no news: %+v", a)
	}

	at := t0.Add(5 * time.Hour) // a member fails again, for the same cause
	f := failure(cause("a", conf.SeverityHigh), at)
	m, a := r.Step(members[1], f, incident.Source{}, at)
	if a != nil || m.Storm != storm.Key {
		t.Errorf("a member reminds by itself: %+v", a)
	}
	storm, m, a = r.StepGroup(storm, m, at)
	if a == nil || a.Data.Kind != alert.Storm || a.Data.Failures.Count != 5 {
		t.Errorf("the storm's reminder is %+v", a)
	}
	if _, a := r.Settle(m, at.Add(5*time.Hour)); a != nil {
		t.Errorf("a member reminds by itself: %+v", a)
	}
	if m, a := r.Settle(m, at.Add(24*time.Hour)); a != nil || m.Open {
		t.Errorf("a member that nobody was told of ends with %+v", a)
	}
	if _, a := r.Settle(storm, at.Add(24*time.Hour)); a == nil || a.Data.Kind != alert.Quiet {
		t.Errorf("the storm ends with %+v", a)
	}

	m, a = r.Step(m, failure(cause("b", conf.SeverityHigh), at.Add(time.Minute)), incident.Source{}, at.Add(time.Minute))
	if a == nil || a.Data.Kind != alert.Changed || m.Storm != "" {
		t.Errorf("another cause of a member is told as %+v", a)
	}
	if _, a := r.Settle(m, at.Add(25*time.Hour)); a == nil || a.Data.Kind != alert.Quiet {
		t.Errorf("one that left the storm ends with %+v", a)
	}
}

// A storm that does not settle names each integration within two minutes, in few messages.
func TestStormThatGoesOn(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Storm = 1 })
	var storm incident.State
	told := 0
	for n := range 220 {
		at := t0.Add(time.Duration(n) * time.Second)
		storm, _ = joins(r, storm, opens(r, n, at), at)
		var a *alert.Alert
		if storm, a = r.AlertGroup(storm, at); a != nil {
			told++
			if n != 100 && n != 201 {
				t.Errorf("told at %d s", n)
			}
		}
	}
	if told != 2 {
		t.Errorf("told %d times, want 2", told)
	}
}

// What is named in a storm's alert is bounded, its number is not.
func TestStormBounded(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Storm = 1 })
	var storm incident.State
	for n := range 1000 {
		storm, _ = joins(r, storm, opens(r, n, t0), t0)
	}
	_, a := r.AlertGroup(storm, t0.Add(time.Minute))
	if list, _ := a.Data.Facts["integrations"].([]string); len(list) != 300 || a.Data.Facts["integrations_count"] != "1000" {
		t.Errorf("%d are named, of %s", len(list), a.Data.Facts["integrations_count"])
	}
}

// Who acknowledges gets no reminders until the cause changes; who snoozes gets
// them when the time is over. Both are shown, and neither hides the end.
func TestAcknowledge(t *testing.T) {
	r := rules(nil)
	press := alert.Press{By: "Ada\x00 <L>", UserID: "U1", At: t0.Add(time.Minute)}
	step := func(s incident.State, id string, after time.Duration) (incident.State, *alert.Alert) {
		return r.Step(s, failure(cause(id, conf.SeverityHigh), t0.Add(after)), incident.Source{}, t0.Add(after))
	}
	open, _ := step(incident.State{}, "a", 0)

	s := roundTrip(t, r.Acknowledge(open, press))
	if d := s.Current(); d.Acknowledged == nil || d.Acknowledged.UserID != "U1" || !d.Acknowledged.Until.IsZero() || d.ID != open.ID() ||
		d.Kind != alert.Opened {
		t.Errorf("it stands as %+v", d)
	}
	s, a := step(s, "a", 5*time.Hour)
	if a != nil {
		t.Errorf("a reminder of what was acknowledged: %+v", a)
	}
	if _, a := r.Settle(s, t0.Add(20*time.Hour)); a != nil {
		t.Errorf("a reminder of what was acknowledged: %+v", a)
	}
	if _, a := r.Settle(s, t0.Add(29*time.Hour)); a == nil || a.Data.Kind != alert.Quiet || a.Data.Acknowledged == nil {
		t.Errorf("the end is %+v", a)
	}
	s, a = step(s, "b", 6*time.Hour)
	if a == nil || a.Data.Kind != alert.Changed || a.Data.Acknowledged != nil {
		t.Errorf("another cause is %+v", a)
	}
	if _, a = step(s, "b", 11*time.Hour); a == nil || a.Data.Kind != alert.Reminder {
		t.Errorf("after the change nobody reminds: %+v", a)
	}

	press.Snooze = 6 * time.Hour
	s = r.Acknowledge(open, press)
	if s, a = step(s, "a", 5*time.Hour); a != nil {
		t.Errorf("a reminder while it is snoozed: %+v", a)
	}
	if s, a = r.Settle(s, t0.Add(7*time.Hour)); a == nil || a.Data.Kind != alert.Reminder || a.Data.Acknowledged != nil {
		t.Errorf("after it was snoozed: %+v", a)
	}
	if s.Ack != nil {
		t.Errorf("still snoozed: %+v", s.Ack)
	}
}

// A reminder says between which causes an incident comes and goes; a mere
// change does not.
func TestAlternates(t *testing.T) {
	r := rules(nil)
	var s incident.State
	var said []any
	for i, id := range []string{"a", "b", "a", "b", "b"} {
		at := t0.Add(time.Duration(i) * time.Minute)
		if i == 4 {
			at = t0.Add(4*time.Hour + 3*time.Minute)
		}
		var a *alert.Alert
		if s, a = r.Step(s, failure(cause(id, conf.SeverityHigh), at), incident.Source{}, at); a != nil {
			said = append(said, a.Data.Kind, a.Data.Facts["alternates_with"])
		}
	}
	if want := []any{alert.Opened, nil, alert.Changed, nil, alert.Reminder, []string{"a"}}; !reflect.DeepEqual(said, want) {
		t.Errorf("got %v, want %v", said, want)
	}
}

// A trouble is told at its beginning, every repeat_interval while it lasts, and
// at its end; time alone does not end it.
func TestTrouble(t *testing.T) {
	for _, cause := range []string{incident.LogUnreadable, incident.LogSilent, incident.NotifierFailing} {
		r := rules(nil)
		trouble := incident.Trouble{Cause: cause, Log: incident.Source{Name: "jira", Path: "/log"}, Name: "ops", Why: "permission denied", Since: t0}
		var s incident.State
		var kinds []alert.Kind
		var ids []string
		add := func(next incident.State, a *alert.Alert) {
			s = roundTrip(t, next)
			if a == nil {
				return
			}
			kinds, ids = append(kinds, a.Data.Kind), append(ids, string(a.Data.ID))
			if a.Data.Cause.ID != cause || a.Data.Cause.Title == "" || a.Data.Diagnosis == "" || a.Data.Confirm == "" {
				t.Errorf("%s says %+v", cause, a.Data)
			}
		}
		for minute := range 5 * 60 {
			add(r.Trouble(s, trouble, t0.Add(time.Duration(minute+1)*time.Minute)))
			add(r.Settle(s, t0.Add(time.Duration(minute+1)*time.Minute)))
		}
		add(r.Settle(s, t0.Add(1000*time.Hour)))
		add(r.Over(s, trouble, t0.Add(1000*time.Hour)))
		add(r.Over(s, trouble, t0.Add(1001*time.Hour)))
		if want := []alert.Kind{alert.Blind, alert.Blind, alert.Sighted}; !slices.Equal(kinds, want) || s.Open {
			t.Errorf("%s: told %v, want %v", cause, kinds, want)
		}
		if ids[0] == ids[1] || ids[1] == ids[2] {
			t.Errorf("%s: the IDs are %v", cause, ids)
		}
		if s, a := rules(func(a *conf.Alerts) { a.Mute = []string{cause} }).Trouble(incident.State{}, trouble, t0); a != nil || !s.Open {
			t.Errorf("%s is muted and told: %+v", cause, a)
		}
	}
}

// A storm is as severe as the most severe of its failures, and has a phase only where all
// have that one.
func TestStormOfAll(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Storm = 1 })
	of := func(n int, phase string) incident.State {
		f := failure(cause("a", conf.SeverityHigh), t0)
		f.Integration.ID, f.Impact = fmt.Sprint(n), matchers.Impact{Phase: phase, Refused: phase == alert.PhaseRefresh}
		s, _ := r.Step(incident.State{}, f, incident.Source{}, t0)
		return s
	}
	for _, tt := range []struct {
		phases []string
		phase  string
		want   conf.Severity
	}{
		{[]string{"test", "test"}, "test", conf.SeverityHigh},
		{[]string{"test", "refresh"}, "", conf.SeverityCritical},
		{[]string{"refresh", "test", "test"}, "", conf.SeverityCritical},
	} {
		var storm incident.State
		for n, phase := range tt.phases {
			storm, _ = joins(r, storm, of(n, phase), t0)
		}
		if got := storm.Content; got.Phase != tt.phase || got.Cause.Severity != tt.want {
			t.Errorf("%v: phase %q, %s", tt.phases, got.Phase, got.Cause.Severity)
		}
	}
}
