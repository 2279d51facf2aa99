package notify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"jira-oauth-watcher/notify"
)

// Only 200 with the word ok is success, and each other answer has its outcome:
// by Slack's word, then by status.
func TestSlackAnswers(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   notify.Outcome
	}{
		{200, "ok", -1},
		{200, "ok\n", -1},
		{201, "ok", notify.BadSettings},
		{200, "<html>ok</html>", notify.BadSettings},
		{200, `{"ok":false,"error":"x"}`, notify.BadSettings},
		{200, `{"ok":true}`, notify.BadSettings},
		{200, "", notify.BadSettings},
		{204, "", notify.BadSettings},
		{200, "invalid_payload", notify.BadMessage},
		{200, "ratelimited", notify.Retry},
		{302, "", notify.BadSettings},
		{404, "no_service", notify.BadSettings},
		{400, "no_service", notify.BadSettings},
		{404, "channel_not_found", notify.BadSettings},
		{410, "channel_is_archived", notify.BadSettings},
		{403, "action_prohibited", notify.BadSettings},
		{403, "invalid_token", notify.BadSettings},
		{400, "invalid_blocks", notify.BadMessage},
		{400, "no_text", notify.BadMessage},
		{400, "something new", notify.BadMessage},
		{413, "", notify.BadMessage},
		{429, "", notify.Retry},
		{500, "rollup_error", notify.Retry},
		{500, "no_text", notify.BadMessage},
		{503, "<html>", notify.Retry},
	} {
		if got, err := outcome(t, send(soon(t), slackTo(t, answering(t, tt.status, tt.body)), alert(notify.Opened), false)); got != tt.want {
			t.Errorf("%d %q: outcome %d (%v), want %d", tt.status, tt.body, got, err, tt.want)
		}
	}
}

// An answer's reason is told, on one line and short.
func TestSlackReason(t *testing.T) {
	page := "<html>\r\n<body>\x1b[31m" + strings.Repeat("login ", 1000)
	_, err := outcome(t, send(soon(t), slackTo(t, answering(t, 403, page)), alert(notify.Opened), false))
	const want = `the receiver answered 403 Forbidden: "<html> <body> [31mlogin login`
	if got := err.Error(); !strings.HasPrefix(got, want) || len(got) > 300 || !strings.HasSuffix(got, `… cut"`) {
		t.Errorf("got %s\nwant %s…", got, want)
	}
}

// payloads are what Slack gets for an alert: with blocks and without.
func payloads(t *testing.T, a notify.Alert) (blocks, plain []byte) {
	t.Helper()
	var last []byte
	to := slackTo(t, server(t, func(w http.ResponseWriter, r *http.Request) {
		last, _ = io.ReadAll(r.Body)
		io.WriteString(w, "ok")
	}).URL)
	for _, p := range []bool{false, true} {
		if err := send(soon(t), to, a, p); err != nil {
			t.Fatal(err)
		}
		if !p {
			blocks = last
		}
	}
	return blocks, last
}

// Each kind of alert is the message of its golden file, and a valid one.
func TestSlackMessages(t *testing.T) {
	for _, kind := range kinds {
		blocks, plain := payloads(t, alert(kind))
		var text bytes.Buffer
		for _, payload := range [][]byte{blocks, plain} {
			if err := json.Indent(&text, payload, "", "  "); err != nil {
				t.Fatal(err)
			}
			text.WriteByte('\n')
			valid(t, payload, alert(kind))
		}
		golden(t, fmt.Sprintf("testdata/slack-%s.golden.json", kind), text.String())
	}
}

var monsters = map[string]string{
	"empty":         "",
	"blank":         " \n\t",
	"100 kB":        strings.Repeat("word and another ", 6000),
	"one long word": strings.Repeat("x", 30_000),
	"to escape":     strings.Repeat("&<>", 5000),
	"emoji":         strings.Repeat("🔴", 3000),
	"a family":      strings.Repeat("👨‍👩‍👧‍👦", 500),
	"RTL":           "\u202ecod.exe\u2066\u2069 مرحبا",
	"NUL":           "a\x00b\x1b[2Jc\u009b",
	"not UTF-8":     "\xff\xfe" + strings.Repeat("\xc3", 5000),
	"channel":       "<!channel> <!here> <!everyone> <!subteam^S1>",
	"user":          "<@U123> <#C123>",
	"link":          "<https://evil.example|Atlassian> <mailto:a@b|c>",
	"entities":      "&lt;!channel&gt; &amp;lt;",
	"fence":         "``` ` * _ ~ > \n> quote\n```",
	"separators":    "a\u2028b\u2029c\r\nd|e>",
}

// monstrous is an alert that says text wherever a log or a cause can.
func monstrous(kind notify.Kind, text string, times int) notify.Alert {
	a := alert(kind)
	d := &a.Data
	d.ID, d.Node, d.Diagnosis, d.Confirm = text, text, text, text
	d.Integration.ID, d.Cause.ID, d.Cause.Title, d.Cause.Confidence = text, text, text, text
	d.Cause.Codes, d.Cause.Previous = []string{text, text}, &text
	d.Request = notify.Request{User: text, Client: text, ID: text, Path: text}
	d.Log = notify.Log{Name: text, Path: text, Excerpt: text}
	d.Fix, d.Links = nil, nil
	scopes := make([]string, times)
	for i := range times {
		scopes[i] = text
		d.Fix = append(d.Fix, notify.Step{Text: text, Where: text})
		d.Links = append(d.Links, notify.Link{Title: text, URL: fmt.Sprintf("https://x.example/%d", i)})
	}
	d.Facts = map[string]any{"scopes": scopes, "suggested_scopes": scopes}
	for _, name := range []string{"app_id", "app_name", "tenant_id", "tenant", "resource", "unknown_host", "proxy_status", "correlation_id", "trace_id"} {
		d.Facts[name] = text
	}
	return a
}

// Whatever an alert says, its message is within Slack's limits and can neither
// mention anybody nor forge a link.
func TestSlackMonsters(t *testing.T) {
	for name, text := range monsters {
		for _, kind := range []notify.Kind{notify.Changed, "new"} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				for _, times := range []int{0, min(300, 1+300_000/(len(text)+1))} {
					a := monstrous(kind, text, times)
					blocks, plain := payloads(t, a)
					valid(t, blocks, a)
					valid(t, plain, a)
				}
			})
		}
	}
}

// All facts are shown, however many there are.
func TestSlackFacts(t *testing.T) {
	blocks, _ := payloads(t, monstrous(notify.Opened, "x", 1))
	for _, name := range []string{"Integration (flow)", "App ID", "App name", "Tenant ID", "Tenant", "Resource", "Host", "Proxy answered", "Correlation ID", "Trace ID", "Failures", "Tried by", "Jira node", "Severity"} {
		if !bytes.Contains(blocks, []byte(`"*`+name+`*\n`)) {
			t.Errorf("%s is missing in %s", name, blocks)
		}
	}
}

// FuzzSlackMessage: every message is valid, whatever the alert says.
func FuzzSlackMessage(f *testing.F) {
	for _, text := range monsters {
		f.Add(text, 1, 2)
	}
	f.Fuzz(func(t *testing.T, text string, kind, times int) {
		a := monstrous(kinds[uint(kind)%uint(len(kinds))], text, int(uint(times)%40))
		blocks, plain := payloads(t, a)
		valid(t, blocks, a)
		valid(t, plain, a)
	})
}
