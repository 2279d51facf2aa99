package status_test

import (
	"fmt"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/status"
)

// sampleNow is the time of the sample.
var sampleNow = time.Date(2026, 3, 4, 14, 25, 7, 0, time.FixedZone("", 3600))

func ago(d time.Duration) time.Time { return sampleNow.Add(-d) }

const sampleLog = "/var/atlassian/application-data/jira/log/atlassian-jira.log"

// sampleIncident is one of an integration, with real texts: failures of so many
// hours ago.
func sampleIncident(t *testing.T, flow, user, message string, hoursAgo ...int) status.Incident {
	t.Helper()
	set, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	c, err := conf.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Node = "jira-node-1"
	hours := make([]int, 168)
	for _, h := range hoursAgo {
		hours[167-h]++
	}
	first, last := ago(time.Duration(hoursAgo[0])*time.Hour+11*time.Minute), ago(time.Duration(hoursAgo[len(hoursAgo)-1])*time.Hour+3*time.Minute)
	text := fmt.Sprintf("%s,412+0100 http-nio-8080-exec-7 ERROR %s 865x1274x1 1b4l9b 10.20.0.41 /rest/oauth2-client/latest/config/flow/%s "+
		"[c.a.o.c.rest.resource.ClientConfigurationResource] Error occurred while authorizing an integration. The error message is: %s",
		last.Format("2006-01-02 15:04:05"), user, flow, message)
	d := incident.NewRules(c).Explain(set.Diagnose(text, nil).Failure, incident.Source{Name: "jira", Path: sampleLog})
	d.ID, d.Kind = d.Incident(), alert.Reminder
	d.Failures = alert.Failures{Count: len(hoursAgo), First: first, Last: last}
	return status.Incident{State: "open", Count: len(hoursAgo), Hours: hours, Data: d}
}

