package notify_test

import (
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// alert is one with something in each field.
func newAlert(kind alert.Kind) alert.Alert {
	at := time.Date(2021, 11, 16, 12, 35, 50, 956e6, time.FixedZone("", 3600))
	a := alert.Alert{Type: "jira.oauth." + string(kind), Timestamp: at, Data: alert.Data{
		Schema: 1, ID: "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40@20211116T113550.956Z#1", Kind: kind, Node: "jira-node-1",
		Integration: alert.Integration{ID: "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", Flow: new("d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"), KnownBy: alert.ByFlow},
		Cause: alert.Cause{ID: "entra-single-tenant-common-endpoint", RootCause: new(1), Title: "The app is for one tenant, the endpoint for all", Provider: "microsoft",
			Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{"AADSTS50194"}},
		Diagnosis: "The app <Jira & mail> accepts accounts of one tenant only.",
		Fix:       []alert.Step{{Text: "Put the tenant ID in place of common.", Where: "jira-admin"}, {Text: "Or make the app multi-tenant.", Where: "entra-admin"}},
		Confirm:   "Test connection succeeds.",
		Links:     []alert.Link{{Title: "Atlassian <KB>", URL: "https://confluence.atlassian.com/x?a=1|2"}, {Title: "Microsoft", URL: "https://learn.microsoft.com/y"}},
		Facts:     map[string]any{"app_id": "79c86cf8-e761-4fdc-bc20-a629c5d04260", "trace_id": "b1c2d3e4-0000-1111-2222-333344445555", "suggested_scopes": []string{"a", "b"}},
		Request:   alert.Request{User: "julien", Client: "127.0.0.1", ID: "755x4397x2", Path: "/rest/oauth2-client/latest/config/flow/d4ec2ed5"},
		Failures:  alert.Failures{Count: 3, First: at.Add(-time.Hour), Last: at, SinceLastAlert: 2},
		Log:       alert.Log{Name: "jira", Path: "/var/log/atlassian-jira.log", Excerpt: "2021-11-16 12:35:50,956+0100 ERROR <x>\n\tat a.b"},
	}}
	if kind == alert.Changed {
		a.Data.Cause.Previous = new("net-connect-timeout")
	}
	return a
}

var kinds = []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Test}
