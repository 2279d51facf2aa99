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

// Open reports whether neither a password nor a token is required.
func (h HTTP) Open() bool { return h.BasicAuth.IsZero() && h.Token.IsZero() }

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
	listenHelp    = `expected an address and a port, such as %s`
	basicAuthHelp = `expected one line such as user:password`
)

func (b *builder) http(f *rawHTTP) HTTP {
	return b.listener("http", "listen", `"127.0.0.1:9494"`, f.Listen, HTTP{}, &f.rawAccess)
}

// receive is where shippers send log lines.
func (b *builder) receive(f *rawReceive, http HTTP) HTTP {
	token := tokenKind{"token", wholeToken, "expected a token without spaces and line breaks"}
	h := HTTP{Token: b.token("receive", token, f.Token, f.TokenFile)}
	h = b.listener("receive", "otlp", `"127.0.0.1:4318"`, f.OTLP, h, &f.rawAccess)
	if h.On() && h.Listen == http.Listen {
		b.problem("receive.otlp", "is also the address of [http], choose another port")
	}
	return h
}

// listener takes the address to listen on, and who may ask there.
func (b *builder) listener(at, key, example string, address *string, h HTTP, f *rawAccess) HTTP {
	v, from := b.secret(at, "basic_auth", f.BasicAuth, f.BasicAuthFile)
	if !v.IsZero() && !userAndPassword(v.Reveal()) {
		b.problem(from, "%s", basicAuthHelp)
	}
	h.BasicAuth, h.AllowRemote = v, f.AllowRemote
	if address == nil {
		for _, other := range []string{"basic_auth", "basic_auth_file", "token", "token_file", "allow_remote"} {
			if b.source.Has(at+"."+other) && !b.source.Has(at+"."+key) {
				b.keyProblem(at+"."+other, `requires %s, too, such as %s`, key, example)
				break
			}
		}
		return h
	}
	h.Listen = *address
	switch {
	case !listenable(h.Listen):
		b.problem(at+"."+key, listenHelp, example)
	case !h.Loopback() && !h.AllowRemote && b.given(at, "basic_auth") == "" && b.given(at, "token") == "":
		b.problem(at+"."+key, `other machines can reach %s: add %s, or write allow_remote = true if `+
			`all of them are allowed to %s it, or listen on "127.0.0.1"`, quote(h.Listen),
			map[string]string{"http": "basic_auth_file", "receive": "token_file or basic_auth_file"}[at],
			map[string]string{"http": "read", "receive": "send logs to"}[at])
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
