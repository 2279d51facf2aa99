package incident_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
)

// A token that cannot be refreshed keeps mail away: critical when the provider
// refuses, and from the second failure on. A failed test is as severe as its cause.
func TestRefreshSeverity(t *testing.T) {
	for name, tt := range map[string]struct {
		impact        matchers.Impact
		first, second conf.Severity
	}{
		"test":             {matchers.Impact{Phase: alert.PhaseTest}, conf.SeverityMedium, conf.SeverityMedium},
		"unknown phase":    {matchers.Impact{}, conf.SeverityMedium, conf.SeverityMedium},
		"refused":          {matchers.Impact{Phase: alert.PhaseRefresh, Refused: true}, conf.SeverityCritical, conf.SeverityCritical},
		"network, refresh": {matchers.Impact{Phase: alert.PhaseRefresh}, conf.SeverityHigh, conf.SeverityCritical},
	} {
		r, s := rules(nil), incident.State{}
		f := failure(cause("a", conf.SeverityMedium), t0)
		f.Impact, f.Mailbox = tt.impact, matchers.Mailbox{Handler: "Help", HandlerID: "10001"}
		s, a := r.Step(s, f, incident.Source{}, t0)
		if a.Data.Cause.Severity != tt.first || a.Data.Phase != tt.impact.Phase || *a.Data.Mailbox != (alert.Mailbox{Handler: "Help", HandlerID: "10001"}) {
			t.Errorf("%s: the first alert says %s, phase %q, mailbox %+v", name, a.Data.Cause.Severity, a.Data.Phase, a.Data.Mailbox)
		}
		if s, _ = r.Step(s, f, incident.Source{}, t0.Add(time.Second)); s.Current().Cause.Severity != tt.second {
			t.Errorf("%s: the second failure is %s, want %s", name, s.Current().Cause.Severity, tt.second)
		}
	}
}

// What min_severity keeps quiet at first is reported when it is more severe.
func TestRefreshMinSeverity(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.MinSeverity = conf.SeverityCritical })
	f := failure(cause("a", conf.SeverityHigh), t0)
	f.Impact.Phase = alert.PhaseRefresh
	s, first := r.Step(incident.State{}, f, incident.Source{}, t0)
	_, second := r.Step(s, f, incident.Source{}, t0.Add(time.Minute))
	if first != nil || second == nil || second.Data.Kind != alert.Opened {
		t.Errorf("alerts %+v and %+v", first, second)
	}
}

// Whether a successful test ends an incident depends on its last failure, also where that says
// nothing else that is new.
func TestPhaseOfTheLastFailure(t *testing.T) {
	r := rules(nil)
	f := failure(cause("a", conf.SeverityHigh), t0)
	f.Integration, f.Impact.Phase = matchers.Integration{ID: "x", KnownBy: alert.ByConfiguration}, alert.PhaseTest
	s, _ := r.Step(incident.State{}, f, incident.Source{}, t0)
	if !s.EndsByTest("x", t0.Add(time.Minute)) {
		t.Error("a successful test does not end the incident of a test")
	}
	f.Time, f.Impact.Phase = t0.Add(time.Second), alert.PhaseRefresh
	s, _ = r.Step(s, f, incident.Source{}, f.Time)
	if s.EndsByTest("x", t0.Add(time.Minute)) {
		t.Error("a successful test ends an incident of the background")
	}
}

// The result of a request is in the incident that its callback has opened, for a few
// minutes.
func TestLoggedTwice(t *testing.T) {
	r := rules(nil)
	f := failure(cause("a", conf.SeverityHigh), t0)
	f.Integration = matchers.Integration{ID: "FC8GQRj7OZO_j1_b6A-Eig", KnownBy: alert.BySuffix}
	s, _ := r.Step(incident.State{}, f, incident.Source{}, t0)
	g := failure(f.Cause, t0.Add(time.Second))
	g.Integration.Callback = f.Integration.ID
	if !s.Continues(g.Integration.Callback, g.Cause, g.Time) || s.Continues("", g.Cause, g.Time) ||
		s.Continues(g.Integration.Callback, cause("b", conf.SeverityHigh), g.Time) ||
		s.Continues(g.Integration.Callback, g.Cause, t0.Add(time.Hour)) {
		t.Error("a failure is continued wrongly")
	}
	s, a := r.Step(s, g, incident.Source{}, g.Time)
	if d := s.Current(); a != nil || s.Count != 2 || d.Integration.ID != f.Integration.ID {
		t.Errorf("alert %+v, %d failures of %+v", a, s.Count, d.Integration)
	}
}
