package incident_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// canary is a secret of no shape: only its place tells that it is one.
const canary = "hunter2canary"

// planted are ways in which secrets stand in a log, %s is the secret.
var planted = []string{
	"client_secret=%s", "client_secret='%s x'", `{"client_secret":"%s"}`, `{\"access_token\":\"%s\"}`, "refresh_token%%3D%s", "https://u:%s@host.example/", "Authorization: Basic %s",
	"JSESSIONID=%s", "-Dhttp.proxyPassword=%s", "?code=%s&state=%[1]s", "whsec_%s", "https://hooks.slack.com/services/%s", "xoxb-%s", "GOCSPX-%s0123456789abcdef", "ya29.%s",
	"1//0g%s0123456789", "0.A%sabcdefghijklmnopqrstuvwxyz", "eyJ%s.%[1]s.%[1]s", "abc8Q~%sabcdefghijklmnopqrstuvwxyz", "M.C507_BAY.%s0123456789",
	"%sQWxhZGRpbjpvcGVuIHNlc2FtZSBBbGFkZGluOm9wZW4",
	"client_secret: %s", "clientSecret: '%s'", "smtp://jira@corp.example:%s@smtp.example:587", "https://bob:%s/x@proxy:8080/", `https:\/\/hooks.slack.com\/services\/%s`,
	"Cookie: a=1; b=%s", "Set-Cookie: crowd.token_key=%s", "x-api-key: %s", "<client_secret>%s</client_secret>", "refresh_token=[a %s]", "%%22client_secret%%22%%3A%%22%s",
	"Authorization: Digest username=x, response=\"%s\"", "Authorization: %s", "Bearer %s", "client_sec\x1b[31mret=%s", "client_sec[31mret=%s", "pwd=%s", "passphrase=%s",
	"Application with identifier '%s:~[?' was not found", "AADSTS700038: %s is not a valid application identifier.",
}

// fields put a text everywhere in a failure that a log can.
func fields(text string) matchers.Failure {
	f := failure(cause("a", conf.SeverityHigh), t0)
	f.Cause.Diagnosis, f.Cause.Confirm = "{message|}{app_name|}", "{tenant|}"
	f.Cause.Fix = []matchers.Step{{Text: "{scopes|} {redirect_uri|}", Where: "jira-admin"}}
	f.Header.User, f.Header.Client, f.Header.URL, f.Header.Thread, f.Header.ThreadURL, f.Header.Session = text, text, "/rest/oauth2-client/"+text, text, text, text
	for _, name := range []string{"message", "app_name", "tenant", "resource", "redirect_uri", "unknown_host", "error", "proxy_reason"} {
		f.Facts[name] = text
	}
	f.Facts["scopes"] = []string{text, text}
	f.Text = "2021-11-16 12:35:50,956+0100 " + text + " ERROR " + text + " 755x4397x2 s " + text + " /rest/" + text + " [c.a.o.c.X] " + text + "\n\tat " + text
	return f
}

// sent is all that leaves the host for an alert: the webhook's and Slack's
// bodies and the terminal's text.
func sent(t *testing.T, a notify.Alert) map[string]string {
	t.Helper()
	bodies := map[string]string{"json": asJSON(t, a), "terminal": notify.Render(a, notify.Style{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies["slack"] += string(body)
		io.WriteString(w, "ok")
	}))
	defer server.Close()
	targets, err := notify.New(&conf.Config{Slack: []conf.Slack{{WebhookURL: conf.NewSecret(server.URL)}}}, io.Discard, notify.Style{})
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []bool{false, true} {
		if err := func() error {
			_, err := targets[0].To.Send(context.Background(), notify.Delivery{Alert: a, Plain: plain})
			return err
		}(); err != nil {
			t.Fatal(err)
		}
	}
	return bodies
}

// A secret that stands anywhere in a failure leaves in no form, also where a
// text is cut within it.
func TestNoSecretLeaves(t *testing.T) {
	for _, form := range planted {
		for _, padding := range []int{0, 290} {
			text := strings.Repeat("x", padding) + " " + fmt.Sprintf(form, canary)
			_, alert := rules(nil).Step(incident.State{}, fields(text), incident.Source{Name: "jira", Path: "/log"}, t0)
			for where, body := range sent(t, *alert) {
				// a half of it is one too
				if i := strings.Index(body, canary[:7]); i >= 0 {
					t.Errorf("%s after %d characters leaves in %s: …%s…", form, padding, where, body[max(i-100, 0):min(i+60, len(body))])
				}
			}
		}
	}
}

