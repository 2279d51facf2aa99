package conf

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
)

// Host is one that the program connects to.
type Host struct {
	For        string   // what connects to it, such as notifier "slack"
	URL        *url.URL // scheme (http, https, smtp, smtps or tcp), host and port alone, which are no secrets
	CAFile     string   // as in Notifier
	ClientCert bool     // a client certificate is configured
	Plain      bool     // a mail relay need not offer STARTTLS
}

var ports = map[string]string{"http": "80", "https": "443"}

// Hosts are those of the notifiers, of [jira] url and of [heartbeat].
func (c *Config) Hosts() (hosts []Host) {
	add := func(what string, n Notifier, of Client, address string) {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			to := &url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), ports[u.Scheme]))}
			hosts = append(hosts, Host{what, to, n.CAFile, of.ClientCert != "", false})
		}
	}
	notifier := func(n Notifier, of Client, address string) {
		add(fmt.Sprintf("notifier %q", n.Name), n, of, address)
	}
	for _, s := range c.Slack {
		notifier(s.Notifier, Client{}, cmp.Or(s.WebhookURL.Reveal(), s.APIURL))
	}
	for _, w := range c.Webhooks {
		notifier(w.Notifier, w.Client, w.URL.Reveal())
	}
	for _, a := range c.Alertmanagers {
		for _, u := range a.URLs {
			notifier(a.Notifier, a.Client, u.Reveal())
		}
	}
	for _, p := range c.PagerDuty {
		notifier(p.Notifier, Client{}, p.APIURL)
	}
	for _, e := range c.Email {
		scheme := []string{"smtp", "smtps", "smtp", "tcp"}[e.Encryption]
		notifier(e.Notifier, Client{}, scheme+"://"+net.JoinHostPort(e.Host, e.Port))
		hosts[len(hosts)-1].Plain = e.Encryption == Opportunistic
	}
	for _, t := range c.Teams {
		notifier(t.Notifier, Client{}, t.WorkflowURL.Reveal())
	}
	if !c.Jira.Token.IsZero() {
		add("[jira] url", Notifier{}, Client{}, c.Alerts.JiraURL)
	}
	add("[heartbeat]", Notifier{}, Client{}, c.Heartbeat.URL.Reveal())
	return hosts
}
