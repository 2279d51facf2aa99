package listen

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
)

// Here reports whether a request to this host name is for this service. An IP address
// is not a name that another site could resolve to it.
func Here(rules conf.HTTP, machine, host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.IsLoopback() || !rules.Loopback()
	}
	own, _, _ := net.SplitHostPort(rules.Listen)
	return slices.ContainsFunc([]string{"localhost", own, machine}, func(known string) bool {
		return known != "" && strings.EqualFold(name, known)
	})
}
