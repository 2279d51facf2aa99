package incident_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/BurntSushi/toml"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/mask"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/console"
	"jira-oauth-watcher/notify/slack"
)

var (
	none = mask.New(nil, "jira-node-1")
	all  = mask.New([]conf.Mask{conf.MaskUser, conf.MaskIP, conf.MaskEmail, conf.MaskHost}, "jira-node-1")
)

// canary is a secret of no shape: only its place tells that it is one.
const canary = "hunter2canary"

// planted are ways in which secrets stand in a log, %s is the secret.
var planted = []string{
	"client_secret=%s", "client_secret='%s x'", `{"client_secret":"%s"}`, `{\"access_token\":\"%s\"}`, "refresh_token%%3D%s", "https://u:%s@host.example/",
	"Authorization: Basic %s",
	"JSESSIONID=%s", "-Dhttp.proxyPassword=%s", "?code=%s&state=%[1]s", "whsec_%s", "https://hooks.slack.com/services/%s", "xoxb-%s",
	"GOCSPX-%s0123456789abcdef", "ya29.%s",
	"1//0g%s0123456789", "0.A%sabcdefghijklmnopqrstuvwxyz", "eyJ%s.%[1]s.%[1]s", "abc8Q~%sabcdefghijklmnopqrstuvwxyz", "M.C507_BAY.%s0123456789",
	"%sQWxhZGRpbjpvcGVuIHNlc2FtZSBBbGFkZGluOm9wZW4",
	"client_secret: %s", "clientSecret: '%s'", "smtp://jira@corp.example:%s@smtp.example:587", "https://bob:%s/x@proxy:8080/",
	`https:\/\/hooks.slack.com\/services\/%s`,
	"Cookie: a=1; b=%s", "Set-Cookie: crowd.token_key=%s", "x-api-key: %s", "<client_secret>%s</client_secret>", "refresh_token=[a %s]",
	"%%22client_secret%%22%%3A%%22%s",
	"Authorization: Digest username=x, response=\"%s\"", "Authorization: %s", "Bearer %s", "client_sec\x1b[31mret=%s", "client_sec[31mret=%s", "pwd=%s",
	"passphrase=%s",
	"Application with identifier '%s:~[?' was not found", "AADSTS700038: %s is not a valid application identifier.",
}

// notations are more of them: how else a name and its value are written.
var notations = []string{
	`client_secret="a \"%s b"`, `{"client_secret" : "a \"%s"}`, `{\"client_secret\":\"a\\\"%s\"}`, `client_secret=a\ %s`, "{client_secret=a %s, x=1}",
	"client_secret : %s", "client_secret=a&password='%s x'",
	"client_secret => %s", "client_secret->%s", `{:client_secret=>"%s"}`, `"client_secret" => "%s"`, "params[client_secret]=%s", "--client-secret %s",
	"client secret '%s'", "The password is %s",
	`name="client_secret" value="%s"`, `<input value="%s" name="client_secret">`, "NameValuePair(name=client_secret, value=%s)",
	`{"name":"client_secret","value":"%s"}`, `{"key":"client_secret","type":"text","value":"%s"}`,
	"[client_secret, %s]", `["client_secret", "%s"]`, `("client_secret", "%s")`, "ClientSecret{value='%s'}", "ClientSecret[%s]", "AccessToken(%s)",
	`"client_secret":{"value":"%s"}`,
	"<ns:client_secret>%s</ns:client_secret>", `<ns:client_secret x="y">%s</ns:client_secret>`, "<client_secret><![CDATA[%s]]></client_secret>",
	`<oauth client_secret="%s"/>`, `<property name="client_secret">%s</property>`,
	"<key>client_secret</key><string>%s</string>", "<name>client_secret</name> <value>%s</value>",
	"form-data; name=\"client_secret\"\nContent-Type: text/plain\n\n%s\n", "“client_secret”: “%s”", "ｃlient_secret＝%s",
	// Names by their ends.
	"authToken=%s", "auth_token: %s", "X-Auth-Token: %s", "sessionToken = %s", "ssoTicket=%s", "login_ticket: %s", "db-credential=%s", "dbCredential: %s",
	"private_key=%s", "private-key: %s", "PrivateKey=%s", "Private key: %s", "accessKey: %s",
	"AWS_ACCESS_KEY=%s", "access key = %s", "smsOtp=%s", "otp: %s", "MY_OTP=%s", "user_code=%s", "userCode: %s", "user-code=%s", "basicAuth=%s",
	"proxy_auth: %s", `"auth":"%s"`, "passcode=%s", "smsPasscode: %s", "PASSWORD: %s", "id_token_hint=%s",
	// Without a name.
	"svc:%s@proxy.corp:3128", "svc:%s@proxy.corp", "jira@corp.example:%s@smtp.example", "Basic %s", "{authorization=[Basic %s]}",
	"{Authorization=[Basic %s], Host=[x]}", "Authorization: ApiKey %s", "{cookie=[a=%s], x=[y]}", "jdbc:oracle:thin:scott/%s@db.corp",
	"-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----", `-----BEGIN RSA PRIVATE KEY-----\n%s\n`, "-----BEGIN ENCRYPTED PRIVATE KEY----- %s",
	"%s\n-----END PRIVATE KEY-----",
	"glpat-%s", "ghp_%s", "gho_%s", "github_pat_%s", "AIza%s", "sk-%s01234567", "sk-proj-%s01234567", "xoxp-%s", "ATATT3x%s", "sk_live_%s",
	"npm_%s0123456789", "eyJ%s01234567",
}

