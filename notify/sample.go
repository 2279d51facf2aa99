package notify

import (
	"strings"
	"time"

	"jira-oauth-watcher/conf"
)

// samples are alerts to try a template on: one of each kind, with characters
// that JSON has to escape wherever a log or the catalogue may bring them, and
// one in which little is known.
func samples() []Alert {
	var all []Alert
	for _, kind := range []Kind{Opened, Changed, Reminder, Quiet, Storm, Blind, Sighted, Test} {
		all = append(all, sample(kind))
	}
	return append(all, sparse())
}

func sample(kind Kind) Alert {
	const text = "A \"quoted\" C:\\path, <b>, 100 % & more\n\tin two lines"
	at := time.Date(2021, 11, 16, 12, 35, 50, 956e6, time.FixedZone("", 3600))
	flow, number := "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", 1
	d := Data{
		Schema: 1, ID: flow + "@20211116T113550.956Z#1", Kind: kind, Node: "jira-node-1",
		Integration: Integration{ID: flow, Flow: &flow, KnownBy: "flow"},
		Cause: Cause{
			ID: "entra-single-tenant-common-endpoint", RootCause: &number, Title: text, Provider: "microsoft",
			Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{"AADSTS50194", "AADSTS700016"},
		},
		Diagnosis: text,
		Fix:       []Step{{Text: text, Where: "jira-admin"}, {Text: text, Where: "entra-admin"}},
		Confirm:   text,
		Links:     []Link{{Title: text, URL: "https://confluence.atlassian.com/jirakb/"}},
		Facts:     map[string]any{"app_id": text, "suggested_scopes": []string{text, text}},
		Request:   Request{User: text, Client: "127.0.0.1", ID: "755x4397x2", Path: text},
		Failures:  Failures{Count: 1000000, First: at.Add(-time.Hour), Last: at, SinceLastAlert: 2},
		Log:       Log{Name: text, Path: text, Excerpt: Cut(strings.Repeat(text+"\n", 100), 2000)},
	}
	if kind == Storm {
		d.Integration = Integration{ID: "many", KnownBy: "nothing"}
		d.Facts["integrations"], d.Facts["integrations_count"] = []string{flow, text}, "81"
	}
	if kind == Changed {
		before := "net-connect-timeout"
		d.Cause.Previous = &before
	}
	if kind == Reminder {
		d.Acknowledged = &Acknowledged{By: text, UserID: "U0123456789", At: at}
	}
	return Alert{Type: "jira.oauth." + string(kind), Timestamp: at, Data: d}
}

func sparse() Alert {
	at := time.Date(2021, 11, 16, 11, 35, 50, 0, time.UTC)
	return Alert{Type: "jira.oauth.opened", Timestamp: at, Data: Data{
		Schema: 1, ID: "unknown-0a1b2c3d@20211116T113550.000Z#1", Kind: Opened, Node: "jira-node-1",
		Integration: Integration{ID: "unknown", KnownBy: "nothing"},
		Cause:       Cause{ID: "unknown", Provider: "any", Severity: conf.SeverityHigh, Confidence: "unknown", Codes: []string{}},
		Fix:         []Step{},
		Links:       []Link{},
		Facts:       map[string]any{},
		Failures:    Failures{Count: 1, First: at, Last: at, SinceLastAlert: 1},
	}}
}
