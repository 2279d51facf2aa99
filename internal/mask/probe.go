package mask

import (
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Limits of a probe, in characters.
const (
	maxTitle = 200 // and of each line of what was seen
	maxText  = 1000
)

// Probe is a probe, redacted. The command stays as it is, but for a host: it is ours, and half of it
// would not run.
func (m Masks) Probe(p alert.Probe) alert.Probe {
	host := p.Host
	own := func(s string) string { return s }
	if m.host && !providers.MatchString(host) {
		own = func(s string) string { return word(s, host, "[host]") }
	}
	show := func(s string) string { return own(m.Text(s)) }
	p.Host, p.Command = own(host), own(p.Command)
	p.Title, p.Text = text.Cut(show(p.Title), maxTitle), text.Cut(show(p.Text), maxText)
	seen := make([]string, min(len(p.Seen), alert.MaxSeen))
	for i := range seen {
		seen[i] = text.Cut(show(p.Seen[i]), maxTitle)
	}
	p.Seen = seen
	return p
}
