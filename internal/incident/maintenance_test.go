package incident_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
)

// maintained are rules with windows.
func maintained(windows ...conf.Maintenance) *incident.Rules {
	return incident.NewRules(&conf.Config{Node: "jira-node-1", Maintenance: windows,
		Alerts: conf.Alerts{RepeatInterval: 4 * time.Hour, QuietAfter: 24 * time.Hour}})
}

// hours is a window of hours after t0.
func hours(from, to int) conf.Maintenance {
	return conf.Maintenance{From: t0.Add(time.Duration(from) * time.Hour), To: t0.Add(time.Duration(to) * time.Hour)}
}

// What is held back is decided by the wall clock, the cause and the integration, of which
// the ID and the name count; never for alerts about the watcher itself.
func TestMaintenanceHolds(t *testing.T) {
	of := func(m conf.Maintenance, causes, integrations string) conf.Maintenance {
		m.Causes, m.Integrations = strings.Fields(causes), strings.Fields(integrations)
		return m
	}
	desk := "Help-Desk"
	failing := alert.Data{Cause: alert.Cause{ID: "a"}, Integration: alert.Integration{ID: "ABC", Name: &desk}}
	blind := alert.Data{Cause: alert.Cause{ID: incident.LogSilent}, Integration: alert.Integration{ID: alert.Unknown}}
	lost := alert.Data{Cause: alert.Cause{ID: alert.LinesLost}, Integration: alert.Integration{ID: alert.Unknown}}
	for _, tt := range []struct {
		name    string
		d       alert.Data
		windows []conf.Maintenance
		want    string // hours after t0 from which to which it is held back after an hour
	}{
		{"no window", failing, nil, ""},
		{"a window", failing, []conf.Maintenance{hours(0, 4)}, "0 4"},
		{"over", failing, []conf.Maintenance{hours(-1, 1)}, ""},
		{"later", failing, []conf.Maintenance{hours(2, 4)}, ""},
		{"two that overlap", failing, []conf.Maintenance{hours(0, 2), hours(-1, 4), hours(3, 5)}, "-1 4"},
		{"its cause", failing, []conf.Maintenance{of(hours(0, 4), "b a", "")}, "0 4"},
		{"another cause", failing, []conf.Maintenance{of(hours(0, 4), "b", "")}, ""},
		{"its ID", failing, []conf.Maintenance{of(hours(0, 4), "", "abc")}, "0 4"},
		{"its name", failing, []conf.Maintenance{of(hours(0, 4), "", "help-desk")}, "0 4"},
		{"another integration", failing, []conf.Maintenance{of(hours(0, 4), "", "abcd")}, ""},
		{"its cause, another integration", failing, []conf.Maintenance{of(hours(0, 4), "a", "abcd")}, ""},
		{"one of two covers it", failing, []conf.Maintenance{of(hours(0, 9), "b", ""), of(hours(0, 4), "a", "")}, "0 4"},
		{"about a silent log", blind, []conf.Maintenance{hours(0, 4)}, ""},
		{"about lost lines", lost, []conf.Maintenance{hours(0, 4)}, ""},
	} {
		got := ""
		if h := maintained(tt.windows...).Maintenance(tt.d, t0.Add(time.Hour)); h != nil {
			got = fmt.Sprintf("%.0f %.0f", h.From.Sub(t0).Hours(), h.To.Sub(t0).Hours())
		}
		if got != tt.want {
			t.Errorf("%s: held back %q, want %q", tt.name, got, tt.want)
		}
	}
}

// held is a new incident of the integration n in the windows of the rules.
func held(t *testing.T, r *incident.Rules, n int, cause *matchers.Cause, at time.Time) incident.State {
	t.Helper()
	f := failure(cause, at)
	f.Integration = matchers.Integration{ID: fmt.Sprint(n), Flow: fmt.Sprint(n), KnownBy: alert.ByFlow}
	s, a := r.Step(incident.State{}, f, incident.Source{Name: "jira"}, at)
	if a == nil || r.Maintenance(a.Data, at) == nil {
		t.Fatalf("it is not held back: %+v", a)
	}
	return roundTrip(t, r.Hold(incident.State{}, s, *r.Maintenance(a.Data, at)))
}

