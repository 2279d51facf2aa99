package webhook

import (
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// samples are alerts to try a template on: one of each kind, with characters
// that JSON must escape wherever a log or the catalogue may bring them, and
// one in which little is known.
func samples() []alert.Alert {
	var all []alert.Alert
	for _, kind := range alert.Kinds {
		all = append(all, sample(kind))
	}
	return append(all, sparse())
}

func sample(kind alert.Kind) alert.Alert {
	const s = "A \"quoted\" C:\\path, <b>, 100 % & more\n\tin two lines"
	at := time.Date(2021, 11, 16, 12, 35, 50, 956e6, time.FixedZone("", 3600))
	flow, number := "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", 1
	d := alert.Data{
		Schema: 1, ID: alert.ID("jira-node-1/" + flow + "@20211116T113550.956Z#1"), Kind: kind, Node: "jira-node-1",
		Integration: alert.Integration{ID: flow, Flow: &flow, KnownBy: alert.ByFlow},
		Cause: alert.Cause{
			ID: "entra-single-tenant-common-endpoint", RootCause: &number, Title: s, Provider: "microsoft",
			Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{"AADSTS50194", "AADSTS700016"},
		},
		Diagnosis: s,
		Fix:       []alert.Step{{Text: s, Where: "jira-admin"}, {Text: s, Where: "entra-admin"}},
		Confirm:   s,
		Links:     []alert.Link{{Title: s, URL: "https://confluence.atlassian.com/jirakb/"}},
		Facts:     map[string]any{"app_id": s, "suggested_scopes": []string{s, s}},
		Request:   alert.Request{User: s, Client: "127.0.0.1", ID: "755x4397x2", Path: s},
		Failures:  alert.Failures{Count: 1000000, First: at.Add(-time.Hour), Last: at, SinceLastAlert: 2},
		Log:       alert.Log{Name: s, Path: s, Excerpt: text.Cut(strings.Repeat(s+"\n", 100), 2000)},
	}
	if kind == alert.Storm {
		d.Integration = alert.Integration{ID: alert.Many, KnownBy: alert.ByNothing}
		d.Facts["integrations"], d.Facts["integrations_count"] = []string{flow, s}, "81"
	}
	if kind == alert.Changed {
		before := "net-connect-timeout"
		d.Cause.Previous = &before
		name := s
		d.Integration.Name = &name
	}
	if kind == alert.Reminder {
		d.Acknowledged = &alert.Acknowledged{By: s, UserID: "U0123456789", At: at}
	}
	return alert.Alert{Type: "jira.oauth." + string(kind), Timestamp: at, Data: d}
}

func sparse() alert.Alert {
	at := time.Date(2021, 11, 16, 11, 35, 50, 0, time.UTC)
	return alert.Alert{Type: "jira.oauth.opened", Timestamp: at, Data: alert.Data{
		Schema: 1, ID: "unknown-0a1b2c3d@20211116T113550.000Z#1", Kind: alert.Opened, Node: "jira-node-1",
		Integration: alert.Integration{ID: alert.Unknown, KnownBy: alert.ByNothing},
		Cause: alert.Cause{ID: alert.Unknown, Provider: "any", Severity: conf.SeverityHigh, Confidence: "unknown",
			Codes: []string{}},
		Fix:      []alert.Step{},
		Links:    []alert.Link{},
		Facts:    map[string]any{},
		Failures: alert.Failures{Count: 1, First: at, Last: at, SinceLastAlert: 1},
	}}
}