// sampleReport has something of everything in it.
func sampleReport(t *testing.T) status.Report {
	t.Helper()
	expired := sampleIncident(t, "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", "julien",
		"AADSTS7000222: The provided client secret keys for app '79c86cf8-e761-4fdc-bc20-a629c5d04260' are expired. Visit the Azure portal "+
			"to create new keys for your app: https://aka.ms/NewClientSecret. Trace ID: 15582ef9-f50c-49d2-bbea-ed98debc4d00 Correlation "+
			"ID: b56ef91f-c6af-4026-8226-7ec6ed7e5589 Timestamp: 2026-03-04 13:22:07Z",
		62, 61, 61, 60, 58, 58, 54, 44, 43, 43, 40, 39, 38, 37, 37, 36, 35, 30, 29, 29, 28, 27, 20, 19, 17, 16, 15, 15, 15, 14, 13, 12, 9, 6, 5, 5, 4, 3, 2, 1)
	expired.Acknowledged = &alert.Acknowledged{By: "maria", UserID: "U0123", At: ago(time.Hour), Until: sampleNow.Add(3 * time.Hour)}
	expired.Deliveries = []status.Delivery{
		{Notifier: "ops", State: "delivered", Kind: alert.Reminder, At: ago(14*time.Hour + 25*time.Minute)},
		{Notifier: "hub", State: "waiting", Kind: alert.Reminder, At: ago(14*time.Hour + 25*time.Minute), Attempts: 31,
			Error: "dial tcp 10.20.0.7:443: connect: connection refused"},
	}
	tls := sampleIncident(t, "67513c3d-f6a4-4f93-ab37-f1bd822e68c9", "svc-mail",
		"javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable "+
			"to find valid certification path to requested target", 20, 19, 19, 3, 0)
	tls.Data.Probe = &alert.Probe{Host: "login.microsoftonline.com", Port: 443, At: ago(3 * time.Minute), Verdict: "tls-not-trusted",
		Title: "Java does not trust the certificate", Text: "The CA that signed it is not in Java's trust store.", Who: "jira-host"}
	tls.Deliveries = []status.Delivery{
		{Notifier: "ops", State: "delivered", Kind: alert.Opened, At: ago(20 * time.Hour)},
		{Notifier: "hub", State: "set_aside", Kind: alert.Opened, At: ago(20 * time.Hour), Attempts: 2, Error: "400 Bad Request"},
	}
	muted := sampleIncident(t, "0f6a7f0e-53f2-4c5e-8e0a-5d0f6f2d6f11", "admin",
		"AADSTS65001: The user or administrator has not consented to use the application", 120, 96, 72)
	muted.Muted = true
	closed := sampleIncident(t, "a3b1c0de-1111-4222-8333-444455556666", "admin",
		"AADSTS50194: Application '11111111-2222-3333-4444-555555555555'(jira-mail) is not configured as a multi-tenant application.", 130, 130, 128, 121)
	closed.State, closed.Closed = "closed", ago(97*time.Hour)
	closed.Data.Fix, closed.Data.Links, closed.Data.Log.Excerpt = nil, nil, ""
	closed.Deliveries = []status.Delivery{{Notifier: "ops", State: "delivered", Kind: alert.Quiet, At: ago(97 * time.Hour)}}
	return status.Report{
		Schema: 1, Program: status.Program{Version: "v1.0.0", Commit: "4f0c2d1", Go: "go1.26"}, Node: "jira-node-1",
		Time: sampleNow, Started: ago(9*24*time.Hour + 2*time.Hour), Ready: true, Reasons: []string{},
		Logs: []status.Log{{
			Name: "jira", Path: sampleLog, State: "following", Position: 18_442_017, LastLine: ago(2 * time.Second),
			Lines: 4_214_880, Bytes: 893_112_006, Rotations: 42,
		}},
		Notifiers: []status.Notifier{
			{Name: "ops", Kind: "slack", Circuit: "closed", Since: ago(9 * 24 * time.Hour), Succeeded: ago(14*time.Hour + 25*time.Minute)},
			{Name: "hub", Kind: "webhook", Circuit: "waiting", Since: ago(15 * time.Hour), Queue: 1, Oldest: ago(14*time.Hour + 25*time.Minute),
				NextTry:   sampleNow.Add(110 * time.Second),
				Succeeded: ago(38 * time.Hour), Failed: ago(70 * time.Second), Error: "dial tcp 10.20.0.7:443: connect: connection refused", SetAside: 1},
		},
		Incidents: status.Incidents{
			Page: 1, Pages: 1, Total: 4, Counts: status.Counts{Failing: 2, Muted: 1, Closed: 1},
			Open: []status.Incident{tls, expired, muted}, Closed: []status.Incident{closed},
		},
	}
}

// sampleStorm is a report of a watcher that has trouble, and of a storm.
func sampleStorm(t *testing.T) status.Report {
	t.Helper()
	r := sampleReport(t)
	c, err := conf.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Node = r.Node
	trouble := incident.Trouble{Cause: incident.LogUnreadable, Log: incident.Source{Name: "jira", Path: sampleLog}, Since: ago(84 * time.Minute),
		Why: "permission denied"}
	state, _ := incident.NewRules(c).Trouble(incident.State{}, trouble, ago(83*time.Minute))
	blind := status.Incident{State: "open", Count: 1, Hours: make([]int, 168), Data: state.Current()}
	storm := sampleIncident(t, flow, "admin", secret, 1)
	storm.Data.Kind, storm.Data.ID, storm.MemberCount, storm.Count = alert.Storm, "storm-entra-client-secret-invalid@20260304T120000.000Z", 60, 75
	r.Open = []status.Incident{blind, storm}
	for i := range 60 {
		m := sampleIncident(t, fmt.Sprintf("%08d-aaaa-4bbb-8ccc-000000000000", i), "admin", secret, 1, 0)
		m.Storm = storm.Data.ID
		r.Open = append(r.Open, m)
		storm.Members = append(storm.Members, m.Data.Integration.ID)
	}
	r.Total, r.Counts = len(r.Open)+1, status.Counts{Troubles: 1, Storms: 1, Failing: 60, Closed: 1}
	r.Ready, r.Reasons = false, []string{`log "jira", ` + sampleLog + ", cannot be read: permission denied"}
	r.Logs[0].State, r.Logs[0].Reason, r.Logs[0].Lost = "waiting", "permission denied", 73_004
	r.Notifiers[1].Circuit, r.Notifiers[1].Dropped = "held", 3
	return r
}
