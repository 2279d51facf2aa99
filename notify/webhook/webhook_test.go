package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/webhook"
)

// The webhook passes what every receiver must.
func TestReceiver(t *testing.T) {
	notifytest.Test(t, notifytest.Receiver{
		New: func(t *testing.T, address conf.Secret) notify.Notifier {
			headers := map[string]conf.Secret{"Authorization": conf.NewSecret("Bearer " + notifytest.CanaryHeader)}
			return newWebhook(t, conf.Webhook{URL: address, Secret: conf.NewSecret(notifytest.Secret), Client: conf.Client{Headers: headers}})
		},
		Outcomes: map[int]notify.Outcome{410: notify.Gone}, // as Standard Webhooks says
	})
}

func newWebhook(t *testing.T, c conf.Webhook) notify.Notifier {
	t.Helper()
	to, err := webhook.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// body is what alert(notify.Changed) is on the wire.
const body = `{
  "type": "jira.oauth.changed",
  "timestamp": "2021-11-16T12:35:50.956+01:00",
  "data": {
    "schema": 1,
    "id": "jira-node-1/d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40@20211116T113550.956Z#1",
    "kind": "changed",
    "node": "jira-node-1",
    "integration": {"id": "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", "flow": "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40", "name": null, "known_by": "flow"},
    "cause": {"id": "entra-single-tenant-common-endpoint", "root_cause": 1, "title": "The app is for one tenant, the endpoint for all", "provider": "microsoft",
      "severity": "high", "confidence": "certain", "codes": ["AADSTS50194"], "previous": "net-connect-timeout"},
    "diagnosis": "The app <Jira & mail> accepts accounts of one tenant only.",
    "fix": [{"text": "Put the tenant ID in place of common.", "where": "jira-admin"}, {"text": "Or make the app multi-tenant.", "where": "entra-admin"}],
    "confirm": "Test connection succeeds.",
    "links": [{"title": "Atlassian <KB>", "url": "https://confluence.atlassian.com/x?a=1|2"}, {"title": "Microsoft", "url": "https://learn.microsoft.com/y"}],
    "facts": {"app_id": "79c86cf8-e761-4fdc-bc20-a629c5d04260", "trace_id": "b1c2d3e4-0000-1111-2222-333344445555", "suggested_scopes": ["a", "b"]},
    "request": {"user": "julien", "client": "127.0.0.1", "id": "755x4397x2", "path": "/rest/oauth2-client/latest/config/flow/d4ec2ed5"},
    "failures": {"count": 3, "first": "2021-11-16T11:35:50.956+01:00", "last": "2021-11-16T12:35:50.956+01:00", "since_last_alert": 2},
    "log": {"name": "jira", "path": "/var/log/atlassian-jira.log", "excerpt": "2021-11-16 12:35:50,956+0100 ERROR <x>\n\tat a.b"},
    "probe": null,
    "phase": "test"
  }
}`

// The body is the documented envelope, whole, and the same in the plain form.
func TestWebhookBody(t *testing.T) {
	url, requests := notifytest.Recorded(t)
	for _, plain := range []bool{false, true} {
		if err := notifytest.Send(notifytest.Patience(t), newWebhook(t, conf.Webhook{URL: conf.NewSecret(url)}), alerttest.Alert(alert.Changed),
			plain); err != nil {
			t.Fatal(err)
		}
		var got, want any
		r := <-requests
		if err := json.Unmarshal(r.Body, &got); err != nil {
			t.Fatal(err)
		}
		json.Unmarshal([]byte(body), &want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("plain %v\n got %s\nwant %s", plain, r.Body, body)
		}
	}
}

// What an alert does not know is null or empty, never missing.
func TestWebhookEmpty(t *testing.T) {
	text, err := json.Marshal(alert.Alert{Data: alert.Data{Cause: alert.Cause{Codes: []string{}}, Fix: []alert.Step{}, Links: []alert.Link{},
		Facts: map[string]any{}}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"","timestamp":"0001-01-01T00:00:00Z","data":{"schema":0,"id":"","kind":"","node":"","integration":{"id":"","flow":null,"name":null,"known_by":""},` +
		`"cause":{"id":"","root_cause":null,"title":"","provider":"","severity":"low","confidence":"","codes":[],"previous":null},"diagnosis":"","fix":[],"confirm":"","links":[],"facts":{},` +
		`"request":{"user":"","client":"","id":"","path":""},"failures":{"count":0,"first":"0001-01-01T00:00:00Z","last":"0001-01-01T00:00:00Z","since_last_alert":0},` +
		`"log":{"name":"","path":"","excerpt":""},"probe":null}}`
	if string(text) != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
}

// The signature is that of Standard Webhooks: for its own library, and worked
// out by hand. The ID is the alert's, the time that of the attempt.
func TestWebhookSignature(t *testing.T) {
	url, requests := notifytest.Recorded(t)
	before := time.Now().Unix()
	w := newWebhook(t, conf.Webhook{URL: conf.NewSecret(url), Secret: conf.NewSecret(notifytest.Secret),
		Client: conf.Client{Headers: map[string]conf.Secret{"X-Team": conf.NewSecret("mail"), "user-agent": conf.NewSecret("mine")}}})
	if err := notifytest.Send(notifytest.Patience(t), w, alerttest.Alert(alert.Opened), false); err != nil {
		t.Fatal(err)
	}
	r := <-requests
	referee, err := standardwebhooks.NewWebhook(notifytest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := referee.Verify(r.Body, r.Header); err != nil {
		t.Error(err)
	}
	id, stamp := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	if want := string(alerttest.Alert(alert.Opened).Data.ID); id != want {
		t.Errorf("webhook-id %q, want %q", id, want)
	}
	if at, err := strconv.ParseInt(stamp, 10, 64); err != nil || at < before || at > time.Now().Unix() {
		t.Errorf("webhook-timestamp %q", stamp)
	}
	key, _ := base64.StdEncoding.DecodeString(notifytest.Secret[len("whsec_"):])
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, id+"."+stamp+"."+string(r.Body))
	if got, want := r.Header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("webhook-signature %q, want %q", got, want)
	}
	if r.Method != "POST" || r.Header.Get("Content-Type") != "application/json; charset=utf-8" || r.Header.Get("X-Team") != "mail" ||
		r.Header.Get("User-Agent") != "mine" {
		t.Errorf("%s with %v", r.Method, r.Header)
	}
}

// While receivers change over to a new secret, those with either verify, and
// one with a third does not.
func TestWebhookTwoSecrets(t *testing.T) {
	const previous, third = "whsec_cHJldmlvdXMgcHJldmlvdXMgcHJldmlvdXM=", "whsec_dGhpcmQgdGhpcmQgdGhpcmQgdGhpcmQgdGg="
	url, requests := notifytest.Recorded(t)
	w := newWebhook(t, conf.Webhook{URL: conf.NewSecret(url), Secret: conf.NewSecret(notifytest.Secret), PreviousSecret: conf.NewSecret(previous)})
	if err := notifytest.Send(notifytest.Patience(t), w, alerttest.Alert(alert.Opened), false); err != nil {
		t.Fatal(err)
	}
	r := <-requests
	for key, want := range map[string]bool{notifytest.Secret: true, previous: true, third: false} {
		referee, err := standardwebhooks.NewWebhook(key)
		if err != nil {
			t.Fatal(err)
		}
		if err := referee.Verify(r.Body, r.Header); (err == nil) != want {
			t.Errorf("%s: %v, want %v", key, err, want)
		}
	}
	if n := len(strings.Fields(r.Header.Get("webhook-signature"))); n != 2 {
		t.Errorf("%d signatures", n)
	}
	bad := newWebhook(t, conf.Webhook{URL: conf.NewSecret(url), Secret: conf.NewSecret(notifytest.Secret), PreviousSecret: conf.NewSecret("whsec_canary!")})
	if got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), bad, alerttest.Alert(alert.Opened), false)); got != notify.BadSettings ||
		err.Error() != "the previous_secret is not of the form whsec_…" {
		t.Errorf("outcome %d, %v", got, err)
	}
}

// Without a secret there is no signature, and the other headers stay.
func TestWebhookUnsigned(t *testing.T) {
	url, requests := notifytest.Recorded(t)
	if err := notifytest.Send(notifytest.Patience(t), newWebhook(t, conf.Webhook{URL: conf.NewSecret(url)}), alerttest.Alert(alert.Opened), false); err != nil {
		t.Fatal(err)
	}
	r := <-requests
	if _, signed := r.Header["Webhook-Signature"]; signed || r.Header.Get("webhook-id") == "" || r.Header.Get("webhook-timestamp") == "" ||
		r.Header.Get("User-Agent") != "jira-oauth-watcher" {
		t.Errorf("got %v", r.Header)
	}
}

// Any status of success accepts.
func TestWebhookAccepted(t *testing.T) {
	for _, status := range []int{200, 201, 202, 204, 299} {
		to := newWebhook(t, conf.Webhook{URL: conf.NewSecret(notifytest.Answering(t, status, ""))})
		if err := notifytest.Send(notifytest.Patience(t), to, alerttest.Alert(alert.Opened), false); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// A pause that the receiver asks for is in seconds, also with a fraction, or a
// date, and at most an hour.
func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		from, to    time.Duration
	}{
		{"seconds", "2", 2 * time.Second, 2 * time.Second},
		{"fraction", "0.25", 250 * time.Millisecond, 250 * time.Millisecond},
		{"date", time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat), 20 * time.Second, 30 * time.Second},
		{"date in the past", "Wed, 21 Oct 2015 07:28:00 GMT", 0, 0},
		{"date far ahead", "Wed, 21 Oct 2099 07:28:00 GMT", time.Hour, time.Hour},
		{"absurd", "1e30", time.Hour, time.Hour},
		{"infinite", "+Inf", time.Hour, time.Hour},
		{"no number", "NaN", 0, 0},
		{"negative", "-5", 0, 0},
		{"words", "soon", 0, 0},
		{"none", "", 0, 0},
	} {
		url := notifytest.Answering(t, 429, "", "Retry-After", tt.value)
		_, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), newWebhook(t, conf.Webhook{URL: conf.NewSecret(url)}),
			alerttest.Alert(alert.Opened), false))
		if got := err.RetryAfter; got < tt.from || got > tt.to {
			t.Errorf("%s %q: %s, want %s to %s", tt.name, tt.value, got, tt.from, tt.to)
		}
	}
}
