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
	refuse := func(text string) *url.URL {
		b.problem(path, "%s", text)
		return nil
	}
	s := v.Reveal()
	u, err := url.Parse(s)
	if err != nil || strings.ContainsAny(s, " \t\r\n") {
		return refuse("not a URL, write one such as " + scheme + "://" + example)
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case u.Scheme != scheme && u.Scheme != other:
		return refuse("must begin with " + scheme + ":// or " + other + "://")
	case u.Hostname() == "":
		return refuse("has no host, write one such as " + scheme + "://" + example)
	case u.User != nil:
		return refuse("has a user or password before the host, leave them out")
	case u.Port() != "" && (err != nil || port == 0):
		return refuse("has a port that is not between 1 and 65535")
	}
	return u
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
