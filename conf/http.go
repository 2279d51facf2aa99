package conf

import (
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// On reports whether there is a listener.
func (h HTTP) On() bool { return h.Listen != "" }

// URL is the address of the status page for others, with a slash at the end; ""
// when it is off.
func (h HTTP) URL() string {
	if !h.On() {
		return ""
	}
	host, port, _ := net.SplitHostPort(h.Listen)
	if everywhere(host) {
		host = "localhost"
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// Local is the host:port at which this machine itself reaches the listener.
func (h HTTP) Local() string {
	host, port, _ := net.SplitHostPort(h.Listen)
	if everywhere(host) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// Loopback reports whether only this machine can reach the listener.
func (h HTTP) Loopback() bool {
	host, _, _ := net.SplitHostPort(h.Listen)
	return loopback(host)
}

// everywhere reports whether a host to listen on means all addresses.
func everywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

const (
	listenHelp    = `expected an address and a port, such as "127.0.0.1:9494"`
	basicAuthHelp = `expected one line such as user:password`
)

func (b *builder) http(f *rawHTTP) HTTP {
	h := HTTP{AllowRemote: f.AllowRemote}
	v, from := b.secret("http", "basic_auth", f.BasicAuth, f.BasicAuthFile)
	if !v.IsZero() && !userAndPassword(v.Reveal()) {
		b.problem(from, "%s", basicAuthHelp)
	}
	h.BasicAuth = v
	if f.Listen == nil {
		for _, key := range []string{"basic_auth", "basic_auth_file", "allow_remote"} {
			if b.source.Has("http."+key) && !b.source.Has("http.listen") {
				b.keyProblem("http."+key, `requires listen, too, such as "127.0.0.1:9494"`)
				break
			}
		}
		return h
	}
	h.Listen = *f.Listen
	switch {
	case !listenable(h.Listen):
		b.problem("http.listen", "%s", listenHelp)
	case !h.Loopback() && !h.AllowRemote && b.given("http", "basic_auth") == "":
		b.problem("http.listen", `other machines can reach %s: add basic_auth_file, or write allow_remote = true if `+
			`all of them are allowed to read it, or listen on "127.0.0.1"`, quote(h.Listen))
	}
	return h
}

func listenable(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return false
	}
	_, err = netip.ParseAddr(host)
	return host == "" || err == nil || hostName.MatchString(host)
}

func userAndPassword(s string) bool {
	user, password, ok := strings.Cut(s, ":")
	return ok && user != "" && password != "" && !strings.ContainsFunc(s, control)
}

// heartbeat is the address to request while all is well.
func (b *builder) heartbeat(f *rawHeartbeat) Secret {
	v, from := b.secret("heartbeat", "url", f.URL, f.URLFile)
	if b.source.Has("heartbeat") {
		b.needs("heartbeat", "url")
	}
	if !v.IsZero() {
		b.url(from, v)
	}
	if f.URL != nil {
		b.holdsSecret("heartbeat.url")
	}
	return v
}