// The summary of maintenance names what fails, for which causes, what has ended, and the
// steps; it is as severe as the most severe of its members, and goes on as a storm does:
// with reminders from then on, and an end.
func TestSummary(t *testing.T) {
	r := maintained(hours(0, 4))
	high, critical := cause("a", conf.SeverityHigh), cause("b", conf.SeverityCritical)
	var members []incident.State
	for n, c := range []*matchers.Cause{high, critical, high} {
		members = append(members, held(t, r, n, c, t0.Add(time.Duration(n+1)*time.Minute)))
	}
	now := t0.Add(4 * time.Hour)
	if s, due := r.Release(members[0], now.Add(-time.Second)); due || s.Held == nil {
		t.Errorf("released within the window: %+v", s.Held)
	}
	for i := range members {
		var due bool
		if members[i], due = r.Release(members[i], now); !due {
			t.Errorf("%d is not released at the end", i)
		}
	}
	s, after, a := r.Summarize(members, []string{"7", "8"}, now)
	s = roundTrip(t, s)
	want := "Maintenance from 2021-11-16 12:35:50 +01:00 to 2021-11-16 16:35:50 +01:00 is over. 3 test attempts failed during it" +
		": 2 × title of a; 1 × title of b. 2 others failed during it and have been quiet since. The last failure with the most " +
		"frequent cause: App 79c86cf8-e761-4fdc-bc20-a629c5d04260."
	d := a.Data
	if d.Kind != alert.Storm || d.Diagnosis != want || d.Cause.ID != "a" || d.Cause.Title != "title of a, and 1 other cause" ||
		d.Cause.Severity != conf.SeverityCritical || d.Failures.Count != 3 || !a.Timestamp.Equal(now) ||
		d.ID != "jira-node-1/maintenance-20211116T153550.956Z@20211116T113650.956Z#1" {
		t.Errorf("got %+v\nwant %s", a, want)
	}
	facts := map[string]any{"integrations": []string{"0", "1", "2"}, "integrations_count": "3", "attempts_count": "3", "ended_meanwhile": []string{"7", "8"},
		"maintenance_from": "2021-11-16T12:35:50+01:00", "maintenance_to": "2021-11-16T16:35:50+01:00"}
	if !reflect.DeepEqual(d.Facts, facts) {
		t.Errorf("facts %v", d.Facts)
	}
	if len(d.Fix) != 2 || d.Fix[0].Text != "Mend 79c86cf8-e761-4fdc-bc20-a629c5d04260." || !strings.Contains(d.Fix[1].Text, "causes b\n") {
		t.Errorf("steps %+v", d.Fix)
	}
	for _, m := range after {
		if m.Held != nil || m.Storm != s.Key || !m.Suppressed {
			t.Errorf("a member is %+v", m)
		}
	}

	m, a := r.Step(after[1], failure(critical, now.Add(3*time.Hour)), incident.Source{}, now.Add(3*time.Hour))
	if a != nil {
		t.Errorf("a member reminds by itself: %+v", a)
	}
	s, m, a = r.StepGroup(s, m, now.Add(3*time.Hour))
	if a != nil {
		t.Errorf("a reminder 3 h after the summary: %+v", a)
	}
	s, a = r.Settle(s, now.Add(4*time.Hour))
	if a == nil || a.Data.Kind != alert.Storm || a.Data.Failures.SinceLastAlert != 1 || a.Data.Diagnosis != want || a.Data.Cause.ID != "a" {
		t.Errorf("the reminder 4 h after the summary is %+v", a)
	}
	if _, a := r.Settle(m, now.Add(27*time.Hour)); a != nil {
		t.Errorf("a member that no one was alerted to ends with %+v", a)
	}
	if s, a := r.Settle(s, now.Add(27*time.Hour)); a == nil || a.Data.Kind != alert.Quiet || s.Open {
		t.Errorf("the summary ends with %+v", a)
	}
}