// Whatever the cause is, secrets behind its own words and in each of its facts
// leave in no alert.
func TestNoSecretLeavesAnyCause(t *testing.T) {
	testkit.Pure(t)
	set, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, form := range planted {
		all = append(all, fmt.Sprintf(form, canary))
	}
	secrets := strings.Join(all, "\n")
	for _, c := range set.Causes() {
		v := set.Diagnose(c.Example(), nil)
		if !v.Headed {
			v = set.Text(c.Example())
		}
		f := v.Failure
		f.Text += "\n" + secrets
		f.Header.User, f.Header.Thread, f.Header.URL = "u "+secrets, secrets, "/rest/oauth2-client/"+secrets
		for name, value := range f.Facts {
			switch value := value.(type) {
			case string:
				f.Facts[name] = value + " " + secrets
			case []string:
				f.Facts[name] = append(value, all...)
			}
		}
		_, alert := rules(nil).Step(incident.State{}, f, incident.Source{Name: "jira", Path: "/log"}, t0)
		for where, body := range map[string]string{"json": asJSON(t, *alert), "terminal": notify.Render(*alert, notify.Style{})} {
			if i := strings.Index(body, canary[:7]); i >= 0 {
				t.Errorf("%s: a secret leaves in %s: …%s…", c.ID, where, body[max(i-100, 0):min(i+60, len(body))])
			}
		}
	}
}

// A secret that stands where an excerpt or a fact is cut is taken out whole,
// also where there is no word to cut at.
func TestCutWithinSecret(t *testing.T) {
	for _, limit := range []int{300, 2000} {
		for padding := limit - 40; padding < limit; padding += 3 {
			text := strings.Repeat(".", padding) + "GOCSPX-" + canary + "0123456789"
			f := failure(cause("a", conf.SeverityHigh), t0)
			f.Text, f.Facts["message"] = text, text
			_, alert := rules(nil).Step(incident.State{}, f, incident.Source{}, t0)
			if body := asJSON(t, alert); strings.Contains(body, canary[:4]) || strings.Contains(body, "GOCSPX-") {
				t.Errorf("after %d characters: %s", padding, body)
			}
		}
	}
}

// With every mask on, no name, address or host leaves.
func TestNoPersonLeaves(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Mask = []conf.Mask{conf.MaskUser, conf.MaskIP, conf.MaskEmail, conf.MaskHost} })
	f := fields("https://jira.corp.example/ 10.9.8.7 julien julien@corp.example on jira-node-1")
	f.Header.User, f.Header.Client, f.Header.URL = "julien", "10.9.8.7,fe80::9%eth0", "/rest/oauth2-client/x"
	_, alert := r.Step(incident.State{}, f, incident.Source{Name: "jira", Path: "/log"}, t0)
	for where, body := range sent(t, *alert) {
		for _, private := range []string{"julien", "10.9.8.7", "fe80", "eth0", "corp.example", "jira-node-1"} {
			if i := strings.Index(body, private); i >= 0 {
				t.Errorf("%s leaves in %s: …%s…", private, where, body[max(i-100, 0):min(i+60, len(body))])
			}
		}
	}
}

// Nothing that a terminal obeys or a reader does not see leaves, in whatever
// field it stands.
func TestNoControlCharacterLeaves(t *testing.T) {
	_, alert := rules(nil).Step(incident.State{}, fields("a\x1b[31mb\x00c\u202ed\u009be\rf\u200bg"), incident.Source{}, t0)
	for _, text := range []string{alert.Data.Diagnosis, alert.Data.Confirm, alert.Data.Fix[0].Text, alert.Data.Request.User, alert.Data.Request.Client, alert.Data.Request.Path, alert.Data.Log.Excerpt} {
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
			t.Errorf("%q has one at %d", text, i)
		}
	}
}

// Masking never panics, masking twice is masking once, and no secret that
// stands in a known place survives, whatever is around it.
func FuzzMask(f *testing.F) {
	for i, form := range planted {
		f.Add(fmt.Sprintf(form, canary), " end", i)
	}
	f.Add(`"code":"\`, `\"`, 0)
	f.Add("user 'a", "@b.cc' ::1", 3)
	f.Fuzz(func(t *testing.T, before, after string, form int) {
		for _, m := range []incident.Masks{none, all} {
			once := m.Text(before + after)
			if twice := m.Text(once); twice != once {
				t.Errorf("Text(%q)\n got %q\nthen %q", before+after, once, twice)
			}
			secret := fmt.Sprintf(planted[uint(form)%uint(len(planted))], canary)
			// A quotation mark or equals sign before it could make it a value's end.
			text := strings.Map(func(r rune) rune {
				if strings.ContainsRune(`"'\\=:@`, r) {
					return '.'
				}
				return r
			}, before) + " " + secret + " " + after
			if got := m.Text(text); !strings.Contains(notify.PrintableLines(before+after), "hunt") && strings.Contains(got, canary[:7]) {
				t.Errorf("Text(%q)\n got %q", text, got)
			}
		}
	})
}
