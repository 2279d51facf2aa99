package conf_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// The same message twice in one place teaches people to look away.
func TestSameDestination(t *testing.T) {
	const (
		hook    = "[[slack]]\nname = '%d'\nwebhook_url = 'https://hooks.slack.com/hunter2'\n"
		bot     = "[[slack]]\nname = '%d'\nbot_token = 'xoxb-hunter2'\nchannel = 'C0123456789'\n"
		webhook = "[[webhook]]\nname = '%d'\nurl = 'https://example.com/hunter2'\n"
		email   = "[[email]]\nname = '%d'\nsmtp = 'smtp://relay'\nfrom = 'a@b.test'\nto = ['c@d.test', 'e@f.test']\n"
		teams   = "[[teams]]\nname = '%d'\nworkflow_url = 'https://example.com/hunter2'\n"
		am      = "[[alertmanager]]\nname = '%d'\nurl = 'http://127.0.0.1:9093'\n"
	)
	warning := func(kind string, second, first int) string {
		return fmt.Sprintf("%s: the notifier at line %d has the same destination as the one at line %d, so alerts arrive there twice", kind, second, first)
	}
	replace := strings.ReplaceAll
	tests := []struct {
		name      string
		notifiers []string
		want      []string
	}{
		{"kinds", []string{hook, bot, webhook, am, email, teams}, nil},
		{"relays", []string{email, replace(email, "smtp://relay", "smtp://relay:587")}, []string{warning("email", 6, 1)}},
		{"recipients", []string{email, replace(email, "e@f", "g@f")}, nil},
		{"workflows", []string{teams, teams}, []string{warning("teams", 4, 1)}},
		{"webhooks", []string{webhook, webhook, webhook}, []string{warning("webhook", 4, 1), warning("webhook", 7, 1)}},
		{"other webhooks", []string{webhook, replace(webhook, "/hunter2", "/Hunter2")}, nil},
		{"webhook of both kinds", []string{webhook, replace(hook, "hooks.slack.com", "example.com")}, nil},
		{"hooks", []string{hook, bot, hook}, []string{warning("slack", 8, 1)}},
		{"bots", []string{bot, replace(bot, "xoxb", "xoxe.xoxb")}, []string{warning("slack", 5, 1)}},
		{"bots in other channels", []string{bot, replace(bot, "C01", "C11")}, nil},
		{"bots elsewhere", []string{bot, bot + "api_url = 'https://slack-gov.com/api/'\n"}, nil},
		{"the address in full", []string{bot, bot + "api_url = 'https://slack.com/api'\n"}, []string{warning("slack", 5, 1)}},
		{"Alertmanagers", []string{am, replace(am, "9093", "9093/")}, []string{warning("alertmanager", 4, 1)}},
		{"clusters", []string{
			replace(am, "url = 'http://127.0.0.1:9093'", "urls = ['https://a', 'https://b', 'https://c']"),
			replace(am, "url = 'http://127.0.0.1:9093'", "urls = ['https://d', 'https://c', 'https://b']"),
		}, []string{warning("alertmanager", 4, 1)}},
	}
	dir := t.TempDir()
	for _, tt := range tests {
		var text strings.Builder
		for i, n := range tt.notifiers {
			fmt.Fprintf(&text, n, i)
		}
		c := load(t, dir, text.String())
		if got, want := strings.Join(c.Warnings, "\n"), strings.Join(tt.want, "\n"); got != want {
			t.Errorf("%s: warnings\n got %s\nwant %s", tt.name, got, want)
		}
	}
}

// Alerts that go to another machine in the clear are worth a warning, whose
// words hold no address; those that stay on this machine are not.
func TestPlainAddress(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ text, want string }{
		{"[[webhook]]\nurl = 'http://hub.example.com/hunter2'\n", "webhook.url"},
		{"[[webhook]]\nurl = 'HTTP://10.0.0.1/hunter2'\n", "webhook.url"},
		{"[[webhook]]\nurl_file = 'hook'\n", "webhook.url_file"},
		{"[[alertmanager]]\nurl = 'http://hunter2:9093'\n", "alertmanager.url"},
		{"[[alertmanager]]\nurls = ['https://a', 'http://hunter2']\n", "alertmanager.urls"},
		{"[[webhook]]\nurl = 'https://hub.example.com/'\n[[alertmanager]]\nurl = 'http://127.0.0.1:9093'\n", ""},
		{"[[webhook]]\nurl = 'http://localhost/'\n[[alertmanager]]\nurl = 'http://[::1]:9093'\n", ""},
	} {
		testkit.Write(t, filepath.Join(dir, "hook"), "http://hub.example.com/hunter2\n")
		want := ""
		if tt.want != "" {
			want = tt.want + ": alerts are sent to another machine without encryption, write https:// if the receiver supports it"
		}
		if got := strings.Join(load(t, dir, tt.text).Warnings, "\n"); got != want {
			t.Errorf("%s\n got %s\nwant %s", tt.text, got, want)
		}
	}
}
