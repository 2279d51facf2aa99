package notify_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\n got %s\nwant %s", name, got, want)
	}
}

func pointer[T any](v T) *T { return &v }

// alert is one with something in each field.
func newAlert(kind alert.Kind) alert.Alert {
	at := time.Date(2021, 11, 16, 12, 35, 50, 956e6, time.FixedZone("", 3600))
	a := alert.Alert{Type: "jira.oauth." + string(kind), Timestamp: at, Data: alert.Data{
		Schema: 1, ID: "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40@20211116T113550.956Z#1", Kind: kind, Node: "jira-node-1",
		Integration: alert.Integration{ID: "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", Flow: pointer("d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"), KnownBy: alert.ByFlow},
		Cause: alert.Cause{ID: "entra-single-tenant-common-endpoint", RootCause: pointer(1), Title: "The app is for one tenant, the endpoint for all", Provider: "microsoft",
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
		a.Data.Cause.Previous = pointer("net-connect-timeout")
	}
	return a
}

var kinds = []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Test}

func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// answering is a receiver that says the same to all.
func answering(t *testing.T, status int, body string, header ...string) string {
	return server(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}).URL
}

func webhook(t *testing.T, w conf.Webhook) notify.Notifier {
	t.Helper()
	targets, err := notify.New(&conf.Config{Webhooks: []conf.Webhook{w}}, io.Discard, text.Style{})
	if err != nil {
		t.Fatal(err)
	}
	return targets[0].To
}

func slackTo(t *testing.T, url string) notify.Notifier {
	t.Helper()
	targets, err := notify.New(&conf.Config{Slack: []conf.Slack{{WebhookURL: conf.NewSecret(url)}}}, io.Discard, text.Style{})
	if err != nil {
		t.Fatal(err)
	}
	return targets[0].To
}

// send is one attempt at an alert.
func send(ctx context.Context, to notify.Notifier, a alert.Alert, plain bool) error {
	_, err := to.Send(ctx, notify.Delivery{Alert: a, Plain: plain})
	return err
}

// outcome of a Send; -1 is success.
func outcome(t *testing.T, err error) (notify.Outcome, *notify.Error) {
	t.Helper()
	if err == nil {
		return -1, nil
	}
	var failed *notify.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%v is no *notify.Error", err)
	}
	return failed.Outcome, failed
}

func soon(t *testing.T) context.Context {
	ctx, cancel := testkit.WithPatience(t)
	t.Cleanup(cancel)
	return ctx
}