// One integration in a summary reads as one; a window that was removed ends when it was.
func TestSummaryOfOne(t *testing.T) {
	m := held(t, maintained(hours(0, 4)), 1, cause("a", conf.SeverityHigh), t0.Add(time.Minute))
	m, due := maintained().Release(m, t0.Add(time.Hour))
	if !due {
		t.Fatal("held back without a window")
	}
	s, _, a := maintained().Summarize([]incident.State{m}, nil, t0.Add(time.Hour))
	want := "Maintenance from 2021-11-16 12:35:50 +01:00 to 2021-11-16 13:35:50 +01:00 is over. 1 test attempt failed during it" +
		". The last failure: App 79c86cf8-e761-4fdc-bc20-a629c5d04260."
	if a.Data.Diagnosis != want || a.Data.Cause.Title != "title of a" || len(a.Data.Fix) != 1 || a.Data.Facts["app_id"] == nil {
		t.Errorf("got %+v\nwant %s", a.Data, want)
	}
	if got := s.Current(); got.Kind != alert.Storm || got.Diagnosis != want {
		t.Errorf("it is shown as %+v", got)
	}
}

// A summary says when Jira gives up on the first of the tokens, and is repeated two days
// before.
func TestSummaryGivesUp(t *testing.T) {
	r := maintained(hours(0, 4))
	var members []incident.State
	for n := range 2 {
		f := failure(cause("a", conf.SeverityHigh), t0.Add(time.Duration(n)*time.Hour))
		f.Integration.ID, f.Impact = fmt.Sprint(n), matchers.Impact{Phase: alert.PhaseRefresh}
		s, a := r.Step(incident.State{}, f, incident.Source{}, f.Time)
		members = append(members, r.Hold(incident.State{}, s, *r.Maintenance(a.Data, f.Time)))
	}
	s, after, a := r.Summarize(members, nil, t0.Add(4*time.Hour))
	if !a.Data.GivesUpAt.Equal(t0.Add(7*24*time.Hour)) || a.Data.Phase != alert.PhaseRefresh {
		t.Errorf("Jira gives up at %s, phase %q", a.Data.GivesUpAt, a.Data.Phase)
	}
	later, first := s, after[0]
	later.GivesUp = time.Time{}
	if later, _, _ = r.StepGroup(later, first, t0.Add(5*time.Hour)); !later.GivesUp.Equal(first.GivesUp) {
		t.Errorf("after a member's first failed refresh Jira gives up at %s", later.GivesUp)
	}
	reminders := 0
	for hour := 5; hour < 6*24; hour++ {
		at := t0.Add(time.Duration(hour) * time.Hour)
		after[0].Last = at
		s, _, a = r.StepGroup(s, after[0], at)
		if a == nil {
			continue
		}
		if reminders++; at.After(t0.Add(5*24*time.Hour - time.Hour)) {
			if at.Sub(t0) != 5*24*time.Hour {
				t.Errorf("the last reminder came %s after the first failure, want five days", at.Sub(t0))
			}
			return
		}
	}
	t.Errorf("%d reminders, none two days before", reminders)
}

// A summary is bounded, its numbers are not.
func TestSummaryBounded(t *testing.T) {
	r := maintained(hours(0, 4))
	var members []incident.State
	var ended []string
	for n := range 400 {
		members = append(members, held(t, r, n, cause(fmt.Sprint("c", n%20), conf.SeverityHigh), t0.Add(time.Minute)))
		ended = append(ended, fmt.Sprint("e", n))
	}
	s, _, a := r.Summarize(members, ended, t0.Add(4*time.Hour))
	if n := len(a.Data.Facts["integrations"].([]string)); n != 300 || a.Data.Facts["integrations_count"] != "400" {
		t.Errorf("%d are named, of %s", n, a.Data.Facts["integrations_count"])
	}
	if n := len(a.Data.Facts["ended_meanwhile"].([]string)); n != 300 || !strings.Contains(a.Data.Diagnosis, " 400 others failed during it and have") {
		t.Errorf("%d are named that ended: %s", n, a.Data.Diagnosis)
	}
	if len(a.Data.Fix) != 5 || !strings.Contains(a.Data.Diagnosis, "; 15 other causes. ") || s.Members != 400 {
		t.Errorf("%d steps, %s", len(a.Data.Fix), a.Data.Diagnosis)
	}
}