var everything = slices.Concat(planted, notations)

// encodings are ways in which a log writes what it was given.
var encodings = map[string]func(string) string{
	"plain": func(s string) string { return s },
	"JSON": func(s string) string {
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "/", `\/`).Replace(s)
	},
	"Gson":        escaping(`\u%04x`),
	"entities":    escaping("&#%d;"),
	"hexadecimal": escaping("&#x%X;"),
	"HTML":        html.EscapeString,
	"form":        url.QueryEscape,
	"path":        url.PathEscape,
}

var how = slices.Sorted(maps.Keys(encodings))

func escaping(form string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, r := range s {
			if strings.ContainsRune("=&\"<>':\n\\", r) {
				fmt.Fprintf(&b, form, r)
			} else {
				b.WriteRune(r)
			}
		}
		return b.String()
	}
}

// Each secret is found however it is encoded, twice too.
func TestEncodedSecrets(t *testing.T) {
	for _, form := range everything {
		for inner, encode := range encodings {
			for outer, again := range encodings {
				give := "failed " + again(encode(fmt.Sprintf(form, canary))) + " end"
				got := none.Text(give)
				if strings.Contains(got, canary[:7]) {
					t.Errorf("%s in %s: Text(%q)\n got %q", inner, outer, give, got)
				}
				if twice := none.Text(got); twice != got {
					t.Errorf("%s in %s: Text(%q)\n got %q\nthen %q", inner, outer, give, got, twice)
				}
			}
		}
	}
}

