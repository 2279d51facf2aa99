package incident_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
)

// An alert links to Jira and to the app registration. A log chooses nothing of an address but an
// application ID, and none in a national cloud, whose portal is another.
func TestLinks(t *testing.T) {
	const id = "79c86cf8-e761-4fdc-bc20-a629c5d04260"
	for _, tt := range []struct {
		name     string
		provider string
		facts    map[string]any
		want     string
	}{
		{"an ID", "microsoft", map[string]any{"app_id": id}, alert.EntraApp + id},
		{"none", "microsoft", nil, ""},
		{"no ID", "microsoft", map[string]any{"app_id": id + "/../evil"}, ""},
		{"redacted", "microsoft", map[string]any{"app_id": "[redacted]"}, ""},
		{"another provider", "google", map[string]any{"app_id": id}, ""},
		{"a national cloud", "microsoft", map[string]any{"app_id": id, "cloud": "US Government"}, ""},
	} {
		c := cause("a", conf.SeverityHigh)
		c.Provider = tt.provider
		f := failure(c, time.Time{})
		f.Facts = tt.facts
		d := rules(func(a *conf.Alerts) { a.JiraURL = "https://jira.example.com" }).Explain(f, incident.Source{})
		if len(d.Links) == 0 || d.Links[0].URL != "https://jira.example.com/plugins/servlet/applinks/listApplicationLinks" {
			t.Errorf("%s: the first link is not to Jira: %v", tt.name, d.Links)
		}
		got := ""
		for _, l := range d.Links[1:] {
			if l.Title == "The app in Entra" {
				got = l.URL
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
