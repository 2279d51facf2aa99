package conf_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// The hosts of a configuration have a port, the CAs of their notifier, and nothing that is secret.
func TestHosts(t *testing.T) {
	testkit.Pure(t)
	dir := t.TempDir()
	const mail = "from = 'jira@example.com'\nto = ['ops@example.com']\n"
	c := load(t, dir, `jira = {url = "https://jira.example.com/jira", token = "canarycanary"}
heartbeat = {url = "https://hc-ping.com/canary"}
[[slack]]
webhook_url = "https://hooks.slack.com/services/T0/B0/canary"
[[slack]]
name = "bot"
bot_token = "xoxb-canary"
channel = "C0123456789"
[[webhook]]
url = "http://[2001:db8::1]/canary?canary"
[[alertmanager]]
urls = ["http://am1.example.com:9093", "https://am2.example.com"]
[[pagerduty]]
routing_key = "canarycanarycanarycanarycanary00"
[[teams]]
workflow_url = "https://prod.logic.azure.com:443/workflows/canary?sig=canary"
[[email]]
smtp = "smtp://relay.example.com"
`+mail+`[[email]]
name = "tls"
smtp = "smtps://relay.example.com"
`+mail+`[[email]]
name = "open"
allow_plain = true
smtp = "smtp://relay.example.com:25"
`+mail+`[[email]]
name = "local"
smtp = "smtp://localhost:25"
`+mail)
	var got []string
	for _, h := range c.Hosts() {
		got = append(got, fmt.Sprint(h.For, " ", h.URL, " ", h.Plain))
	}
	want := []string{
		`notifier "slack" https://hooks.slack.com:443 false`, `notifier "bot" https://slack.com:443 false`,
		`notifier "webhook" http://[2001:db8::1]:80 false`, `notifier "alertmanager" http://am1.example.com:9093 false`,
		`notifier "alertmanager" https://am2.example.com:443 false`, `notifier "pagerduty" https://events.pagerduty.com:443 false`,
		`notifier "email" smtp://relay.example.com:587 false`, `notifier "tls" smtps://relay.example.com:465 false`,
		`notifier "open" smtp://relay.example.com:25 true`, `notifier "local" tcp://localhost:25 false`,
		`notifier "teams" https://prod.logic.azure.com:443 false`, `[jira] url https://jira.example.com:443 false`,
		`[heartbeat] https://hc-ping.com:443 false`,
	}
	if !slices.Equal(got, want) || strings.Contains(fmt.Sprint(c.Hosts()), "canary") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
