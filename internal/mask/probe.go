package mask

import "jira-oauth-watcher/internal/alert"

// Probe is a probe, redacted. The command stays as it is, but for a host: it is ours, and half of it
// would not run.
func (m Masks) Probe(p alert.Probe) alert.Probe {
	host := p.Host
	own := func(s string) string { return s }
	if m.host && !providers.MatchString(host) {
		own = func(s string) string { return word(s, host, "[host]") }
	}
	show := func(s string) string { return own(m.Text(s)) }
	p.Host, p.Title, p.Text, p.Command = own(host), show(p.Title), show(p.Text), own(p.Command)
	seen := make([]string, min(len(p.Seen), alert.MaxSeen))
	for i := range seen {
		seen[i] = show(p.Seen[i])
	}
	p.Seen = seen
	return p
}
