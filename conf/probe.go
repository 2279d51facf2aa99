package conf

import (
	"net/url"
	"strings"
)

// Probe is how the watcher tries to reach what the mail flow needs, and when.
type Probe struct {
	OnAlert    bool   `toml:"on_alert"`    // probe the host of a failure of the network, a proxy or TLS
	TrustStore string `toml:"trust_store"` // of Jira's Java, "" = find it
	Proxy      string `toml:"proxy"`       // host:port of the proxy that Jira uses, "" = as Jira's Java is configured
}

func (b *builder) probe(p *Probe) {
	b.absolute("probe.trust_store", &p.TrustStore)
	if p.Proxy == "" {
		return
	}
	u, err := url.Parse(p.Proxy)
	switch {
	case err != nil || u.Scheme != "http" || u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "":
		b.problem("probe.proxy", "expected the HTTP proxy that Jira uses, such as http://proxy.example.com:3128")
	default:
		if _, given := u.User.Password(); given {
			b.problem("probe.proxy", "contains a password, which is never sent: remove it")
		}
		p.Proxy = u.Host
	}
}
