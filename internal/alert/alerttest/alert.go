// Package alerttest has alerts for the tests of what composes, draws and delivers
// them. It is not in the program.
package alerttest

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// Alert is an alert with something in each field.
func Alert(kind alert.Kind) alert.Alert {
	at := time.Date(2021, 11, 16, 12, 35, 50, 956e6, time.FixedZone("", 3600))
	a := alert.Alert{Type: "jira.oauth." + string(kind), Timestamp: at, Data: alert.Data{
		Schema: 1, ID: "jira-node-1/d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40@20211116T113550.956Z#1", Kind: kind, Node: "jira-node-1",
		Integration: alert.Integration{ID: "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40",
			Flow: new("d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"), KnownBy: alert.ByFlow},
		Cause: alert.Cause{ID: "entra-single-tenant-common-endpoint", RootCause: new(1),
			Title: "The app is for one tenant, the endpoint for all", Provider: "microsoft",
			Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{"AADSTS50194"}},
		Diagnosis: "The app <Jira & mail> accepts accounts of one tenant only.",
		Fix: []alert.Step{{Text: "Put the tenant ID in place of common.", Where: "jira-admin"},
			{Text: "Or make the app multi-tenant.", Where: "entra-admin"}},
		Confirm: "Test connection succeeds.",
		Links: []alert.Link{{Title: "Atlassian <KB>", URL: "https://confluence.atlassian.com/x?a=1|2"},
			{Title: "Microsoft", URL: "https://learn.microsoft.com/y"}},
		Facts: map[string]any{"app_id": "79c86cf8-e761-4fdc-bc20-a629c5d04260",
			"trace_id": "b1c2d3e4-0000-1111-2222-333344445555", "suggested_scopes": []string{"a", "b"}},
		Request: alert.Request{User: "julien", Client: "127.0.0.1", ID: "755x4397x2",
			Path: "/rest/oauth2-client/latest/config/flow/d4ec2ed5"},
		Failures: alert.Failures{Count: 3, First: at.Add(-time.Hour), Last: at, SinceLastAlert: 2},
		Log: alert.Log{Name: "jira", Path: "/var/log/atlassian-jira.log",
			Excerpt: "2021-11-16 12:35:50,956+0100 ERROR <x>\n\tat a.b"},
	}}
	a.Data.Phase = alert.PhaseTest
	if kind == alert.Resolved {
		a.Data.ResolvedAt, a.Data.Phase = at.Add(time.Minute), alert.PhaseRefresh
	}
	if kind == alert.Changed {
		a.Data.Cause.Previous = new("net-connect-timeout")
	}
	return a
}

// Kinds are the kinds of alerts about one integration.
var Kinds = []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Resolved, alert.Test}

// AllKinds are all kinds of alerts.
var AllKinds = []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Resolved, alert.Storm, alert.Blind,
	alert.Sighted, alert.Started, alert.Test}

// SomeKinds are kinds that are drawn differently; at full length all of them, and
// one that a later version may bring.
func SomeKinds() []alert.Kind {
	if testing.Short() {
		return []alert.Kind{alert.Opened, alert.Quiet, alert.Storm}
	}
	return append(slices.Clip(AllKinds), "new")
}

//go:embed testdata/alerts
var alerts embed.FS

