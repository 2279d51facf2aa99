package conf

import (
	"crypto/tls"
	"encoding/pem"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// client takes what the HTTP receivers have in common.
func (b *builder) client(at string, c *Client) {
	b.headers(at+".headers", c.Headers)
	certificate, key := at+".client_cert", at+".client_key"
	switch hasCertificate, hasKey := b.source.Has(certificate), b.source.Has(key); {
	case hasCertificate && !hasKey:
		b.keyProblem(certificate, "requires client_key, too: the file with its private key")
	case hasKey && !hasCertificate:
		b.keyProblem(key, "requires client_cert, too: the file with its certificate")
	}
	public := b.certificates(certificate, &c.ClientCert)
	if !b.good(key) {
		return
	}
	found, private := b.read(key, c.ClientKey, maxSecret)
	if found == "" {
		return
	}
	c.ClientKey = b.whole(key, found)
	if public != nil {
		if text := pairProblem(public, private); text != "" {
			b.problem(key, "%s %s", c.ClientKey, text)
		}
	}
}

// pairProblem says why a private key cannot be used with a certificate. The
// library's own words are not passed on: they quote parts of the files.
func pairProblem(certificate, key []byte) string {
	_, err := tls.X509KeyPair(certificate, key)
	switch {
	case err == nil:
		return ""
	case strings.Contains(err.Error(), "does not match"):
		return "does not match the first certificate in client_cert"
	case encrypted(key):
		return "is encrypted, remove its passphrase: openssl pkey -in OLD -out NEW"
	}
	return "contains no private key in PEM format that matches client_cert"
}

// encrypted reports whether a file holds a private key with a passphrase.
func encrypted(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return true
		}
	}
	return false
}

var (
	headerName      = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // a token of RFC 9110
	sensitive       = regexp.MustCompile(`(?i)auth|token|key|secret|cookie|password`)
	reservedHeaders = []string{"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length",
		"host", "connection", "transfer-encoding"}
)

func (b *builder) headers(at string, headers map[string]Secret) {
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		path, lower := join(at, name), strings.ToLower(name)
		first, twice := seen[lower]
		seen[lower] = path
		switch {
		case !headerName.MatchString(name):
			b.keyProblem(path, "not a valid header name")
		case slices.Contains(reservedHeaders, lower):
			b.keyProblem(path, "this header is set by the program, leave it out")
		case twice:
			b.keyProblem(path, "the header at line %d has the same name", b.source.location(first).key.line)
		case strings.ContainsFunc(headers[name].Reveal(), control):
			b.problem(path, "a header cannot contain line breaks or other control characters")
		}
		if sensitive.MatchString(name) {
			b.holdsSecret(path)
		}
	}
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
