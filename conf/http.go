package conf

import (
	"cmp"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
)

// On reports whether there is a listener.
func (h HTTP) On() bool { return h.Listen != "" }

// Open reports whether neither a password nor a token is required.
func (h HTTP) Open() bool { return h.BasicAuth.IsZero() && h.Token.IsZero() }

// URL is the address of the status page for others, with a slash at the end; ""
// when it is off.
func (h HTTP) URL() string {
	if !h.On() {
		return ""
	}
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	return "http://" + h.reachable(name) + "/"
}

// Local is the host:port at which this machine itself reaches the listener.
func (h HTTP) Local() string { return h.reachable("localhost") }

// reachable is the host:port to ask, at a name of this machine when it listens on all addresses.
func (h HTTP) reachable(name string) string {
	host, port, _ := net.SplitHostPort(h.Listen)
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = name
	}
	return net.JoinHostPort(host, port)
}

// Loopback reports whether only this machine can reach the listener.
func (h HTTP) Loopback() bool {
	host, _, _ := net.SplitHostPort(h.Listen)
	return loopback(host)
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// receive is where shippers send log lines.
func (b *builder) receive(h *HTTP, http HTTP) {
	b.token("receive", tokenKind{"token", wholeToken, "expected a token without spaces and line breaks"}, &h.Token)
	b.listener("receive", "otlp", `"127.0.0.1:4318"`, h)
	if h.On() && h.Listen == http.Listen {
		b.problem("receive.otlp", "is also the address of [http], choose another port")
	}
}

// listener checks the address to listen on, and who may ask there.
func (b *builder) listener(at, key, example string, h *HTTP) {
	if from := b.secret(at, "basic_auth", &h.BasicAuth); !h.BasicAuth.IsZero() && !userAndPassword(h.BasicAuth.Reveal()) {
		b.problem(from, "expected one line such as user:password")
	}
	login := cmp.Or(b.given(at, "basic_auth"), b.given(at, "token"))
	if other := cmp.Or(login, b.given(at, "allow_remote")); other != "" && !b.source.Has(at+"."+key) {
		b.keyProblem(other, `requires %s, too, such as %s`, key, example)
	}
	switch {
	case !b.good(at + "." + key):
	case !listenable(h.Listen):
		b.problem(at+"."+key, "expected an address and a port, such as %s", example)
	case !h.Loopback() && !h.AllowRemote && login == "":
		b.problem(at+"."+key, `other machines can reach %s: add %s, or write allow_remote = true if `+
			`all of them are allowed to %s it, or listen on "127.0.0.1"`, quote(h.Listen),
			map[string]string{"http": "basic_auth_file", "receive": "token_file or basic_auth_file"}[at],
			map[string]string{"http": "read", "receive": "send logs to"}[at])
	}
}

func listenable(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || !isPort(port) {
		return false
	}
	_, err = netip.ParseAddr(host)
	return host == "" || err == nil || hostName.MatchString(host)
}

func userAndPassword(s string) bool {
	user, password, ok := strings.Cut(s, ":")
	return ok && user != "" && password != "" && !strings.ContainsFunc(s, control)
}

// heartbeat checks the address to request while all is well.
func (b *builder) heartbeat(address *Secret) {
	from := b.secret("heartbeat", "url", address)
	if b.source.Has("heartbeat") {
		b.needs("heartbeat", "url")
	}
	if !address.IsZero() {
		b.url(from, *address)
	}
	if b.good("heartbeat.url") {
		b.holdsSecret("heartbeat.url")
	}
}
