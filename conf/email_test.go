package conf_test

import (
	"fmt"
	"net/mail"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/testkit"
)

// The address of a relay decides on port and encryption, and the password comes from its
// file.
func TestEmail(t *testing.T) {
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "credentials", "smtp-password"), "hunter2\n")
	const login = "username = 'jira'\npassword_file = 'smtp-password'\n"
	for _, tt := range []struct {
		smtp, more string
		want       conf.Email
	}{
		{"smtp://relay.example.com:2525", login, conf.Email{Host: "relay.example.com", Port: "2525", Encryption: conf.StartTLS, Username: "jira", Password: conf.NewSecret("hunter2")}},
		{"smtp://relay.example.com", "", conf.Email{Host: "relay.example.com", Port: "587", Encryption: conf.StartTLS}},
		{"smtps://relay.example.com", "allow_plain = true\n", conf.Email{Host: "relay.example.com", Port: "465", Encryption: conf.ImplicitTLS}},
		{"smtps://127.0.0.1:1465/", "", conf.Email{Host: "127.0.0.1", Port: "1465", Encryption: conf.ImplicitTLS}},
		{"smtp://relay.example.com:25", "allow_plain = true\n", conf.Email{Host: "relay.example.com", Port: "25", Encryption: conf.Opportunistic}},
		{"smtp://localhost:25", "", conf.Email{Host: "localhost", Port: "25", Encryption: conf.Unencrypted}},
		{"smtp://127.0.0.1:25", login, conf.Email{Host: "127.0.0.1", Port: "25", Encryption: conf.Unencrypted, Username: "jira", Password: conf.NewSecret("hunter2")}},
		{"smtp://[::1]", "", conf.Email{Host: "::1", Port: "587", Encryption: conf.Unencrypted}},
	} {
		c := load(t, dir, fmt.Sprintf("[[email]]\nsmtp = %q\nfrom = '\"Jira, mail\" <jira@example.com>'\nto = ['ops@example.com', 'A. B. <ab@example.com>']\n%s",
			tt.smtp, tt.more))
		tt.want.Notifier = conf.Notifier{Name: "email", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour}
		tt.want.AllowPlain = strings.HasPrefix(tt.more, "allow_plain")
		tt.want.From = mail.Address{Name: "Jira, mail", Address: "jira@example.com"}
		tt.want.To = []mail.Address{{Address: "ops@example.com"}, {Name: "A. B.", Address: "ab@example.com"}}
		if tt.smtp == "" || len(c.Email) != 1 || !reflect.DeepEqual(c.Email[0], tt.want) {
			t.Errorf("%s\n got %+v\nwant %+v", tt.smtp, c.Email, tt.want)
		}
	}
}

// A connector that Microsoft retires is worth a warning, without its address.
func TestTeams(t *testing.T) {
	for url, want := range map[string]string{
		"https://prod-1.westeurope.logic.azure.com:443/workflows/hunter2?sig=hunter2": "",
		"https://contoso.webhook.office.com/webhookb2/hunter2":                        "teams: workflow_url is the address of an Office 365 connector",
	} {
		c := load(t, t.TempDir(), fmt.Sprintf("[[teams]]\nworkflow_url = %q\n", url))
		got := strings.Join(c.Warnings, "\n")
		if c.Teams[0].WorkflowURL.Reveal() != url || !strings.HasPrefix(got, want) || (got == "") != (want == "") || strings.Contains(got, "hunter2") {
			t.Errorf("%s: %s, warnings %q", url, c.Teams[0].WorkflowURL.Reveal(), got)
		}
	}
}
