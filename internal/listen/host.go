package listen

import (
	"net"
	"net/netip"
	"strings"

	"jira-oauth-watcher/conf"
)

// Here reports whether a request to this host name is for this service. An IP address
// is not a name that another site could resolve to it.
func Here(rules conf.HTTP, machine, host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.IsLoopback() || !rules.Loopback()
	}
	own, _, _ := net.SplitHostPort(rules.Listen)
	for _, known := range []string{"localhost", own, machine} {
		if known != "" && strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}
