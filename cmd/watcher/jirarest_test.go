package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

const (
	appID     = "79c86cf8-e761-4fdc-bc20-a629c5d04260"
	inJira    = "b7a1c0de-0001-4000-8000-000000000001"
	jiraToken = "CANARYpat0123456789"
)

// integrations are what Jira's REST API answers, with the fields of its public API.
const integrations = `[{"id":"` + inJira + `","name":"Help desk <!channel> password=Hunter2Secret99","description":"","type":"CUSTOM","clientId":"` + appID + `",
"clientSecret":null,"authorizationEndpoint":"https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
"tokenEndpoint":"https://login.microsoftonline.com/common/oauth2/v2.0/token",
"scopes":["https://outlok.office.com/IMAP.AccessAsUser.All","https://graph.microsoft.com/SMTP.Send","offline_access"],
"redirectUriSuffix":"abc"},
{"id":"other","name":"Other","type":"GOOGLE","clientId":"x.apps.googleusercontent.com","scopes":[]}]`

// restOfJira is a Jira that answers in one way. It logs an error for each request, as a broken
// one does.
func restOfJira(t *testing.T, log string, answer func(http.ResponseWriter, *http.Request)) *httptest.Server {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/jira/rest/oauth2-client/latest/config" || r.Header.Get("Authorization") != "Bearer "+jiraToken {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		if asked > 1 {
			t.Error("it is asked more than once a minute")
		}
		w.Header().Set("X-AREQUESTID", "@1IOQ6UPx755x1x1")
		testkit.Append(t, log, testkit.Stamp(time.Now())+" http-nio-8080-exec-9 ERROR watcher 755x1x1 - 127.0.0.1 "+
			"/rest/oauth2-client/latest/config [c.a.o.c.rest.resource.ClientConfigurationResource] java.lang.NullPointerException\n")
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// What Jira's REST API says of an integration is in its alerts: its ID, its name, and the
// setting that is wrong. Where Jira does not say it, the alert comes too, and says why.
func TestJiraREST(t *testing.T) {
	t.Parallel()
	says := func(status int, kind, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	ok := says(http.StatusOK, "application/json", integrations)
	const (
		common = "AADSTS50194: Application '" + appID + "'(Jira Mail) is not configured as a multi-tenant application. " +
			"Usage of the /common endpoint is not supported for such apps created after '10/15/2018'."
		resource = "AADSTS500011: The resource principal named https://outlok.office.com was not found in the tenant named Contoso."
		mixed    = "AADSTS28000: Provided value for the input parameter scope is not valid because it contains more than one resource. " +
			"Scope https://outlok.office.com/IMAP.AccessAsUser.All https://graph.microsoft.com/SMTP.Send offline_access is not valid."
	)
	for name, tt := range map[string]struct {
		answer  func(http.ResponseWriter, *http.Request)
		message string
		want    string // in the diagnosis
		unknown string
	}{
		"/common": {ok, common, "Authorization endpoint is `https://login.microsoftonline.com/common/oauth2/v2.0/authorize` and should be " +
			"`https://login.microsoftonline.com/<TENANT_ID>/oauth2/v2.0/authorize`; Token endpoint is", ""},
		"a misspelt host": {ok, resource, "In Jira, Scopes has `https://outlok.office.com/IMAP.AccessAsUser.All`, " +
			"should be `https://outlook.office.com/IMAP.AccessAsUser.All`.", ""},
		"two hosts": {ok, mixed, "and should be `https://outlook.office.com/IMAP.AccessAsUser.All` `https://outlook.office.com/SMTP.Send` `offline_access`.", ""},
		"slow":      {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, common, "", "did not answer within 2 s"},
		"401":       {says(http.StatusUnauthorized, "text/html", "<html>"), common, "", "answered 401"},
		"403":       {says(http.StatusForbidden, "application/json", "{}"), common, "", "answered 403"},
		"429":       {says(http.StatusTooManyRequests, "text/plain", ""), common, "", "answered 429"},
		"a sign-in": {says(http.StatusOK, "text/html", "<!doctype html><html>"), common, "", "answered with a web page instead of JSON"},
		"no such":   {says(http.StatusOK, "application/json", "[]"), common, "", "no integration in Jira has this application ID"},
		"down":      {nil, common, "", "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, r := t.TempDir(), receive(t)
			url := "http://" + testkit.FreeAddress(t)
			config, log := settings(t, dir, r, "")
			testkit.Write(t, log, "")
			if tt.answer != nil {
				url = restOfJira(t, log, tt.answer).URL
			}
			testkit.Append(t, config, fmt.Sprintf("[jira]\nurl = %q\ntoken = %q\n", url+"/jira", jiraToken))
			w := start(t, dir, "run", "--config", config)
			w.follows()
			appendAs(t, log, failure(1, 1, tt.message)+failure(1, 2, tt.message))
			d := r.alerts(1)[0].Data
			if tt.unknown == "" {
				if d.Integration.ID != inJira || d.Integration.KnownBy != "configuration" || d.Integration.Name == nil ||
					!strings.HasPrefix(*d.Integration.Name, "Help desk") || !strings.Contains(d.Diagnosis, tt.want) || d.Facts["settings_unknown"] != nil {
					t.Errorf("integration %+v, facts %v\ndiagnosis %s\nwant %s", d.Integration, d.Facts, d.Diagnosis, tt.want)
				}
			} else if reason, _ := d.Facts["settings_unknown"].(string); !strings.Contains(reason, tt.unknown) || d.Integration.KnownBy != "flow" {
				t.Errorf("unknown since %q, want %q; integration %+v", reason, tt.unknown, d.Integration)
			}
			appendAs(t, log, failure(2, 3, badSecret)) // what was written before is read by then
			for _, a := range r.alerts(2) {
				if id := a.Data.Integration.ID; id == "unknown" || a.Data.Cause.ID == "unknown" {
					t.Errorf("an alert about our own request: %+v", a.Data)
				}
			}
			w.stop()
			if all := w.stdout.String() + w.stderr.String() + fmt.Sprintf("%+v", r.all()); strings.Contains(all, "CANARY") || strings.Contains(all, "Hunter2") {
				t.Errorf("the token is in %s", all)
			}
		})
	}
}
