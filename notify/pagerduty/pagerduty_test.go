package pagerduty_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/pagerduty"
)

const routingKey = "R0UT1NGK3YCANARYPATH0123456789AB"

func newNotifier(t *testing.T, url string) notify.Notifier {
	t.Helper()
	return configured(t, conf.PagerDuty{APIURL: url})
}

func configured(t *testing.T, c conf.PagerDuty) notify.Notifier {
	t.Helper()
	c.RoutingKey = conf.NewSecret(routingKey)
	to, err := pagerduty.New("http://127.0.0.1:9494/")(c)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// PagerDuty passes what every receiver must.
func TestReceiver(t *testing.T) {
	notifytest.Test(t, notifytest.Receiver{New: func(t *testing.T, address conf.Secret) notify.Notifier {
		return newNotifier(t, address.Reveal())
	}})
}

// posted is the event that an alert becomes.
func posted(t *testing.T, a alert.Alert, plain bool) []byte {
	t.Helper()
	return postedBy(t, conf.PagerDuty{}, a, plain)
}

func postedBy(t *testing.T, c conf.PagerDuty, a alert.Alert, plain bool) []byte {
	t.Helper()
	url, requests := notifytest.Recording(t, func([]byte) {})
	c.APIURL = url
	if err := notifytest.Send(notifytest.Patience(t), configured(t, c), a, plain); err != nil {
		t.Fatal(err)
	}
	return (<-requests).Body
}

// Each kind of alert is an event with all that an operator needs.
func TestEvents(t *testing.T) {
	all := map[string]alert.Alert{"summary": alerttest.Summary(t)}
	for _, kind := range alerttest.AllKinds {
		all[string(kind)] = alerttest.Example(t, kind)
	}
	for name, a := range all {
		var value any
		if err := json.Unmarshal(posted(t, a, false), &value); err != nil {
			t.Fatal(err)
		}
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, "testdata/"+name+".golden.json", string(text)+"\n")
	}
}

// What begins an incident and what ends it have one deduplication key, and an
// end resolves.
func TestLife(t *testing.T) {
	type event struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	keys := map[string]bool{}
	for n, kind := range []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Resolved, alert.Sighted} {
		a := alerttest.Alert(kind)
		a.Data.ID = a.Data.Incident().Alert(n + 1)
		var got event
		if err := json.Unmarshal(posted(t, a, n == 2), &got); err != nil {
			t.Fatal(err)
		}
		want := "trigger"
		if kind == alert.Quiet || kind == alert.Resolved || kind == alert.Sighted {
			want = "resolve"
		}
		if got.Action != want {
			t.Errorf("%s: %s, want %s", kind, got.Action, want)
		}
		keys[got.Key] = true
	}
	if len(keys) != 1 {
		t.Errorf("keys %v, want one", keys)
	}
}

// Across nodes, the incidents of one integration have one deduplication key, whatever node and time
// they are of; without it, each has its own.
func TestAcrossNodes(t *testing.T) {
	for across, want := range map[bool]int{false: 3, true: 2} {
		keys := map[string]bool{}
		for _, id := range []alert.ID{"node-1/x@20260102T100000.000Z", "node-2/x@20260102T100001.000Z", "node-2/y@20260102T100001.000Z"} {
			a := alerttest.Alert(alert.Opened)
			a.Data.ID = id.Alert(1)
			var got struct {
				Key string `json:"dedup_key"`
			}
			if err := json.Unmarshal(postedBy(t, conf.PagerDuty{AcrossNodes: across}, a, false), &got); err != nil {
				t.Fatal(err)
			}
			keys[got.Key] = true
		}
		if len(keys) != want {
			t.Errorf("across_nodes %v: keys %v, want %d", across, keys, want)
		}
	}
}

// Whatever a log says, an event is within the limits of the Events API.
func TestLimits(t *testing.T) {
	for name, text := range alerttest.Monsters {
		body := posted(t, alerttest.Monstrous(alert.Storm, text, 60), false)
		var got struct {
			Key     string `json:"dedup_key"`
			Payload struct{ Summary, Source, Severity string }
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if len(body) > 512<<10 || len(got.Key) > 255 || len([]rune(got.Payload.Summary)) > 1024 || got.Payload.Source == "" || got.Payload.Severity == "" {
			t.Errorf("%s: %d bytes, a key of %d, a summary of %d", name, len(body), len(got.Key), len(got.Payload.Summary))
		}
	}
}

// A routing key that PagerDuty does not know is a matter of the settings, and
// appears in no error.
func TestRoutingKey(t *testing.T) {
	for _, tt := range []struct {
		answer string
		want   notify.Outcome
	}{
		{`{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}`, notify.BadSettings},
		{`{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is missing"]}`, notify.BadMessage},
	} {
		url := notifytest.Server(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, strings.Replace(tt.answer, "is invalid", "is invalid: "+string(body[16:50]), 1))
		}).URL
		got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), newNotifier(t, url), alerttest.Alert(alert.Opened), false))
		if got != tt.want {
			t.Errorf("%s: outcome %d (%v), want %d", tt.answer, got, err, tt.want)
		}
		if strings.Contains(err.Error(), routingKey[:10]) {
			t.Errorf("the routing key appears in %v", err)
		}
	}
}
