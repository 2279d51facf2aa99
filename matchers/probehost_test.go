package matchers_test

import (
	"strings"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// The host to probe is one of the catalogue or of the configuration, whatever a log line names.
func TestHost(t *testing.T) {
	testkit.Pure(t)
	set := builtin(t)
	cause := map[string]*matchers.Cause{}
	for _, c := range set.Causes() {
		cause[c.ID] = c
	}
	const dns, tls, refused = "net-dns-unknown-host", "tls-certificate-untrusted", "net-connect-timeout"
	unknown := func(name string) matchers.Facts { return matchers.Facts{"unknown_host": name} }
	tests := []struct {
		name  string
		f     matchers.Failure
		token string
		want  string
	}{
		{"known", matchers.Failure{Cause: cause[dns], Facts: unknown("graph.microsoft.com")}, "", "graph.microsoft.com"},
		{"upper case", matchers.Failure{Cause: cause[dns], Facts: unknown("Login.MicrosoftOnline.COM")}, "", "login.microsoftonline.com"},
		{"trailing dot", matchers.Failure{Cause: cause[dns], Facts: unknown("oauth2.googleapis.com.")}, "", "oauth2.googleapis.com"},
		{"configured", matchers.Failure{Cause: cause[dns], Facts: unknown("Mail.Corp.Test")}, "", "mail.corp.test"},
		{"a stranger's", matchers.Failure{Cause: cause[dns], Facts: unknown("evil.test"), Text: "UnknownHostException: evil.test"}, "", ""},
		{"a stranger's, and the provider is known", matchers.Failure{Cause: cause[dns], Facts: unknown("evil.test")}, "oauth2.googleapis.com", "oauth2.googleapis.com"},
		{"suffix", matchers.Failure{Cause: cause[dns], Facts: unknown("login.microsoftonline.com.evil.test")}, "", ""},
		{"prefix", matchers.Failure{Cause: cause[dns], Facts: unknown("evil-login.microsoftonline.com")}, "", ""},
		{"homoglyph", matchers.Failure{Cause: cause[dns], Facts: unknown("lоgin.microsoftonline.com")}, "", ""},
		{"homoglyph in the text", matchers.Failure{Cause: cause[tls], Text: "Connect to еlogin.microsoftonline.com:443 failed"}, "", ""},
		{"user", matchers.Failure{Cause: cause[refused], Text: "Connect to login.microsoftonline.com@evil.test:1 failed"}, "", "login.microsoftonline.com"},
		{"port", matchers.Failure{Cause: cause[refused], Text: "Connect to smtp.office365.com:22 [smtp.office365.com/10.0.0.1] failed"}, "", "smtp.office365.com"},
		{"address", matchers.Failure{Cause: cause[refused], Text: "Connect to 169.254.169.254:80 failed: Connection refused"}, "", ""},
		{"the text names the provider", matchers.Failure{Cause: cause[tls], Text: "scope https://outlook.office.com/IMAP.AccessAsUser.All PKIX"}, "", "login.microsoftonline.com"},
		{"the text names Google", matchers.Failure{Cause: cause[tls], Text: "https://mail.google.com/ PKIX"}, "", "oauth2.googleapis.com"},
		{"a national cloud", matchers.Failure{Cause: cause[tls], Text: "https://outlook.office365.us/ PKIX"}, "", "login.microsoftonline.us"},
		{"Jira names it", matchers.Failure{Cause: cause[tls], Text: "PKIX"}, "login.microsoftonline.com", "login.microsoftonline.com"},
		{"mail server", matchers.Failure{Cause: cause[refused], Mailbox: matchers.Mailbox{Server: "mail.corp.test"},
			Impact: matchers.Impact{Phase: alert.PhaseMail}}, "", "mail.corp.test"},
		{"an unknown mail server", matchers.Failure{Cause: cause[tls], Impact: matchers.Impact{Phase: alert.PhaseMail}}, "", ""},
		{"another tier", matchers.Failure{Cause: cause["entra-client-secret-expired"], Text: "login.microsoftonline.com"}, "login.microsoftonline.com", ""},
	}
	for _, tt := range tests {
		if tt.f.Cause == nil {
			t.Fatalf("%s: no such cause", tt.name)
		}
		tt.f.Integration.Tokens = tt.token
		if got, assumed := tt.f.Host(map[string]string{"mail.corp.test": "Mail"}); got != tt.want || assumed {
			t.Errorf("%s: got %q, assumed %t, want %q", tt.name, got, assumed, tt.want)
		}
	}
}

// A failure that names no host is assumed to be one of the token host that everything which is known
// leads to, else of Microsoft's.
func TestAssumedHost(t *testing.T) {
	testkit.Pure(t)
	c, ok := builtin(t).Cause("tls-certificate-untrusted")
	if !ok {
		t.Fatal("no such cause")
	}
	const entra, google, client = "login.microsoftonline.com", "oauth2.googleapis.com", "1-a.apps.googleusercontent.com"
	for _, tt := range []struct {
		name       string
		configured []string
		likely     string
		want       string
	}{
		{"nothing", nil, "", entra},
		{"a name", []string{"79c86cf8-e761-4fdc-bc20-a629c5d04260", "mail.corp.test"}, "", entra},
		{"Google's mail", []string{"imap.gmail.com"}, "", google},
		{"Google's application", []string{client, "pop.gmail.com"}, "", google},
		{"a national cloud", []string{"outlook.office365.us"}, "", "login.microsoftonline.us"},
		{"both", []string{client, "outlook.office365.com"}, "", entra},
		{"other incidents", nil, google, google},
		{"other incidents and the configuration", []string{"outlook.office365.com"}, google, entra},
	} {
		configured := map[string]string{}
		for _, name := range tt.configured {
			configured[name] = "a name"
		}
		f := matchers.Failure{Cause: c, Text: "PKIX path building failed", Integration: matchers.Integration{Likely: tt.likely}}
		if got, assumed := f.Host(configured); got != tt.want || !assumed {
			t.Errorf("%s: got %q, assumed %t, want %q", tt.name, got, assumed, tt.want)
		}
	}
}

// No event chooses a host that neither the catalogue nor the configuration has.
func FuzzHost(f *testing.F) {
	set := builtin(f)
	f.Add("Connect to evil.test:443 failed: Connection refused")
	f.Add("java.net.UnknownHostException: LOGIN.microsoftonline.com.evil.test.")
	f.Add("No name matching graph.microsoft.com@evil.test found")
	f.Fuzz(func(t *testing.T, said string) {
		v := set.Text(said)
		if v.Failure.Cause == nil {
			return
		}
		host, _ := v.Failure.Host(nil)
		if host != "" && (!matchers.KnownHost(host) || host != strings.ToLower(host)) {
			t.Errorf("%q leads to %q", said, host)
		}
	})
}
