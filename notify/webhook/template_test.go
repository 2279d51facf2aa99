package webhook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/webhook"
)

func templateFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hub.tmpl")
	testkit.Write(t, file, text)
	return file
}

// filled is the request that a template makes of an alert.
func filled(t *testing.T, file string, a alert.Alert) notifytest.Request {
	t.Helper()
	var got notifytest.Request
	url := notifytest.Server(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got = notifytest.Request{Method: r.Method, Header: r.Header, Body: text}
		w.WriteHeader(http.StatusAccepted)
	}).URL
	hook := conf.Webhook{URL: conf.NewSecret(url), Secret: conf.NewSecret(notifytest.Secret), Template: file}
	if err := notifytest.Send(notifytest.Patience(t), newWebhook(t, hook), a, false); err != nil {
		t.Fatal(err)
	}
	return got
}

// A template sees the names of the schema, and its functions do what they say.
func TestTemplate(t *testing.T) {
	a := alerttest.Alert(alert.Changed)
	a.Data.Diagnosis = "a [b](http://c) @all <d> \"e\"\n- f"
	for _, tt := range []struct{ text, want string }{
		{`{{.type | json}}`, `"jira.oauth.changed"`},
		{`{{json .timestamp}}`, `"2021-11-16T12:35:50.956+01:00"`},
		{`{{.data.failures.count}}`, `3`},
		{`{{if gt .data.failures.count 2}}"many"{{else}}"few"{{end}}`, `"many"`},
		{`{{.data.integration.name | json}}`, `null`},
		{`{{.data.cause | json}}`, `{"codes":["AADSTS50194"],"confidence":"certain","id":"entra-single-tenant-common-endpoint","previous":"net-connect-timeout","provider":"microsoft","root_cause":1,"severity":"high","title":"The app is for one tenant, the endpoint for all"}`},
		{`{{.data.diagnosis | json}}`, `"a [b](http://c) @all <d> \"e\"\n- f"`},
		{`{{.data.diagnosis | markdown | json}}`, `"a \\[b\\]` + "\u200b" + `\\(http://c\\) @` + "\u200b" + `all \\<d\\> \"e\"\n\\- f"`},
		{`{{.data.diagnosis | html | json}}`, `"a [b](http://c) @all &lt;d&gt; &#34;e&#34;\n- f"`},
		{`{{.data.diagnosis | code | json}}`, `"a [b](http://c) @` + "\u200b" + `all <d> \"e\"\n- f"`},
		{`{{"a@b.test <c >d @@all x@@all _@here </dev/null <!channel> <https://e|f>" | markdown | json}}`,
			`"a@b.test \\<c \\>d @` + "\u200b@\u200b" + `all x@` + "\u200b@\u200b" + `all \\_@` + "\u200b" + `here \\</dev/null \\<` + "\u200b" +
				`!channel\\> \\<` + "\u200b" + `https://e\\|f\\>"`},
		{`{{.data.cause.title | cut 20 | json}}`, `"The app is for… cut"`},
		{`{{.data.diagnosis | fit 30 | json}}`, `"a [b](http://c) @all… cut"`},
		{`{{with index .data.facts "suggested_scopes"}}{{join "|" "c" . | upper | json}}{{else}}0{{end}}`, `"C|A|B"`},
		{`[{{range $i, $s := .data.fix}}{{if $i}},{{end}}{{print (add $i 1) " " (actor .where) | json}}{{end}}]`,
			`["1 Jira admin","2 Entra admin"]`},
		{`{{headline . | json}}`, `"🟠 Cause changed, connection test failed: The app is for one tenant, the endpoint for all"`},
		{`{{with index .data.facts "none"}}1{{else}}2{{end}}`, `2`},
		{`{{with .data.acknowledged}}{{json .by}}{{else}}"nobody"{{end}}`, `"nobody"`},
		{"{{/* note */ -}}\n{ \"a\" : [ 1,\n 2 ] }\n", `{"a":[1,2]}`},
		{`{{incident . | json}}`, `"` + string(a.Data.ID.Incident()) + `"`},
		{"{{\"a {b} [c|d]\\n```\\ne {f} {NoFormat}\\n```\" | wiki | json}}", `"a \\{b\\} \\[c\\|d\\]\n    e \\{f\\} \\{NoFormat\\}"`},
		{`{{define "x"}}{{json .}}{{end}}{{template "x" .data.node}}`, `"jira-node-1"`},
	} {
		if got := string(filled(t, templateFile(t, tt.text), a).Body); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
	if got := string(filled(t, templateFile(t, `{{summary . | json}}`), a).Body); !strings.HasPrefix(got, `"Before: net-connect-timeout, which is fixed`) {
		t.Error(got)
	}
}

// What is signed is what is sent.
func TestTemplateSigned(t *testing.T) {
	r := filled(t, templateFile(t, `{"text": {{headline . | json}}}`), alerttest.Alert(alert.Opened))
	referee, _ := standardwebhooks.NewWebhook(notifytest.Secret)
	if err := referee.Verify(r.Body, r.Header); err != nil {
		t.Error(err)
	}
	if r.Header.Get("webhook-id") != string(alerttest.Alert(alert.Opened).Data.ID) || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("got %v", r.Header)
	}
}

