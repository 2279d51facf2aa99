package webhook_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify/notifytest"
)

func wire(t *testing.T, a alert.Alert) []byte {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Alerts of each kind are valid, also those in which little is known, and with
// fields that a later version adds.
func TestSchemaAccepts(t *testing.T) {
	for _, kind := range alerttest.AllKinds {
		a := alerttest.Alert(kind)
		if err := notifytest.Valid(t, wire(t, a)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		a.Data.Acknowledged = &alert.Acknowledged{By: "Ada", UserID: "U1", At: a.Timestamp, Until: a.Timestamp.Add(time.Hour)}
		if err := notifytest.Valid(t, wire(t, a)); err != nil {
			t.Errorf("%s, acknowledged: %v", kind, err)
		}
		added := strings.NewReplacer(`"data":{`, `"data":{"new":{"a":[1]},`, `"cause":{`, `"cause":{"new":1,`, `"log":{`,
			`"log":{"new":1,`).Replace(string(wire(t, a)))
		if err := notifytest.Valid(t, []byte(added)); err != nil {
			t.Errorf("%s, later: %v", kind, err)
		}
	}
	if err := notifytest.Valid(t, wire(t, alerttest.Summary(t))); err != nil {
		t.Error(err)
	}
	blind := alert.Alert{Type: "jira.oauth.blind", Data: alert.Data{
		Schema: 1, ID: "log-0a1b2c3d@20260102T030405.000Z#1", Kind: alert.Blind, Integration: alert.Integration{ID: alert.Unknown, KnownBy: "nothing"},
		Cause: alert.Cause{ID: "log-lines-lost", Confidence: "certain", Codes: []string{}}, Fix: []alert.Step{}, Links: []alert.Link{}, Facts: map[string]any{},
	}}
	if err := notifytest.Valid(t, wire(t, blind)); err != nil {
		t.Error(err)
	}
}

// What is not an alert is refused.
func TestSchemaRefuses(t *testing.T) {
	for _, tt := range []struct{ name, old, new string }{
		{"no failure in opened", `"count":3`, `"count":0`},
		{"half a failure", `"count":3`, `"count":2.5`},
		{"unknown kind", `"kind":"opened"`, `"kind":"mended"`},
		{"no cause before", `"kind":"opened"`, `"kind":"changed"`},
		{"no id", `"id":"jira-node-1/d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40@20211116T113550.956Z#1",`, ``},
		{"id without a number", `Z#1"`, `Z"`},
		{"another version", `"schema":1`, `"schema":2`},
		{"type of another program", `jira.oauth.opened`, `jira.opened`},
		{"day without a time", `"timestamp":"2021-11-16T12:35:50.956+01:00"`, `"timestamp":"2021-11-16"`},
		{"time without an offset", `"first":"2021-11-16T11:35:50.956+01:00"`, `"first":"2021-11-16T11:35:50.956"`},
		{"unknown severity", `"severity":"high"`, `"severity":"awful"`},
		{"unknown confidence", `"confidence":"certain"`, `"confidence":"maybe"`},
		{"no codes", `"codes":["AADSTS50194"],`, ``},
		{"null codes", `"codes":["AADSTS50194"]`, `"codes":null`},
		{"long excerpt", `"excerpt":"`, `"excerpt":"` + strings.Repeat("é", 2000)},
		{"number as a fact", `"facts":{`, `"facts":{"n":1,`},
		{"step without a place", `,"where":"jira-admin"`, ``},
		{"root cause 0", `"root_cause":1`, `"root_cause":0`},
		{"address that is none", `https://learn.microsoft.com/y`, `not an address`},
		{"half a probe", `"probe":null`, `"probe":{"host":"a"}`},
		{"no probe", `,"probe":null`, ``},
	} {
		good := string(wire(t, alerttest.Alert(alert.Opened)))
		bad := strings.Replace(good, tt.old, tt.new, 1)
		if bad == good {
			t.Fatalf("%s: %s is not in %s", tt.name, tt.old, good)
		}
		if notifytest.Valid(t, []byte(bad)) == nil {
			t.Errorf("%s is accepted: %s", tt.name, bad)
		}
	}
}

// Each field has a title and a description.
func TestSchemaDescribes(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal([]byte(testkit.Read(t, "../alert.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	described := func(name string, field map[string]any) {
		if _, ref := field["$ref"]; !ref && (field["title"] == nil || field["description"] == nil) {
			t.Errorf("%s has no title or no description", name)
		}
		properties, _ := field["properties"].(map[string]any)
		required, _ := field["required"].([]any)
		for _, r := range required {
			if properties[r.(string)] == nil {
				t.Errorf("%s requires %v, which it does not describe", name, r)
			}
		}
	}
	objects := map[string]any{"alert": schema}
	for name, def := range schema["$defs"].(map[string]any) {
		objects[name] = def
	}
	for name, object := range objects {
		described(name, object.(map[string]any))
		for field, f := range object.(map[string]any)["properties"].(map[string]any) {
			described(name+"."+field, f.(map[string]any))
		}
	}
}

// delivered is the body that a webhook without a template sends, indented.
func delivered(t *testing.T, a alert.Alert) string {
	t.Helper()
	url, requests := notifytest.Recorded(t)
	if err := notifytest.Send(notifytest.Patience(t), newWebhook(t, conf.Webhook{URL: conf.NewSecret(url)}), a, false); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, (<-requests).Body, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}

// The bodies of each kind are those of the golden files.
func TestWebhookGolden(t *testing.T) {
	for _, kind := range alerttest.AllKinds {
		testkit.Golden(t, "testdata/webhook-"+string(kind)+".golden.json", delivered(t, alerttest.Alert(kind)))
	}
}

// Alerts of the catalogue's causes, stored and read again as the queue does,
// are delivered as they were made.
func TestWebhookCauses(t *testing.T) {
	files, err := filepath.Glob("testdata/webhook-cause-*.golden.json")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		text := testkit.Read(t, file)
		var a alert.Alert
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, file, delivered(t, a))
	}
}
