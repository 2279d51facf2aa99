package conf

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// url checks an address of the web without ever showing it.
func (b *builder) url(path string, v Secret) *url.URL {
	return b.address(path, v, "https", "http", "host/path")
}

// address checks an address of one of two schemes without ever showing it.
func (b *builder) address(path string, v Secret, scheme, other, example string) *url.URL {
	u, err := url.Parse(v.Reveal())
	switch {
	case err != nil || strings.ContainsAny(v.Reveal(), " \t\r\n"):
		b.problem(path, "not a URL, write one such as %s://%s", scheme, example)
	case u.Scheme != scheme && u.Scheme != other:
		b.problem(path, "must begin with %s:// or %s://", scheme, other)
	case u.Hostname() == "":
		b.problem(path, "has no host, write one such as %s://%s", scheme, example)
	case u.User != nil:
		b.problem(path, "has a user or password before the host, leave them out")
	case u.Port() != "" && !isPort(u.Port()):
		b.problem(path, "has a port that is not between 1 and 65535")
	default:
		return u
	}
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// base checks an address that paths are put after, and takes the slashes off
// its end. One that has a problem is "".
func (b *builder) base(path, address string) string {
	switch u := b.url(path, NewSecret(address)); {
	case u == nil:
	case strings.ContainsAny(address, "?#"):
		b.problem(path, "remove everything from ? or # on, because paths are appended to this address")
	case !printable(address) || strings.ContainsAny(address, "<>\"\\^`{|}"): // of examples and markup
		b.problem(path, "contains a character that is not allowed in an address, write one such as https://host/path")
	default:
		return strings.TrimRight(address, "/")
	}
	return ""
}

// private refuses to send a secret in the clear, except to this machine.
func (b *builder) private(path string, u *url.URL) {
	if u != nil && u.Scheme != "https" && !loopback(u.Hostname()) {
		b.problem(path, "must begin with https://")
	}
}

// api checks the address of an API, to which secrets are sent.
func (b *builder) api(at string, address *string) {
	path := at + ".api_url"
	if !b.good(path) {
		return
	}
	if *address = b.base(path, *address); *address != "" {
		b.private(path, b.url(path, NewSecret(*address)))
	}
}

// secretURL is an address that is a secret, given in place or in a file.
func (b *builder) secretURL(at, key string, s *Secret) {
	if from := b.secret(at, key, s); !s.IsZero() {
		b.private(from, b.url(from, *s))
	}
}

// plain warns about an address to which everything goes in the clear.
func (b *builder) plain(path, address string) {
	if u, err := url.Parse(address); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		b.warn("%s: alerts are sent to another machine without encryption, write https:// if the receiver supports it",
			withoutIndexes(path))
	}
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