// Samples are alerts that the catalogue's own samples make, by cause.
func Samples(t testing.TB) map[string]alert.Alert {
	t.Helper()
	names, err := fs.Glob(alerts, "testdata/alerts/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	out := map[string]alert.Alert{}
	for _, name := range names {
		text, err := alerts.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var a alert.Alert
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[strings.TrimSuffix(path.Base(name), ".json")] = a
	}
	return out
}

// Example is an alert of a kind as Jira's administrators get it.
func Example(t testing.TB, kind alert.Kind) alert.Alert {
	t.Helper()
	a := Samples(t)["entra-client-secret-expired"]
	at := a.Timestamp
	d := &a.Data
	page := alert.Link{Title: "Open Jira's application links",
		URL: "https://jira.example.com/plugins/servlet/applinks/listApplicationLinks"}
	switch kind {
	case alert.Changed:
		a = Samples(t)["entra-client-secret-invalid"]
		at = a.Timestamp
		d = &a.Data
		d.Cause.Previous = new("entra-client-secret-expired")
		d.Facts["alternates_with"] = []string{"net-connect-timeout"}
		d.Failures = alert.Failures{Count: 21, First: at.Add(-9 * time.Hour), Last: at, SinceLastAlert: 4}
	case alert.Reminder:
		d.Failures = alert.Failures{Count: 61, First: at.Add(-8 * time.Hour), Last: at, SinceLastAlert: 48}
	case alert.Quiet:
		d.Failures = alert.Failures{Count: 61, First: at.Add(-8 * time.Hour), Last: at, SinceLastAlert: 13}
	case alert.Resolved:
		d.Failures = alert.Failures{Count: 61, First: at.Add(-8 * time.Hour), Last: at, SinceLastAlert: 13}
		d.ResolvedAt, d.Phase = at.Add(5*time.Minute), alert.PhaseRefresh
		a.Timestamp = d.ResolvedAt
	case alert.Storm:
		a = Samples(t)["net-connect-timeout"]
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
			Schema: 1, Node: "jira-node-1", ID: "jira-node-1/log-7c1d0e2a@20241118T013011.407Z#1",
			Integration: alert.Integration{ID: alert.Unknown, KnownBy: "nothing"},
			Cause: alert.Cause{ID: "log-lines-lost", Title: "log lines are missing",
				Provider: "any", Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{}},
			Diagnosis: "52428800 bytes of /var/atlassian/application-data/jira/log/atlassian-jira.log could not be read (the file was cut short while it was being read). Failures in this part are not reported.",
			Confirm:   "No further alert of this kind arrives.",
			Fix: []alert.Step{
				{Where: "jira-admin", Text: "Run Test connection on each OAuth 2.0 integration. One that is broken logs its failure again."},
				{Where: "jira-host", Text: "Rotate logs by renaming, as Jira does by default, and not with logrotate's copytruncate."},
			},
			Facts: map[string]any{"lost": "52428800 bytes",
				"reason": "the file was cut short while it was being read"},
			Failures: alert.Failures{Count: 2, First: at.Add(-time.Hour), Last: at, SinceLastAlert: 1},
			Log:      alert.Log{Name: "jira", Path: "/var/atlassian/application-data/jira/log/atlassian-jira.log"},
		}}
		d = &a.Data
		if kind == alert.Sighted {
			d.Diagnosis = "The log /var/atlassian/application-data/jira/log/atlassian-jira.log can be read again, after 12 minutes. Everything that was written in the meantime has been read; nothing is missing."
			d.Fix, d.Confirm = nil, ""
			d.Failures = alert.Failures{Count: 1, First: at.Add(-12 * time.Minute), Last: at}
		}
	}
	if kind == alert.Started {
		a = alert.Alert{Timestamp: at, Data: alert.Data{
			Schema: 1, Node: "jira-node-1", ID: "jira-node-1/started@20241118T013011.407Z#1",
			Integration: alert.Integration{ID: alert.Unknown, KnownBy: "nothing"},
			Cause: alert.Cause{ID: "started", Title: "version 1.5.0", Provider: "any", Severity: conf.SeverityLow,
				Confidence: "certain", Codes: []string{}},
			Diagnosis: "It follows 1 log. The previous version was 1.4.2.",
			Fix:       []alert.Step{}, Links: []alert.Link{},
			Facts:    map[string]any{"version": "1.5.0"},
			Failures: alert.Failures{First: at, Last: at},
		}}
		d = &a.Data
	}
	if d.Integration.Flow != nil && d.Phase == "" {
		d.Phase = alert.PhaseTest
	}
	d.Kind = kind
	a.Type = "jira.oauth." + string(kind)
	if kind != alert.Blind && kind != alert.Sighted && kind != alert.Started {
		d.Links = append([]alert.Link{page}, d.Links...)
	}
	return a
}

// Probed is an alert about a missing CA with what a probe has found.
func Probed(t testing.TB) alert.Alert {
	t.Helper()
	a := Samples(t)["tls-certificate-untrusted"]
	a.Data.Probe = &alert.Probe{
		Host: "login.microsoftonline.com", Port: 443, At: a.Timestamp.Add(4 * time.Second), Verdict: "tls-ca-missing",
		Title: "Jira's Java does not trust “Example Corp TLS Inspection Root”, a TLS-inspecting proxy's CA",
		Text: "The chain of login.microsoftonline.com ends at CN=Example Corp TLS Inspection Root, which is no public CA and " +
			"is missing from /opt/atlassian/jira/jre/lib/security/cacerts.",
		Who: "jira-host",
		Command: "jira-oauth-watcher doctor --save . login.microsoftonline.com; " +
			"/opt/atlassian/jira/jre/bin/keytool -importcert -noprompt -trustcacerts -alias jira-oauth-ce714c13 " +
			"-file jira-oauth-ce714c13.pem -keystore /opt/atlassian/jira/jre/lib/security/cacerts -storepass changeit",
		Seen: []string{
			"DNS: 20.190.159.0, 20.190.159.64 in 3 ms", "TCP: 20.190.159.0 port 443 connected in 12 ms",
			"TLS: 1.2, 3 certificates", "Trust: issuer CN=Example Corp TLS Inspection Root, SHA-256 " +
				"5f:12:9c:0e:77:a1:3b:44:d2:90:c1:6e:58:0b:ff:21:37:94:aa:0d:63:be:18:7c:f0:45:29:d8:91:e6:03:5a, valid until 2034-05-01",
		},
	}
	return a
}

// Summary is the alert after maintenance: a storm of several causes.
func Summary(t testing.TB) alert.Alert {
	t.Helper()
	a := Example(t, alert.Storm)
	d := &a.Data
	d.ID = "jira-node-1/maintenance-20241118T010000.000Z@20241117T213011.407Z#1"
	ids := d.Facts["integrations"].([]string)
	d.Facts = map[string]any{"integrations": ids[:3], "integrations_count": "3", "ended_meanwhile": ids[3:5],
		"maintenance_from": "2024-11-17T22:00:00+01:00", "maintenance_to": "2024-11-18T02:00:00+01:00"}
	first := d.Cause.Title
	d.Cause.Title += ", and 1 other cause"
	d.Cause.Severity = conf.SeverityCritical
	d.Diagnosis = "Maintenance from 2024-11-17 22:00:00 +01:00 to 2024-11-18 02:00:00 +01:00 is over. 3 integrations failed during it " +
		"and still fail: 2 × " + first + "; 1 × A certificate has expired. 2 others failed during it and have been quiet since. " +
		"The last failure with the most frequent cause: " + d.Diagnosis
	d.Fix = append(slices.Clip(d.Fix), alert.Step{Where: "jira-host", Text: "Show the steps for the integration with the cause “A certificate has " +
		"expired”:\n```\njira-oauth-watcher causes tls-certificate-expired\n```"})
	d.Failures.Count, d.Failures.SinceLastAlert = 5, 5
	return a
}
