package incident

import (
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// probing is a host to probe, "" = none. The log names it, or it is only assumed.
type probing struct {
	host    string
	assumed bool
}

func (r *Rules) probing(f matchers.Failure) (p probing) {
	if r.probe && f.Node == "" { // what this machine reaches says nothing of another
		p.host, p.assumed = f.Host(r.names.lower)
	}
	return p
}

// toProbe notes the host of the last failure. What was found for another cause or host is dropped.
func (s State) toProbe(p probing, changed bool) State {
	if changed || p.host != "" && p.host != s.ProbeHost && (s.ProbeHost == "" || !p.assumed) {
		s.ProbeHost, s.ProbeAssumed, s.Probe = p.host, p.assumed, nil
	}
	return s
}

// Unprobed is the host to probe for an incident, "" = none. If an incident has had no separate alert, its
// group shows the probe.
func (s State) Unprobed() string {
	if !s.Open || s.Probe != nil || s.Suppressed || s.Alerts == 0 && !s.IsGroup() {
		return ""
	}
	return s.ProbeHost
}

// Probed is a probe, redacted.
func (r *Rules) Probed(p alert.Probe) alert.Probe { return r.masks.Probe(p) }

// WithProbe is an incident with what was found at its host.
func (s State) WithProbe(p alert.Probe) State {
	p.Assumed = s.ProbeAssumed
	s.Probe = &p
	return s
}

// shareProbe keeps the probe of a group as long as all of its members have the same cause and host.
// g has counted the member already.
func (g State) shareProbe(s State) State {
	switch {
	case g.Members == 1:
		g.ProbeHost, g.ProbeAssumed, g.Probe = s.ProbeHost, s.ProbeAssumed, s.Probe
	case len(g.Group.Causes) > 1 || g.ProbeHost != s.ProbeHost:
		g.ProbeHost, g.Probe = "", nil
	}
	return g
}