// A template that is at fault is refused at the start, with its place.
func TestTemplateAtFault(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no end", "{\n{{if .type}}\n}", ":3: unexpected EOF"},
		{"no function", "{\n\n{{shout .type}}}", `:3: function "shout" not defined`},
		{"no field", "{\"a\":\n{{json .data.nonsense}}}", `:2:12: executing "FILE" at <.data.nonsense>: map has no entry for key "nonsense"`},
		{"a fact that may be missing", `{{json .data.facts.tenant_id}}`,
			`:1:12: executing "FILE" at <.data.facts.tenant_id>: map has no entry for key "tenant_id"`},
		{"no quotes", "{\n\"a\":\n{{.type}}}", `: line 3 of its output is not JSON at "{ \"a\": jira.oauth.opened}": invalid character 'j' looking for beginning of value (in a sample of kind opened)`},
		{"nothing escaped", "{\n\"a\": \"{{.data.diagnosis}}\"}", `: line 2 of its output is not JSON`},
		{"a comma too many", "{\n\"a\": 1,\n\n}", `: line 4 of its output is not JSON at "{ \"a\": 1, }"`},
		{"a comma too few", "{{/*\n\n*/ -}}\n{\n\"a\": {{json .type}}\n\"b\": 2\n}", `: line 3 of its output is not JSON`},
		{"a fault in a loop", "[\n{{range .data.fix}}\n{{json .text}},\n{{end}}\n]", `: line 7 of its output is not JSON`},
		{"a fault in a part", "{{define \"x\"}}\n\n,,{{end}}[\n{{template \"x\"}}]", `: line 4 of its output is not JSON`},
		{"a fault of one kind", "{{if eq .data.kind \"quiet\"}}\n,{{else}}1{{end}}",
			`: line 2 of its output is not JSON at ",": invalid character ',' looking for beginning of value (in a sample of kind quiet)`},
		{"empty", "", ` makes nothing of any alert`},
		{"two values", "1\n2", `: line 2 of its output is not JSON`},
		{"endless", `{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`, `:1:25: executing "x" at <{{template "x"}}>: exceeded maximum template depth`},
		{"without end", `{{range 1000000000}}{{printf "%1000d" .}}{{end}}`, `: its output is larger than 1 MiB`},
		{"too much", `{{range .data.fix}}{{range $.data.fix}}{{printf "%300000d" 1}}{{end}}{{end}}`, `: its output is larger than 1 MiB`},
		{"too large", "{{/*" + strings.Repeat("x", 1<<20) + "*/}}1", ` is larger than 1048576 bytes`},
		{"no text", "\"\xff\"", ` is not in UTF-8`},
	} {
		file := templateFile(t, tt.text)
		hook := conf.Webhook{Notifier: conf.Notifier{Name: "hub"}, Template: file}
		_, err := webhook.New(hook)
		if want := `template: ` + file + strings.ReplaceAll(tt.want, "FILE", file); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", tt.name, err, want)
		}
	}
	hook := conf.Webhook{Notifier: conf.Notifier{Name: "hub"}, Template: filepath.Join(t.TempDir(), "none")}
	if _, err := webhook.New(hook); err == nil || !strings.HasPrefix(err.Error(), `template: stat `) {
		t.Error(err)
	}
}

// An alert that a template cannot show is the message's fault, not the
// receiver's.
func TestTemplateRefusesAlert(t *testing.T) {
	file := templateFile(t, `{{if eq .data.node "odd"}}no{{else}}{{json .data.node}}{{end}}`)
	a := alerttest.Alert(alert.Opened)
	a.Data.Node = "odd"
	url := notifytest.Answering(t, 200, "")
	got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), newWebhook(t, conf.Webhook{URL: conf.NewSecret(url), Template: file}), a, false))
	if got != notify.BadMessage || !strings.HasPrefix(err.Error(), "template: "+file+": line 1 of its output is not JSON") {
		t.Errorf("outcome %d, %v", got, err)
	}
}

// Whatever the text, what fit leaves has at most so many bytes in JSON.
func TestFit(t *testing.T) {
	testkit.Pure(t)
	file := templateFile(t, `[{{.data.diagnosis | fit 50 | json}},{{.data.diagnosis | markdown | fit 50 | json}}]`)
	for _, text := range []string{"", "short", strings.Repeat("\u2028", 100), strings.Repeat("\x00\"é😀 ", 50), strings.Repeat("[", 26), strings.Repeat("😀", 13),
		strings.Repeat("x", 1<<20)} {
		a := alerttest.Alert(alert.Opened)
		a.Data.Diagnosis = text
		var parts []json.RawMessage
		if err := json.Unmarshal(filled(t, file, a).Body, &parts); err != nil {
			t.Fatal(err)
		}
		for i, p := range parts {
			if len(p) > 52 || i == 0 && len(p) < 20 && len(text) > 20 {
				t.Errorf("%s has %d bytes", p, len(p))
			}
		}
	}
}

// Of an alert of which a template makes nothing, nothing is sent, and it counts as
// delivered.
func TestTemplateLeavesOut(t *testing.T) {
	file := templateFile(t, "{{if eq .data.kind \"opened\"}}1{{end}}\n")
	for kind, want := range map[alert.Kind]string{alert.Opened: "1", alert.Quiet: ""} {
		if got := filled(t, file, alerttest.Alert(kind)); string(got.Body) != want || (got.Method == "") != (want == "") {
			t.Errorf("%s: sent %q with %q", kind, got.Body, got.Method)
		}
	}
}
