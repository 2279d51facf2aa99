package conf

import (
	"encoding/base64"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (b *builder) slack(at string, f *fileSlack) Slack {
	s := Slack{Notifier: b.notifier(at, "slack", &f.fileNotifier)}
	v, from := b.secret(at, "webhook_url", f.WebhookURL, f.WebhookURLFile)
	b.needs(at, "webhook_url")
	if !v.IsZero() {
		u := b.url(from, v)
		if u != nil && u.Scheme != "https" && !loopback(u.Hostname()) {
			b.problem(from, "must begin with https://")
		}
	}
	if f.WebhookURL != nil {
		b.holdsSecret(at + ".webhook_url")
	}
	s.WebhookURL = v
	return s
}

func (b *builder) webhook(at string, f *fileWebhook) Webhook {
	w := Webhook{Notifier: b.notifier(at, "webhook", &f.fileNotifier), Client: Client{Headers: f.Headers}}
	v, from := b.secret(at, "url", f.URL, f.URLFile)
	b.needs(at, "url")
	if !v.IsZero() {
		// A plain address is no secret, what follows the ? often is.
		if u := b.url(from, v); u != nil && u.RawQuery != "" && f.URL != nil {
			b.holdsSecret(from)
		}
	}
	w.URL = v

	w.Secret, from = b.secret(at, "secret", f.Secret, f.SecretFile)
	if !w.Secret.IsZero() && !standardSecret(w.Secret.Reveal()) {
		b.problem(from, `want whsec_ and 24 to 64 bytes in base64, make one with: echo "whsec_$(openssl rand -base64 32)"`)
	}
	if f.Secret != nil {
		b.holdsSecret(at + ".secret")
	}
	b.headers(at+".headers", f.Headers)
	return w
}

// needs refuses a table that has neither key nor key_file.
func (b *builder) needs(at, key string) {
	if !b.source.Has(at+"."+key) && !b.source.Has(at+"."+key+"_file") {
		b.problem(at, "%s or %[1]s_file is missing", key)
	}
}

// holdsSecret notes that the configuration file should not be open to others.
func (b *builder) holdsSecret(path string) {
	if b.inline == "" {
		b.inline = path
	}
}

var notifierName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func (b *builder) notifier(at, kind string, f *fileNotifier) Notifier {
	n := defaultNotifier(kind)
	named := at
	if f.Name != nil {
		named, n.Name = at+".name", *f.Name
	}
	switch first, taken := b.names[n.Name]; {
	case !notifierName.MatchString(n.Name):
		b.problem(named, "want a name of 1 to 64 letters, digits, - _ or .")
	case n.Name == "console":
		b.problem(named, `"console" is the name of the terminal, write another one`)
	case taken:
		b.problem(named, "the notifier at line %d is named %q too, give each its own name", b.source.place(first).value.line, n.Name)
	default:
		b.names[n.Name] = named
	}

	n.MinSeverity = f.MinSeverity
	set(&n.Timeout, f.Timeout)
	if n.Timeout < time.Second || n.Timeout > 5*time.Minute {
		b.problem(at+".timeout", `want between "1s" and "5m"`)
	}
	set(&n.RetryFor, f.RetryFor)
	if n.RetryFor == 0 {
		b.problem(at+".retry_for", `must be more than 0, write one such as "24h"`)
	}
	if f.CAFile != nil {
		n.CAFile = b.certificates(at+".ca_file", *f.CAFile)
	}
	return n
}

// url checks an address without ever showing it.
func (b *builder) url(path string, v Secret) *url.URL {
	refuse := func(text string) *url.URL {
		b.problem(path, "%s", text)
		return nil
	}
	s := v.Reveal()
	u, err := url.Parse(s)
	if err != nil || strings.ContainsAny(s, " \t\r\n") {
		return refuse("not a URL, write one such as https://host/path")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("must begin with https:// or http://")
	case u.Hostname() == "":
		return refuse("has no host, write one such as https://host/path")
	case u.User != nil:
		return refuse("has a user or password before the host, leave them out")
	case u.Port() != "" && (err != nil || port == 0):
		return refuse("has a port that is not between 1 and 65535")
	}
	return u
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// standardSecret tells whether s is a secret as Standard Webhooks has them.
func standardSecret(s string) bool {
	encoded, ok := strings.CutPrefix(s, "whsec_")
	if !ok || strings.ContainsAny(encoded, "\r\n") { // the decoder would skip them
		return false
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && len(key) >= 24 && len(key) <= 64
}

var (
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // a token of RFC 9110
	telling    = regexp.MustCompile(`(?i)auth|token|key|secret|cookie|password`)
	ours       = []string{"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length", "host", "connection", "transfer-encoding"}
)

func (b *builder) headers(at string, headers map[string]Secret) {
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		path, lower := join(at, name), strings.ToLower(name)
		first, twice := seen[lower]
		seen[lower] = path
		switch {
		case !headerName.MatchString(name):
			b.keyProblem(path, "not the name of a header")
		case slices.Contains(ours, lower):
			b.keyProblem(path, "this header is set by the program, leave it out")
		case twice:
			b.keyProblem(path, "the header at line %d has the same name", b.source.place(first).key.line)
		case strings.ContainsFunc(headers[name].Reveal(), control):
			b.problem(path, "a header cannot hold line ends or other control characters")
		}
		if telling.MatchString(name) {
			b.holdsSecret(path)
		}
	}
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

func (b *builder) keyProblem(path, format string, args ...any) {
	b.problems = append(b.problems, b.source.keyProblem(path, format, args...))
}
