package incident

import (
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// probeHost is the host to probe for a failure, "" = none.
func (r *Rules) probeHost(f matchers.Failure) string {
	if !r.probe {
		return ""
	}
	return f.Host(r.names.has, f.Integration.Tokens)
}

// toProbe notes the host of the last failure. What was found for another cause or host is dropped.
func (s State) toProbe(host string, changed bool) State {
	if changed || host != "" && host != s.ProbeHost {
		s.ProbeHost, s.Probe = host, nil
	}
	return s
}

// Unprobed is the host to probe for an incident, "" = none. The group of an incident that has had
// no alert of its own shows the probe of its members.
func (s State) Unprobed() string {
	if !s.Open || s.Probe != nil || s.Suppressed || s.Alerts == 0 && !s.IsGroup() {
		return ""
	}
	return s.ProbeHost
}

// Probed is a probe, redacted.
func (r *Rules) Probed(p alert.Probe) alert.Probe { return r.masks.Probe(p) }

// shareProbe keeps the probe of a group as long as all of its members have the same cause and host.
// g has counted the member already.
func (g State) shareProbe(s State) State {
	switch {
	case g.Members == 1:
		g.ProbeHost, g.Probe = s.ProbeHost, s.Probe
	case len(g.Group.Causes) > 1 || g.ProbeHost != s.ProbeHost:
		g.ProbeHost, g.Probe = "", nil
	}
	return g
}
