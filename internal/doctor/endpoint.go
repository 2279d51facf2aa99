package doctor

import (
	"cmp"
	_ "embed" // clouds.txt
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/idna"
)

// A Kind is what is spoken at an endpoint.
type Kind string

// The kinds. Those of mail that begin without TLS switch to it by STARTTLS.
const (
	HTTPS Kind = "https"
	IMAPS Kind = "imaps"
	POPS  Kind = "pop3s"
	SMTPS Kind = "smtps"
	IMAP  Kind = "imap"
	POP   Kind = "pop3"
	SMTP  Kind = "smtp"
	TCP   Kind = "tcp" // nothing
)

// The roles of an endpoint in the flow.
const (
	Token = "token endpoint"
	API   = "API"
	Mail  = "mail server"
	Other = "host"
)

// An Endpoint is what Jira connects to.
type Endpoint struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	Kind Kind   `json:"kind"`
	Role string `json:"role"`

	path string
}

// Address is its host:port.
func (e Endpoint) Address() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// ports are the usual ports of the kinds that a URL may name.
var ports = map[Kind]int{HTTPS: 443, IMAPS: 993, POPS: 995, SMTPS: 465, IMAP: 143, POP: 110, SMTP: 587}

// kindAt is what is spoken at a port.
func kindAt(port int) Kind {
	for kind, usual := range ports {
		if port == usual || port == 25 && kind == SMTP {
			return kind
		}
	}
	return HTTPS
}

//go:embed clouds.txt
var cloudLines string

// clouds are the endpoints of each cloud in clouds.txt.
var clouds = sync.OnceValue(func() (all [][]Endpoint) {
	for block := range strings.SplitSeq(cloudLines, "\n\n") {
		var cloud []Endpoint
		for line := range strings.Lines(block) {
			role, address, _ := strings.Cut(strings.TrimSpace(line), " | ")
			if u, err := url.Parse(address); err == nil && u.Host != "" { // no comment
				cloud = append(cloud, Endpoint{u.Host, ports[Kind(u.Scheme)], Kind(u.Scheme), role, u.Path})
			}
		}
		all = append(all, cloud)
	}
	return all
})

// Defaults are the endpoints of the clouds that have one of these hosts, token endpoints first; if none has, those of
// Microsoft's worldwide cloud and of Google.
func Defaults(hosts []string) (all []Endpoint) {
	for _, c := range clouds() {
		if slices.ContainsFunc(c, func(e Endpoint) bool { return slices.Contains(hosts, e.Host) }) {
			all = append(all, c...)
		}
	}
	if all == nil {
		all = slices.Concat(clouds()[:2]...)
	}
	return all
}

// ForHost is the endpoint of a host: the one that the flow uses, if it uses this host.
func ForHost(host string) Endpoint {
	for _, e := range slices.Concat(clouds()...) {
		if e.Host == host {
			return e
		}
	}
	return Endpoint{host, 443, HTTPS, Other, "/"}
}

var hostName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

// Parse reads an endpoint of the command line: host, host:port or a URL. Its error is a sentence
// without what may be a secret.
func Parse(arg string) (Endpoint, error) {
	wrong := errors.New("expected a host, host:port or a URL, such as outlook.office365.com:993")
	s, path := arg, "/"
	var kind Kind
	if scheme, _, found := strings.Cut(arg, "://"); found {
		u, err := url.Parse(arg)
		if err != nil {
			return Endpoint{}, wrong
		}
		if s, path = u.Host, u.EscapedPath(); path == "" {
			path = "/"
		}
		if kind = Kind(strings.ToLower(scheme)); ports[kind] == 0 {
			return Endpoint{}, errors.New("a URL must begin with https:// (or imaps://, pop3s://, smtp:// and so on)")
		}
	}
	host, port := strings.Trim(s, "[]"), ""
	if _, err := netip.ParseAddr(host); err != nil {
		if h, p, err := net.SplitHostPort(s); err == nil {
			host, port = h, p
		}
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(host, "."))
	if addr, e := netip.ParseAddr(host); e == nil && addr.Zone() == "" {
		ascii, err = addr.String(), nil
	} else if err != nil || len(ascii) > 253 || !hostName.MatchString(ascii) {
		return Endpoint{}, wrong
	}
	e := ForHost(ascii)
	if path != "/" {
		if e.path = path; strings.HasSuffix(path, "/token") {
			e.Role = Token
		}
	}
	if port != "" || kind != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if port != "" && (err != nil || n == 0) {
			return Endpoint{}, errors.New("the port must be between 1 and 65535")
		}
		e.Kind = cmp.Or(kind, kindAt(int(n)))
		if e.Port = cmp.Or(int(n), ports[e.Kind]); e.Kind == HTTPS {
			e.path = cmp.Or(e.path, "/")
		} else {
			e.Role = Mail
		}
	}
	return e, nil
}
