package notify_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// samples are alerts that the catalogue's own samples make, by cause.
func samples(t testing.TB) map[string]alert.Alert {
	t.Helper()
	names, err := filepath.Glob("testdata/alerts/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	out := map[string]alert.Alert{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var a alert.Alert
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[strings.TrimSuffix(filepath.Base(name), ".json")] = a
	}
	return out
}

// example is an alert of a kind as Jira's administrators get it.
func example(t testing.TB, kind alert.Kind) alert.Alert {
	t.Helper()
	a := samples(t)["entra-client-secret-expired"]
	at := a.Timestamp
	d := &a.Data
	page := alert.Link{Title: "Open Jira's application links", URL: "https://jira.example.com/plugins/servlet/applinks/listApplicationLinks"}
	switch kind {
	case alert.Changed:
		a = samples(t)["entra-client-secret-invalid"]
		at = a.Timestamp
		d = &a.Data
		d.Cause.Previous = new("entra-client-secret-expired")
		d.Facts["alternates_with"] = []string{"net-connect-timeout"}
		d.Failures = alert.Failures{Count: 21, First: at.Add(-9 * time.Hour), Last: at, SinceLastAlert: 4}
	case alert.Reminder:
		d.Failures = alert.Failures{Count: 61, First: at.Add(-8 * time.Hour), Last: at, SinceLastAlert: 48}
	case alert.Quiet:
		d.Failures = alert.Failures{Count: 61, First: at.Add(-8 * time.Hour), Last: at, SinceLastAlert: 13}
	case alert.Storm:
		a = samples(t)["net-connect-timeout"]
		at = a.Timestamp
		d = &a.Data
		var ids []string
		for i := range 81 {
			ids = append(ids, fmt.Sprintf("%08x-5d1c-4a0e-9b7f-%012x", 0x3f2a91c4+i*0x1d34f1, 0xa1b2c3d4e5+i*7919))
		}
		d.Facts["integrations"], d.Facts["integrations_count"] = ids, "81"
		d.Integration = alert.Integration{ID: alert.Many, KnownBy: "nothing"}
		d.Failures = alert.Failures{Count: 81, First: at.Add(-time.Minute), Last: at, SinceLastAlert: 81}
	case alert.Blind, alert.Sighted:
		a = alert.Alert{Timestamp: at, Data: alert.Data{
			Schema: 1, Node: "jira-node-1", ID: "log-7c1d0e2a@20241118T013011.407Z#1",
			Integration: alert.Integration{ID: alert.Unknown, KnownBy: "nothing"},
			Cause:       alert.Cause{ID: "log-lines-lost", Title: "lines are missing from what it read", Provider: "any", Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{}},
			Diagnosis:   "52428800 bytes of /var/atlassian/application-data/jira/log/atlassian-jira.log could not be read (the file was cut short while it was being read). Failures that stood there are not told.",
			Confirm:     "No further alert of this kind comes.",
			Fix: []alert.Step{
				{Where: "jira-admin", Text: "Run Test connection on each OAuth 2.0 integration: one that is broken shows itself again."},
				{Where: "jira-host", Text: "Let logs rotate by renaming, as Jira does by itself, and not with logrotate's copytruncate."},
			},
			Facts:    map[string]any{"lost": "52428800 bytes", "reason": "the file was cut short while it was being read"},
			Failures: alert.Failures{Count: 2, First: at.Add(-time.Hour), Last: at, SinceLastAlert: 1},
			Log:      alert.Log{Name: "jira", Path: "/var/atlassian/application-data/jira/log/atlassian-jira.log"},
		}}
		d = &a.Data
		if kind == alert.Sighted {
			d.Diagnosis = "The log /var/atlassian/application-data/jira/log/atlassian-jira.log can be read again, after 12 minutes. Everything written meanwhile was read; nothing is missing."
			d.Fix, d.Confirm = nil, ""
			d.Failures = alert.Failures{Count: 1, First: at.Add(-12 * time.Minute), Last: at}
		}
	}
	d.Kind = kind
	a.Type = "jira.oauth." + string(kind)
	if kind != alert.Blind && kind != alert.Sighted {
		d.Links = append([]alert.Link{page}, d.Links...)
	}
	return a
}
