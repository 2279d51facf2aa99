package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// article are the events of Atlassian's article, and what must come of each.
var article = []struct {
	file        string
	cause       string
	rootCause   int
	integration string
	codes       []string
	facts       map[string]any
}{
	{"rc1-aadsts50194", "entra-single-tenant-common-endpoint", 1, "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", []string{"AADSTS50194"}, map[string]any{
		"code": "AADSTS50194", "app_id": "79c86cf8-e761-4fdc-bc20-a629c5d04260", "app_name": "Single Tenant - Test", "endpoint": "Authorization endpoint",
		"error":    "invalid_request",
		"trace_id": "d7599cf0-813f-4495-8317-577479857f00", "correlation_id": "34687097-cd9a-4300-9639-b561f5effd26", "provider_time": "2021-11-16 11:35:47Z",
	}},
	{"rc2a-aadsts7000215", "entra-client-secret-invalid", 2, "b637a37a-80d4-4407-8847-0b0726c3ac63", []string{"AADSTS7000215"}, map[string]any{
		"code": "AADSTS7000215", "endpoint": "Token endpoint",
		"trace_id": "15582ef9-f50c-49d2-bbea-ed98debc4d00", "correlation_id": "b56ef91f-c6af-4026-8226-7ec6ed7e5589", "provider_time": "2021-09-13 09:02:12Z",
	}},
	{"rc2b-aadsts7000215-url-user-thread", "entra-client-secret-invalid", 2, "a5c88fb2-8edc-4f6c-b496-190405222009", []string{"AADSTS7000215"}, map[string]any{
		"code": "AADSTS7000215", "endpoint": "Token endpoint",
		"trace_id": "a5bbfead-d47d-4da5-8ad6-f097ed7e8b00", "correlation_id": "6f0462af-0baa-40ce-b62d-0723e5e7f2a8", "provider_time": "2021-02-04 17:17:16Z",
	}},
	{"rc3-proxy-407", "proxy-auth-basic-tunnel-disabled", 3, "dd20be92-0b16-4692-a587-a0dceb4d1095", []string{}, map[string]any{
		"proxy_status": "407", "proxy_reason": "Proxy Authentication Required", "exception": "java.io.IOException",
	}},
	{"rc4a-connection-timed-out", "net-connect-timeout", 4, "unknown", []string{}, map[string]any{"exception": "java.net.ConnectException"}},
	{"rc4b-connection-reset", "net-connection-reset", 4, "unknown", []string{}, map[string]any{"exception": "javax.net.ssl.SSLException"}},
	{"rc6-aadsts500011", "entra-resource-principal-not-found", 6, "4fbada08-3c12-40ca-8083-17f5175a28b3", []string{"AADSTS500011"}, map[string]any{
		"code": "AADSTS500011", "endpoint": "Authorization endpoint", "resource": "https://graph.micrsoft.com",
		"suggested_resource": "https://graph.microsoft.com",
		"tenant_id":          "67b039ac-f578-42c6-9b5b-aa1b5bb0388f",
	}},
	{"rc7-aadsts28000", "entra-scopes-multiple-resources", 7, "67513c3d-f6a4-4f93-ab37-f1bd822e68c9", []string{"AADSTS28000"}, map[string]any{
		"code": "AADSTS28000", "endpoint": "Token endpoint",
		"scopes":           []any{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office365.com/POP.AccessAsUser.All", "offline_access"},
		"suggested_scopes": []any{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/POP.AccessAsUser.All", "offline_access"},
		"trace_id":         "e32c07cf-b6b5-46e0-a570-00f7bd524700", "correlation_id": "f42c3c1f-7755-4154-a793-859caf0e3565",
		"provider_time": "2022-10-10 12:05:40Z",
	}},
	{"rc8-pkix", "tls-certificate-untrusted", 8, "5174c727-52c0-4f2a-96b5-d0ca61a1ccd2", []string{},
		map[string]any{"exception": "javax.net.ssl.SSLHandshakeException"}},
}

func sample(t testing.TB, name string) string {
	t.Helper()
	return testkit.Read(t, filepath.Join("..", "..", "testdata", "kb", name+".log"))
}

// Each failure of the article, written to a live log by another process, is
// one signed webhook request and one Slack message; and so is the end of the one
// incident that the next failure, a year later, ends.
func TestEveryFailureOfTheArticle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub, slack := receive(t), receive(t)
	config, log := settings(t, dir, hub, fmt.Sprintf("[[slack]]\nwebhook_url = \"%s/services/T0/B0/canary\"\n", slack.URL))
	testkit.Write(t, log, ordinary)
	w := start(t, dir, "run", "--config", config)
	w.follows()
	var alerts []alert.Alert
	ends := 0
	for i, want := range article {
		appendAs(t, log, ordinary+sample(t, want.file))
		if want.file == "rc4b-connection-reset" { // of the same integration as the one before
			if end := hub.alerts(i + 2)[i].Data; end.Kind != alert.Quiet || end.Incident() != alerts[i-1].Data.Incident() {
				t.Errorf("the incident of a year before ends with %s %s", end.Kind, end.ID)
			}
			ends++
		}
		a := hub.alerts(i + ends + 1)[i+ends]
		alerts = append(alerts, a)
		got := a.Data
		if got.Cause.ID != want.cause || got.Cause.RootCause == nil || *got.Cause.RootCause != want.rootCause || got.Integration.ID != want.integration ||
			!reflect.DeepEqual(got.Cause.Codes, want.codes) {
			t.Errorf("%s: got cause %+v of %+v, want %s, root cause %d, %v, of %s", want.file, got.Cause, got.Integration, want.cause, want.rootCause,
				want.codes, want.integration)
		}
		if !reflect.DeepEqual(got.Facts, want.facts) {
			t.Errorf("%s: facts\n got %v\nwant %v", want.file, got.Facts, want.facts)
		}
		if a.Type != "jira.oauth."+string(got.Kind) || got.Node != "jira-node-1" || got.Log.Name != "jira" || got.Log.Path != log {
			t.Errorf("%s: type %q, node %q, log %+v", want.file, a.Type, got.Node, got.Log)
		}
	}
	// One more failure comes last and shows that nothing was between.
	appendAs(t, log, failure(1, 1, badSecret))
	sent := len(article) + 1 + ends
	hub.alerts(sent)
	testkit.Until(t, func() error {
		if n := len(slack.accepted()); n != sent {
			return fmt.Errorf("%d messages to Slack, want %d", n, sent)
		}
		return nil
	})
	w.stop()
	if n := len(hub.all()); n != sent {
		t.Errorf("%d webhook requests, want one for each of the %d failures and %d end", n, len(article)+1, ends)
	}
	verifier, err := standardwebhooks.NewWebhook(signingSecret)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range hub.all() {
		if err := verifier.Verify(q.body, q.header); err != nil {
			t.Errorf("request %d: %v", i, err)
		}
		var a alert.Alert
		if err := json.Unmarshal(q.body, &a); err != nil || q.header.Get("webhook-id") != string(a.Data.ID) {
			t.Errorf("request %d: webhook-id %q, data.id %q, %v", i, q.header.Get("webhook-id"), a.Data.ID, err)
		}
	}
	for i, want := range article { // in Slack's order the causes take turns
		parts := []string{alerts[i].Data.Cause.Title, want.cause, want.integration, alerts[i].Data.Fix[0].Text[:20]}
		if !slices.ContainsFunc(slack.all(), func(q request) bool {
			return !slices.ContainsFunc(parts, func(part string) bool {
				encoded, _ := json.Marshal(part)
				return !bytes.Contains(q.body, bytes.Trim(encoded, `"`))
			})
		}) {
			t.Errorf("%s: no Slack message has all of %q", want.file, parts)
		}
	}
	if out := w.stderr.String() + w.stdout.String(); strings.Contains(out, "canary") || strings.Contains(out, signingSecret) {
		t.Errorf("a secret is in the program's own output:\n%s", out)
	}
}

// A thousand failures of five integrations are five alerts; another cause of
// one of them is one more.
func TestOneIntegrationOneCauseOneAlert(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	w, _, log := follow(t, dir, hub, "")
	for part := range 10 {
		var b strings.Builder
		for i := range 100 {
			n := part*100 + i
			b.WriteString(failure(n%5, n%50, badSecret))
		}
		appendAs(t, log, b.String())
	}
	appendAs(t, log, failure(3, 55, badTLS))
	alerts := hub.alerts(6)
	w.stop()
	if n := len(hub.all()); n != 6 {
		t.Fatalf("%d requests, want 6", n)
	}
	// Causes take turns: only the alerts of one incident have an order.
	var last alert.Data
	opened := map[string]bool{}
	for i, a := range alerts {
		switch id := a.Data.Integration.ID; {
		case a.Data.Kind == alert.Opened && !opened[id]:
			opened[id] = true
		case a.Data.Kind == alert.Changed && opened[id] && last.ID == "":
			last = a.Data
		default:
			t.Errorf("alert %d of %s is %s", i, id, a.Data.Kind)
		}
	}
	if last.Integration.ID != flowID(3) || last.Cause.ID != "tls-certificate-untrusted" || last.Cause.Previous == nil ||
		*last.Cause.Previous != "entra-client-secret-invalid" || last.Failures.Count != 201 {
		t.Errorf("the change is told as %+v, %+v, %+v", last.Integration, last.Cause, last.Failures)
	}
}

// Reminders and the end of an incident come by themselves.
func TestReminderAndQuiet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	w, _, log := follow(t, dir, hub, "[alerts]\nrepeat_interval = \"1s\"\nquiet_after = \"4s\"\n")
	appendAs(t, log, failure(1, 0, badSecret))
	hub.alerts(1)
	appendAs(t, log, failure(1, 2, badSecret))
	hub.alerts(2)
	alerts := hub.alerts(3)
	w.stop()
	var kinds []alert.Kind
	var ids []string
	for _, a := range alerts {
		kinds = append(kinds, a.Data.Kind)
		ids = append(ids, string(a.Data.ID))
	}
	if want := []alert.Kind{alert.Opened, alert.Reminder, alert.Quiet}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	first := "jira-node-1/" + flowID(1) + "@20260102T100000.000Z#"
	if want := []string{first + "1", first + "2", first + "3"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("IDs %v, want %v", ids, want)
	}
	if last := alerts[2].Data.Failures; last.Count != 2 || !last.Last.Equal(time.Date(2026, 1, 2, 10, 0, 2, 0, time.UTC)) {
		t.Errorf("the incident closed with %+v", last)
	}
}
