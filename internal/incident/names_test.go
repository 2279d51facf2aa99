package incident_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
)

// named are rules with names for integrations.
func named(names map[string]string, mask ...conf.Mask) *incident.Rules {
	return incident.NewRules(&conf.Config{Node: "n1", Integrations: names, Alerts: conf.Alerts{
		RepeatInterval: 4 * time.Hour, QuietAfter: 24 * time.Hour, Mask: mask,
	}})
}

func nameOf(d alert.Data) string {
	if d.Integration.Name == nil {
		return ""
	}
	return *d.Integration.Name
}

// Whatever an event shows of an integration can have a name, the most specific counts,
// and only the suffix is case-sensitive. A name is never masked.
func TestNameOf(t *testing.T) {
	const app = "79c86cf8-e761-4fdc-bc20-a629c5d04260"
	rich := func(f *matchers.Failure) {
		f.Integration = matchers.Integration{ID: flow, Flow: flow, KnownBy: alert.ByFlow, Callback: "aBc"}
		f.Facts = matchers.Facts{"app_id": app, "tenant_id": "22222222-0000-4000-8000-000000000000",
			"tenant": "contoso.onmicrosoft.com", "actual_suffix": "xYz"}
		f.Mailbox = matchers.Mailbox{Server: "outlook.office365.com", Handler: "Help Desk", HandlerID: "10100"}
	}
	for _, tt := range []struct {
		names map[string]string
		want  string
	}{
		{nil, ""},
		{map[string]string{"other": "Other"}, ""},
		{map[string]string{app: "App"}, "App"},
		{map[string]string{"79C86CF8-E761-4FDC-BC20-A629C5D04260": "App"}, "App"},
		{map[string]string{"22222222-0000-4000-8000-000000000000": "Tenant"}, "Tenant"},
		{map[string]string{"Contoso.onmicrosoft.com": "Domain"}, "Domain"},
		{map[string]string{"Outlook.Office365.com": "admin on n1 at 10.0.0.7"}, "admin on n1 at 10.0.0.7"},
		{map[string]string{"handler-10100": "Handler"}, "Handler"},
		{map[string]string{"10100": "Handler"}, ""},
		{map[string]string{"aBc": "Callback"}, "Callback"},
		{map[string]string{"xYz": "Suffix"}, "Suffix"},
		{map[string]string{"XYZ": "Suffix", "abc": "Callback"}, ""},
		{map[string]string{flow: "This"}, "This"},
		{map[string]string{app: "App", "handler-10100": "Handler", "contoso.onmicrosoft.com": "Domain"}, "Handler"},
		{map[string]string{app: "App", "outlook.office365.com": "Server"}, "Server"},
		{map[string]string{flow: "This", "xYz": "Suffix", "handler-10100": "Handler"}, "Suffix"},
	} {
		f := failure(cause("a", conf.SeverityHigh), t0)
		rich(&f)
		r := named(tt.names, conf.MaskHost, conf.MaskUser, conf.MaskIP)
		if _, a := r.Step(incident.State{}, f, incident.Source{}, t0); nameOf(a.Data) != tt.want {
			t.Errorf("%v: the name is %q, want %q", tt.names, nameOf(a.Data), tt.want)
		}
	}
	f := failure(cause("a", conf.SeverityHigh), t0)
	f.Integration = matchers.Integration{ID: matchers.Unknown, KnownBy: alert.ByNothing}
	if _, a := named(map[string]string{"unknown": "x"}).Step(incident.State{}, f, incident.Source{}, t0); nameOf(a.Data) != "" {
		t.Errorf("what the log does not show is called %q", nameOf(a.Data))
	}
	f.Integration = matchers.Integration{ID: "aBc", KnownBy: alert.BySuffix}
	if _, a := named(map[string]string{"aBc": "Suffix", "ABC": "Other"}).Step(incident.State{}, f, incident.Source{}, t0); nameOf(a.Data) != "Suffix" {
		t.Errorf("a suffix that is the ID is called %q", nameOf(a.Data))
	}
}

// An incident whose name comes with a later failure keeps its key and has the name from
// then on, also when the next failures do not show it; a reload renames it, or takes the
// name away.
func TestNameComesLate(t *testing.T) {
	const app = "79c86cf8-e761-4fdc-bc20-a629c5d04260"
	r := named(map[string]string{app: "Help desk 365"})
	var s incident.State
	at := t0
	fail := func(facts matchers.Facts, after time.Duration) *alert.Alert {
		at = at.Add(after)
		f := failure(cause("a", conf.SeverityHigh), at)
		f.Facts = facts
		var a *alert.Alert
		s, a = r.Step(roundTrip(t, s), f, incident.Source{}, at)
		return a
	}
	show := func(when, want string) {
		t.Helper()
		if got := nameOf(s.Current()); got != want || s.Key != flow {
			t.Errorf("%s: %s is called %q, want %q", when, s.Key, got, want)
		}
	}
	if a := fail(nil, 0); a == nil || nameOf(a.Data) != "" {
		t.Fatalf("opened as %+v", a)
	}
	fail(matchers.Facts{"app_id": app}, time.Second) // too soon for a new content
	show("at once", "Help desk 365")
	fail(nil, 2*time.Minute)
	show("another failure does not show it", "Help desk 365")
	if a := fail(nil, 5*time.Hour); a == nil || a.Data.Kind != alert.Reminder || nameOf(a.Data) != "Help desk 365" {
		t.Errorf("the reminder is %+v", a)
	}
	fail(matchers.Facts{"app_id": app}, 2*time.Minute)
	r = named(map[string]string{app: "Service desk"})
	var a *alert.Alert
	if s, a = r.Settle(s, at.Add(9*time.Hour)); a == nil || nameOf(a.Data) != "Service desk" {
		t.Errorf("after a reload, the reminder is %+v", a)
	}
	fail(nil, 10*time.Hour)
	show("after a reload", "Service desk")
	r = named(nil)
	if s, a = r.Settle(s, at.Add(24*time.Hour)); a == nil || a.Data.Kind != alert.Quiet || nameOf(a.Data) != "" {
		t.Errorf("after the name is taken away, the end is %+v", a)
	}
}
