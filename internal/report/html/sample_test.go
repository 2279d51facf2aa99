package html_test

import (
	"fmt"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// Reports to try a page with.

var (
	winter = time.FixedZone("", 3600)
	start  = time.Date(2026, 3, 2, 0, 0, 4, 0, winter)
)

func at(days, hours, minutes int) time.Time {
	return start.Add(time.Duration(days*24+hours)*time.Hour + time.Duration(minutes)*time.Minute)
}

const mailbox = "Jira ⚙ > System > Incoming mail (or Outgoing mail) > Edit > Authorize"

func secretExpired() alert.Data {
	return alert.Data{
		Schema: 1, Kind: alert.Reminder,
		Cause: alert.Cause{ID: "entra-client-secret-expired", Title: "The client secret of the app registration has expired",
			Provider: "microsoft", Severity: conf.SeverityCritical, Confidence: "certain", Codes: []string{"AADSTS7000222"}},
		Diagnosis: "The client secret that Jira uses for the app 79c86cf8-e761-4fdc-bc20-a629c5d04260 has passed its end date. Until Jira " +
			"has a new one it gets no tokens: mail stops, and no mailbox can be authorized.",
		Fix: []alert.Step{
			{Where: "entra-admin", Text: "entra.microsoft.com > Entra ID > App registrations > All applications > the app > Certificates & " +
				"secrets > Client secrets > New client secret; Entra allows 24 months at most. Copy the Value column now; it is shown only " +
				"once. The Secret ID next to it (a GUID) is the wrong one."},
			{Where: "jira-admin", Text: "Jira ⚙ > Applications > Application links > the integration > Edit (Jira 8.10–8.21: ⚙ > System > " +
				"OAuth 2.0): paste the Value into Client secret and save. It must be typed in even if dots are shown: an empty field keeps " +
				"the expired secret. Leave Client ID as it is."},
			{Where: "jira-admin", Text: "Run Test connection. Up to 7 days after the first failure nothing more is needed, the next mail " +
				"poll works; later Jira has given up, and each mailbox must be authorized again: " + mailbox + "."},
			{Where: "entra-admin", Text: "Delete the expired secret, put the new end date into a calendar, and replace it a month before it."},
		},
		Confirm: "Test connection in Jira succeeds, and mail that has waited in the mailbox comes in after the next poll.",
		Links: []alert.Link{
			{Title: "Atlassian: mail handlers stop because the client secret has expired",
				URL: "https://support.atlassian.com/jira/kb/the-jira-or-jsm-mail-handler-stops-processing-new-incoming-emails-due-to-the-error-the-provided-client-secret-keys-for-app-xxxxxxxx-are-expired/"},
			{Title: "Microsoft: AADSTS7000222", URL: "https://login.microsoftonline.com/error?code=7000222"},
		},
		Facts: map[string]any{
			"code": "AADSTS7000222", "app_id": "79c86cf8-e761-4fdc-bc20-a629c5d04260", "message": "left out",
			"trace_id": "d7599cf0-813f-4495-8317-577479857f00", "correlation_id": "34687097-cd9a-4300-9639-b561f5effd26",
		},
		Request: alert.Request{User: "mail-admin", Client: "10.1.2.3", ID: "755x4397x2"},
		Log: alert.Log{Name: "jira", Path: "/var/atlassian/application-data/jira/log/atlassian-jira.log",
			Excerpt: "2026-03-15 18:20:03,114+0100 Caesium-1-2 ERROR ServiceRunner [c.a.o.c.rest.resource.ClientConfigurationResource] " +
				"Error occurred while authorizing an integration. The error message is: " +
				"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: The provided client secret keys for app " +
				"'79c86cf8-e761-4fdc-bc20-a629c5d04260' are expired. Visit the Azure portal to create new keys for your app.\\r\\n" +
				"Trace ID: d7599cf0-813f-4495-8317-577479857f00\\r\\nCorrelation ID: 34687097-cd9a-4300-9639-b561f5effd26\"}\n    at " +
				"com.atlassian.oauth2.client.lib.token.DefaultTokenService.performRequest(DefaultTokenService.java:134)"},
	}
}

func manyResources() alert.Data {
	root := 7
	return alert.Data{
		Schema: 1, Kind: alert.Changed,
		Cause: alert.Cause{ID: "entra-scopes-multiple-resources", RootCause: &root, Title: "The scopes belong to more than one service",
			Provider: "microsoft", Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{"AADSTS28000"}},
		Diagnosis: "The scopes of this integration name more than one service host, and Microsoft issues a token for one host only. It " +
			"refused: https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office365.com/POP.AccessAsUser.All offline_access.",
		Fix: []alert.Step{
			{Where: "jira-admin", Text: "Jira ⚙ > Applications > Application links > the integration > Edit (Jira 8.10–8.21: ⚙ > System > " +
				"OAuth 2.0) > Scopes: replace the list by https://outlook.office.com/IMAP.AccessAsUser.All " +
				"https://outlook.office.com/POP.AccessAsUser.All offline_access."},
			{Where: "jira-admin", Text: "For outgoing mail (Jira 9.2 and later) add https://outlook.office.com/SMTP.Send. In the US " +
				"Government clouds GCC High and DoD the host is https://outlook.office365.us/."},
			{Where: "jira-admin", Text: "Save and run Test connection, then authorize the mailbox again: " + mailbox + "."},
		},
		Confirm: "Test connection in Jira succeeds, and no further AADSTS28000 is logged for this integration.",
		Links: []alert.Link{{Title: "Atlassian: OAuth 2.0 scope issues of Jira mail handlers",
			URL: "https://support.atlassian.com/jira/kb/resolve-oauth-2-0-scope-issues-for-jira-mail-handlers-in-data-center/"}},
		Facts: map[string]any{"code": "AADSTS28000", "scopes": []string{"https://outlook.office.com/IMAP.AccessAsUser.All",
			"https://outlook.office365.com/POP.AccessAsUser.All", "offline_access"},
			"suggested_scopes": []any{"https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access"}},
		Request: alert.Request{User: "admin"},
		Log: alert.Log{Name: "jira", Path: "/var/atlassian/application-data/jira/log/atlassian-jira.log",
			Excerpt: "2026-03-09 09:12:44,021+0100 http-nio-8080-exec-4 ERROR admin 725x157x1 1q2w3e 10.1.2.3 " +
				"/rest/oauth2-client/latest/config/flow/67513c3d-f6a4-4f93-ab37-f1bd822e68c9 " +
				"[c.a.o.c.rest.resource.ClientConfigurationResource] Error occurred while authorizing an integration. The error message " +
				"is: AADSTS28000: Provided value for the input parameter scope is not valid because it contains more than one resource."},
	}
}

func proxyForbids() alert.Data {
	return alert.Data{
		Schema: 1, Kind: alert.Quiet,
		Cause: alert.Cause{ID: "proxy-forbidden", Title: "The proxy does not let Jira reach the provider",
			Provider: "network", Severity: conf.SeverityMedium, Confidence: "likely"},
		Diagnosis: "The proxy between Jira and login.microsoftonline.com answered 403 Forbidden: it knows the destination and does not allow it.",
		Fix: []alert.Step{
			{Where: "network-admin", Text: "Allow CONNECT from the Jira nodes to login.microsoftonline.com:443 and outlook.office365.com:443."},
			{Where: "jira-host", Text: "On each node: curl --proxy http://proxy.example.com:3128 https://login.microsoftonline.com/ has to answer."},
		},
		Confirm: "Test connection in Jira succeeds from each node.",
		Facts:   map[string]any{"proxy_status": "403", "proxy_reason": "Forbidden"},
		Log: alert.Log{Name: "jira", Path: "/var/atlassian/application-data/jira/log/atlassian-jira.log.3",
			Excerpt: "2026-03-05 02:10:00,000+0100 Caesium-1-1 ERROR anonymous [c.a.o.c.l.t.DefaultTokenService] java.io.IOException: " +
				"Unable to tunnel through proxy. Proxy returns \"HTTP/1.1 403 Forbidden\""},
	}
}

// incidentOf is an incident of an integration for one cause, with failures
// every so often.
func incidentOf(id string, d alert.Data, from, to time.Time, every time.Duration, nodes ...string) report.Incident {
	d.Integration = alert.Integration{ID: id, Flow: &id, KnownBy: "flow"}
	d.ID = alert.NewID("jira-node-1", id, from).Alert(1)
	d.Node = nodes[len(nodes)-1]
	d.Failures.First = from
	var hours []report.Hour
	for t := from; !t.After(to); t = t.Add(every) {
		if h := t.UTC().Truncate(time.Hour); len(hours) == 0 || !hours[len(hours)-1].At.Equal(h) {
			hours = append(hours, report.Hour{At: h, Cause: d.Cause.ID})
		}
		hours[len(hours)-1].Failures++
		d.Failures.Count++
		d.Failures.Last = t
	}
	return report.Incident{
		Data: d, Nodes: nodes, Hours: hours,
		Causes: []report.Spell{{Cause: d.Cause.ID, Title: d.Cause.Title, Failures: d.Failures.Count, First: from, Last: d.Failures.Last}},
	}
}

// then is an incident that went on with another cause.
func then(a, b report.Incident) report.Incident {
	b.Data.ID = a.Data.ID
	b.Data.Failures.First = a.Data.Failures.First
	b.Data.Failures.Count += a.Data.Failures.Count
	b.Data.Cause.Previous = &a.Data.Cause.ID
	b.Causes = append(a.Causes[:len(a.Causes):len(a.Causes)], b.Causes...)
	b.Hours = append(a.Hours[:len(a.Hours):len(a.Hours)], b.Hours...)
	return b
}

func open(i report.Incident) report.Incident {
	i.Open = true
	return i
}

func reportOf(incidents ...report.Incident) report.Report {
	r := report.Report{
		Schema: 1, Made: report.Maker{Version: "1.4.0", At: at(13, 19, 5).UTC()},
		From: start, To: at(13, 18, 20), Complete: true, Nodes: []string{"jira-1", "jira-2"}, Incidents: incidents,
	}
	for _, node := range r.Nodes {
		for n, name := range []string{"atlassian-jira.log.2", "atlassian-jira.log.1", "atlassian-jira.log"} {
			r.Files = append(r.Files, report.File{
				Path: "/var/backups/" + node + "/" + name, Node: node, Bytes: 20_971_520 - int64(n)*3_217_411, From: at(n*5, 0, 0),
				To: at(min(n*5+5, 13), 18, 20),
			})
		}
	}
	for _, i := range incidents {
		r.Failures += i.Data.Failures.Count
	}
	return r
}

// night is eight integrations that fail for the eight root causes.
func night(t testing.TB) report.Report {
	set, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	c, err := conf.Default()
	if err != nil {
		t.Fatal(err)
	}
	var all []report.Incident
	for n, text := range testkit.Night {
		id := fmt.Sprintf("%08d-80d4-4407-8847-0b0726c3ac63", n+1)
		d := incident.NewRules(c).Explain(set.Diagnose(testkit.Failure(at(13, 2, n), id, text), nil).Failure, incident.Source{Name: "jira", Path: "atlassian-jira.log"})
		all = append(all, open(incidentOf(id, d, at(13, 2, n), at(13, 18, n), time.Hour, "jira-1")))
	}
	return reportOf(all...)
}

func empty() report.Report { return reportOf() }

func one() report.Report {
	r := reportOf(open(incidentOf("67513c3d-f6a4-4f93-ab37-f1bd822e68c9", secretExpired(), at(13, 9, 14), at(13, 18, 20), 5*time.Minute, "jira-1")))
	r.Nodes, r.Files = r.Nodes[:1], r.Files[:3]
	return r
}

// several is what a report is for: two nodes, three integrations, causes that
// change, one that came back.
func several() report.Report {
	const support, sales, hr = "67513c3d-f6a4-4f93-ab37-f1bd822e68c9", "b637a37a-80d4-4407-8847-0b0726c3ac63", "a5c88fb2-8edc-4f6c-b496-190405222009"
	other := secretExpired()
	other.Diagnosis = "The client secret that Jira uses for the app 0f3c8a11-52b7-4d1f-9a57-90a0c4f5d0aa has passed its end date. Until " +
		"Jira has a new one it gets no tokens: mail stops, and no mailbox can be authorized."
	other.Facts = map[string]any{"code": "AADSTS7000222", "app_id": "0f3c8a11-52b7-4d1f-9a57-90a0c4f5d0aa"}
	unnamed := incidentOf("unknown", proxyForbids(), at(6, 22, 40), at(7, 3, 10), 17*time.Minute, "jira-2")
	unnamed.Data.Integration = alert.Integration{ID: "unknown", KnownBy: "nothing"}
	unnamed.Data.ID = "unknown-1f0c9b2e@20260308T214000.000Z#1"
	return reportOf(
		then(incidentOf(support, proxyForbids(), at(2, 1, 30), at(2, 5, 0), 10*time.Minute, "jira-1", "jira-2"),
			incidentOf(support, manyResources(), at(2, 9, 0), at(3, 17, 0), 95*time.Minute, "jira-1", "jira-2")),
		incidentOf(hr, manyResources(), at(4, 8, 0), at(7, 9, 12), 47*time.Minute, "jira-2"),
		unnamed,
		open(incidentOf(sales, other, at(9, 0, 3), at(13, 18, 12), 9*time.Minute, "jira-1", "jira-2")),
		open(then(incidentOf(support, manyResources(), at(10, 10, 0), at(10, 16, 0), 2*time.Hour, "jira-1"),
			incidentOf(support, secretExpired(), at(10, 18, 0), at(13, 18, 20), 5*time.Minute, "jira-1"))),
	)
}

func incomplete() report.Report {
	r := several()
	since, until := at(1, 0, 0), at(30, 0, 0)
	r.Complete, r.Since, r.Until = false, &since, &until
	r.Files[1].Problem = "unexpected end of file after 3.1 MB: the archive is damaged"
	r.Files = append(r.Files, report.File{Path: "/var/backups/jira-2/atlassian-jira.log.9", Node: "jira-2", Problem: "permission denied"})
	return r
}

// storm is many integrations that fail at once when one secret expires.
func storm(n int) report.Report {
	var all []report.Incident
	for i := range n {
		d := secretExpired()
		if i%10 == 3 {
			d = proxyForbids()
		}
		inc := incidentOf(fmt.Sprintf("%08x-80d4-4407-8847-0b0726c3ac63", i*2654435), d, at(9, 0, i%60), at(12, 6+i%5, 0),
			time.Duration(20+i%7)*time.Minute, "jira-1", "jira-2")
		inc.Open = i%3 == 0
		all = append(all, inc)
	}
	return reportOf(all...)
}