// Letters of a name may be escaped as well.
func TestEscapedNames(t *testing.T) {
	for _, text := range []string{
		`{"client_s\u0065cret":"%s"}`, `{\"client_s\\u0065cret\":\"%s\"}`, `client%%5Fsecret=%s`, `client%%255Fsecret%%253D%s`, `client_s&#101;cret=%s`,
		`client_s&amp;#x65;cret&amp;#61;%s`, `client_s\x65cret=%s`,
		`client_s\u200becret=%s`, `%%63lient%%5f%%73ecret%%3d%s`, `client&lowbar;secret&equals;%s`, `\u0042asic %s`, `Bearer%%20%s`,
		`svc%%3A%s%%40proxy.corp%%3A3128`, `&lt;client_secret&gt;%s&lt;/client_secret&gt;`, `client_secret%%u003d%s`,
	} {
		if got := none.Text(fmt.Sprintf(text, canary)); strings.Contains(got, canary[:7]) {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// Through the matchers, too, no secret leaves from any place of an event.
func TestNoSecretLeavesAnyPlace(t *testing.T) {
	set, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	const head, uri = "2021-11-16 12:35:50,956+0100 http-1 ERROR ", " 10.0.0.1 /rest/oauth2-client/latest/config/flow/" + flow
	const logger = " [c.a.o.c.X] Error occurred while authorizing an integration. The error message is: "
	for place, event := range map[string]string{
		"message": head + "joe 755x4397x2 1hk2aem" + uri + logger + "failed %s end",
		"trace":   head + "joe 755x4397x2 1hk2aem" + uri + logger + "java.io.IOException: x\n\tat a.B.c(B.java:1)\nCaused by: d.E: %s",
		"description": head + "joe 755x4397x2 1hk2aem" + uri + logger +
			`Error when fetching authorization response: {"error":"x","error_description":"it is %s here"}`,
		"name": head + "joe 755x4397x2 1hk2aem" + uri + logger + "AADSTS700016: Application '" + flow +
			"'(a %s b) asked for scope 'x %[1]s y' in tenant '%[1]s'",
		"user":       head + "%s 755x4397x2 1hk2aem" + uri + logger + "x",
		"URL":        head + "joe 755x4397x2 1hk2aem" + uri + "/%s" + logger + "x",
		"request ID": head + "joe %s 1hk2aem" + uri + logger + "x",
		"layout": `{"timestamp":"2024-03-05T09:07:03,7Z","level":"ERROR","thread":"t url: /rest/oauth2-client/x","logger":"com.atlassian.oauth2.client.X",` +
			`"message":"failed %s end","ctx":{"requestId":"%[1]s","userKey":"%[1]s"}}`,
	} {
		for i, form := range everything {
			encoding := how[i%len(how)]
			secret := encodings[encoding](fmt.Sprintf(form, canary))
			if place == "layout" {
				secret = encodings["JSON"](secret)
			}
			v := set.Diagnose(fmt.Sprintf(event, secret), nil)
			if !v.Ours {
				continue // a space or a quotation mark made another event of it
			}
			_, alert := rules(nil).Step(incident.State{}, v.Failure, incident.Source{Name: "jira", Path: "/log"}, t0)
			if body := asJSON(t, alert); strings.Contains(body, canary[:7]) {
				i := strings.Index(body, canary[:7])
				t.Errorf("%s, %s, %s: …%s…", place, encoding, form, body[max(i-100, 0):min(i+60, len(body))])
			}
		}
	}
}

// Of every sample of the catalogue the excerpt keeps all that helps: masking
// takes nothing out of it.
func TestSamplesStayReadable(t *testing.T) {
	files, err := filepath.Glob("../../matchers/causes/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		var catalogue struct {
			Cause []struct {
				ID     string
				Sample []struct{ Log, Text string }
			}
		}
		if _, err := toml.DecodeFile(file, &catalogue); err != nil {
			t.Fatal(err)
		}
		for _, c := range catalogue.Cause {
			for _, sample := range c.Sample {
				want := text.PrintableLines(sample.Log + sample.Text)
				if got := none.Text(want); got != want {
					t.Errorf("%s\n got %s\nwant %s", c.ID, got, want)
				}
			}
		}
	}
}

// fields put a text everywhere in a failure that a log can.
func fields(text string) matchers.Failure {
	f := failure(cause("a", conf.SeverityHigh), t0)
	f.Cause.Diagnosis, f.Cause.Confirm = "{message|}{app_name|}", "{tenant|}"
	f.Cause.Fix = []matchers.Step{{Text: "{scopes|} {redirect_uri|}", Where: "jira-admin"}}
	f.Header.User, f.Header.Client, f.Header.URL, f.Header.Thread, f.Header.ThreadURL, f.Header.Session = text, text, "/rest/oauth2-client/"+text, text,
		text, text
	for _, name := range []string{"message", "app_name", "tenant", "resource", "redirect_uri", "unknown_host", "error", "proxy_reason"} {
		f.Facts[name] = text
	}
	f.Facts["scopes"] = []string{text, text}
	f.Text = "2021-11-16 12:35:50,956+0100 " + text + " ERROR " + text + " 755x4397x2 s " + text + " /rest/" + text + " [c.a.o.c.X] " + text + "\n\tat " +
		text
	return f
}

// sent is all that leaves the host for an alert: the webhook's and Slack's
// bodies and the terminal's text.
func sent(t *testing.T, a alert.Alert) map[string]string {
	t.Helper()
	bodies := map[string]string{"json": asJSON(t, a), "terminal": console.Render(a, text.Style{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies["slack"] += string(body)
		io.WriteString(w, "ok")
	}))
	defer server.Close()
	targets, err := slack.Targets([]conf.Slack{{WebhookURL: conf.NewSecret(server.URL)}})
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
		for where, body := range map[string]string{"json": asJSON(t, *alert), "terminal": console.Render(*alert, text.Style{})} {
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

// With every mask on, no name, address or host leaves, neither of this node nor of one whose lines are shipped.
func TestNoPersonLeaves(t *testing.T) {
	r := rules(func(a *conf.Alerts) { a.Mask = []conf.Mask{conf.MaskUser, conf.MaskIP, conf.MaskEmail, conf.MaskHost} })
	for node, shipped := range map[string]string{"jira-node-1": "", "jira-node-7": "jira-node-7"} {
		f := fields("https://jira.corp.example/ 10.9.8.7 julien julien@corp.example on jira-node-1, for " + node)
		f.Node = shipped
		f.Header.User, f.Header.Client, f.Header.URL = "julien", "10.9.8.7,fe80::9%eth0", "/rest/oauth2-client/x"
		_, alert := r.Step(incident.State{}, f, incident.Source{Name: "jira", Path: "/jira-node-1/" + node + "/jira.log"}, t0)
		for where, body := range sent(t, *alert) {
			for _, private := range []string{"julien", "10.9.8.7", "fe80", "eth0", "corp.example", "jira-node-1", node} {
				if i := strings.Index(body, private); i >= 0 {
					t.Errorf("%s leaves in %s: …%s…", private, where, body[max(i-100, 0):min(i+60, len(body))])
				}
			}
		}
	}
	_, alert := r.Trouble(incident.State{}, incident.Trouble{Cause: incident.LogUnreadable, Since: t0,
		Log: incident.Source{Name: "jira", Path: "/logs/jira-node-1/jira.log"}, Why: "permission denied"}, t0)
	if body := asJSON(t, alert); strings.Contains(body, "jira-node-1") {
		t.Errorf("the node leaves in an alert about the watcher: %s", body)
	}
}

// Nothing that a terminal obeys or a reader does not see leaves, in whatever
// field it stands.
func TestNoControlCharacterLeaves(t *testing.T) {
	_, alert := rules(nil).Step(incident.State{}, fields("a\x1b[31mb\x00c\u202ed\u009be\rf\u200bg"), incident.Source{}, t0)
	for _, text := range []string{alert.Data.Diagnosis, alert.Data.Confirm, alert.Data.Fix[0].Text, alert.Data.Request.User, alert.Data.Request.Client,
		alert.Data.Request.Path, alert.Data.Log.Excerpt} {
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
			t.Errorf("%q has one at %d", text, i)
		}
	}
}

// Masking never panics, masking twice is masking once, and no secret that
// stands in a known place survives, whatever is around it.
func FuzzMask(f *testing.F) {
	for i, form := range everything {
		f.Add(fmt.Sprintf(form, canary), " end", i, i)
	}
	f.Add(`"code":"\`, `\"`, 0, 0)
	f.Add("user 'a", "@b.cc' ::1", 3, 1)
	f.Add("GOCSPX-er2canary0123456789:", " end", 0, 0)
	f.Add("Basic", "", slices.Index(everything, "Basic %s"), slices.Index(how, "plain"))
	f.Add("%ce", "", slices.Index(everything, `client_secret=a\ %s`), slices.Index(how, "hexadecimal"))
	f.Fuzz(func(t *testing.T, before, after string, form, encoding int) {
		for _, m := range []mask.Masks{none, all} {
			once := m.Text(before + after)
			if twice := m.Text(once); twice != once {
				t.Errorf("Text(%q)\n got %q\nthen %q", before+after, once, twice)
			}
			secret := encodings[how[uint(encoding)%uint(len(how))]](fmt.Sprintf(everything[uint(form)%uint(len(everything))], canary))
			// A quotation mark or equals sign before it could make it a value's end.
			s := strings.Map(func(r rune) rune {
				if strings.ContainsRune(`"'\\=:@`, r) {
					return '.'
				}
				return r
			}, before) + " " + secret + " " + after
			if got := m.Text(s); !strings.Contains(text.PrintableLines(before+after), "hunt") && strings.Contains(got, canary[:7]) {
				t.Errorf("Text(%q)\n got %q", s, got)
			}
		}
	})
}
