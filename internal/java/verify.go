package java

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	_ "embed" // distrusted.txt
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/text"
)

const (
	maxPresented = 20 // certificates; more are not looked at
	maxPath      = 8  // certificates between the server's and the anchor; Java's default is 5
	maxTries     = 200
)

// search is for one path from the presented chain to an anchor, as Java's validator does.
type search struct {
	store     *TrustStore
	presented []*x509.Certificate
	now       time.Time
	tries     int
	first     *Fault // of the first complete path
	top       *x509.Certificate
}

// Verify is nil if Java would accept the chain that a server presented, its own certificate first, for this host.
//
// It is not x509.Certificate.Verify, because Java's PKIX differs: a certificate that is itself in the store needs no
// path and is not asked for its dates; an anchor's dates do not count; SHA-1 is refused only under a CA that came with
// the JDK; a certificate without SAN is matched by its CN. Revocation is not checked, as by default in Java.
func (s *TrustStore) Verify(host string, chain []*x509.Certificate, now time.Time) *Fault {
	if len(chain) == 0 {
		return &Fault{Kind: "no-certificate"}
	}
	leaf := chain[0]
	if !slices.ContainsFunc(s.anchors, leaf.Equal) {
		p := &search{store: s, presented: chain[:min(len(chain), maxPresented)], now: now, top: leaf}
		if !p.build([]*x509.Certificate{leaf}) {
			return cmp.Or(p.first, s.unknown(leaf, p.top))
		}
	}
	if !nameMatches(leaf, host) {
		return &Fault{Kind: "wrong-name", Cert: leaf, Detail: text.Printable(host) + " but for " + names(leaf)}
	}
	return nil
}

// build extends the path by an issuer, an anchor first, and reports whether one path is without fault.
func (p *search) build(path []*x509.Certificate) bool {
	last := path[len(path)-1]
	if p.tries++; len(path) > maxPath || p.tries > maxTries {
		return false
	}
	for _, a := range p.store.anchors {
		if issued(a, last) {
			f := p.judge(path, a)
			if f == nil {
				return true
			}
			p.first = cmp.Or(p.first, f)
		}
	}
	for _, c := range p.presented {
		if !slices.ContainsFunc(path, c.Equal) && issued(c, last) {
			if p.top == last {
				p.top = c
			}
			if p.build(append(slices.Clone(path), c)) {
				return true
			}
		}
	}
	return false
}

// issued compares names and checks the signature, if it is of a kind that Go can check.
func issued(issuer, c *x509.Certificate) bool {
	if !bytes.Equal(issuer.RawSubject, c.RawIssuer) {
		return false
	}
	if weak(c) || weak(issuer) {
		return true // judged later, as weak
	}
	return issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

func (p *search) judge(path []*x509.Certificate, anchor *x509.Certificate) *Fault {
	if anchor.Version >= 3 && !mayIssue(anchor, 0) {
		return &Fault{Kind: "root-not-ca", Cert: anchor}
	}
	for i, c := range slices.Backward(append(slices.Clone(path), anchor)) {
		switch {
		case i < len(path) && p.store.jdk[anchor] && sha1(c.SignatureAlgorithm), weak(c):
			return &Fault{Kind: "weak", Cert: c}
		case i == len(path): // its dates do not count
		case p.now.Before(c.NotBefore):
			return &Fault{Kind: "not-yet-valid", Cert: c, Detail: day(c.NotBefore)}
		case p.now.After(c.NotAfter):
			return &Fault{Kind: "expired", Cert: c, Detail: day(c.NotAfter)}
		case i > 0 && !mayIssue(c, i-1):
			return &Fault{Kind: "issuer-not-ca", Cert: c}
		case i == 0 && !forServers(c), len(c.UnhandledCriticalExtensions) > 0:
			return &Fault{Kind: "wrong-use", Cert: c}
		}
	}
	before, _, found := strings.Cut(distrustedRoots, fmt.Sprintf(" %X ", sha256.Sum256(anchor.Raw)))
	if found && path[0].NotBefore.UTC().Format(time.DateOnly) > before[len(before)-len(time.DateOnly):] {
		return &Fault{Kind: "distrusted", Cert: anchor}
	}
	return nil
}

func forServers(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// weak is jdk.certpath.disabledAlgorithms of OpenJDK's java.security, without SHA-1.
func weak(c *x509.Certificate) bool {
	bits, least := 224, 224
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		bits, least = k.N.BitLen(), 1024
	case *ecdsa.PublicKey:
		bits = k.Curve.Params().BitSize
	}
	return bits < least || c.SignatureAlgorithm == x509.MD2WithRSA || c.SignatureAlgorithm == x509.MD5WithRSA
}

func sha1(a x509.SignatureAlgorithm) bool { return a == x509.SHA1WithRSA || a == x509.ECDSAWithSHA1 }

// mayIssue reports whether a certificate may issue others, with a number of CAs between it and the server's.
func mayIssue(c *x509.Certificate, between int) bool {
	limited := c.MaxPathLen > 0 || c.MaxPathLenZero
	return c.IsCA && (c.KeyUsage == 0 || c.KeyUsage&x509.KeyUsageCertSign != 0) && (!limited || between <= c.MaxPathLen)
}

// nameMatches takes the CN only if the certificate names no host in its SAN, and never for an IP address.
func nameMatches(c *x509.Certificate, host string) bool {
	if net.ParseIP(host) == nil && len(c.DNSNames) == 0 {
		c = &x509.Certificate{DNSNames: []string{c.Subject.CommonName}}
	}
	return c.VerifyHostname(host) == nil
}

// Java refuses what these roots issued after a day.
//
//go:embed distrusted.txt
var distrustedRoots string
