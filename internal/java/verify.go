package java

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"time"
)

const (
	maxPresented = 20 // certificates; more are not looked at
	maxPath      = 8  // certificates between the server's and the anchor; Java's default is 5
	maxTries     = 200
)

// pkix searches one path from the presented chain to an anchor, as Java's validator does.
type pkix struct {
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
		return &Fault{Kind: NoCertificate}
	}
	leaf := chain[0]
	if !slices.ContainsFunc(s.anchors, leaf.Equal) {
		p := &pkix{store: s, presented: chain[:min(len(chain), maxPresented)], now: now, top: leaf}
		if !p.build([]*x509.Certificate{leaf}) {
			if p.first != nil {
				return p.first
			}
			return s.unknown(leaf, p.top)
		}
	}
	if !nameMatches(leaf, host) {
		return &Fault{Kind: WrongName, Cert: leaf, Host: host}
	}
	return nil
}

// build extends the path by an issuer, an anchor first, and reports whether one path is without fault.
func (p *pkix) build(path []*x509.Certificate) bool {
	last := path[len(path)-1]
	if p.tries++; len(path) > maxPath || p.tries > maxTries {
		return false
	}
	for _, a := range p.store.anchors {
		if !issued(a, last) {
			continue
		}
		f := p.judge(path, a)
		if f == nil {
			return true
		}
		if p.first == nil {
			p.first = f
		}
	}
	for _, c := range p.presented {
		if slices.ContainsFunc(path, c.Equal) || !issued(c, last) {
			continue
		}
		if p.top == last {
			p.top = c
		}
		if p.build(append(slices.Clone(path), c)) {
			return true
		}
	}
	return false
}

// issued compares names and checks the signature, if it is of a kind that Go can check.
func issued(issuer, c *x509.Certificate) bool {
	if !bytes.Equal(issuer.RawSubject, c.RawIssuer) {
		return false
	}
	if weakSignature(c.SignatureAlgorithm) || weakKey(issuer) {
		return true // judged later, as weak
	}
	return issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

func (p *pkix) judge(path []*x509.Certificate, anchor *x509.Certificate) *Fault {
	if anchor.Version >= 3 && (!anchor.IsCA || anchor.KeyUsage != 0 && anchor.KeyUsage&x509.KeyUsageCertSign == 0) {
		return &Fault{Kind: RootNotCA, Cert: anchor}
	}
	if weakKey(anchor) {
		return &Fault{Kind: Weak, Cert: anchor}
	}
	for i, c := range slices.Backward(path) {
		switch {
		case weakSignature(c.SignatureAlgorithm) || weakKey(c) || p.store.jdk[anchor] && sha1(c.SignatureAlgorithm):
			return &Fault{Kind: Weak, Cert: c}
		case p.now.Before(c.NotBefore):
			return &Fault{Kind: NotYetValid, Cert: c}
		case p.now.After(c.NotAfter):
			return &Fault{Kind: Expired, Cert: c}
		case i > 0 && (!c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 || c.MaxPathLen >= 0 &&
			(c.MaxPathLen > 0 || c.MaxPathLenZero) && i-1 > c.MaxPathLen):
			return &Fault{Kind: IssuerNotCA, Cert: c}
		case i == 0 && !forServers(c):
			return &Fault{Kind: WrongUse, Cert: c}
		}
	}
	if distrusted(anchor, path[0]) {
		return &Fault{Kind: Distrusted, Cert: anchor}
	}
	return nil
}

func forServers(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// weakSignature and weakKey are jdk.certpath.disabledAlgorithms of OpenJDK's java.security.
func weakSignature(a x509.SignatureAlgorithm) bool {
	return a == x509.MD2WithRSA || a == x509.MD5WithRSA
}

func sha1(a x509.SignatureAlgorithm) bool {
	return a == x509.SHA1WithRSA || a == x509.DSAWithSHA1 || a == x509.ECDSAWithSHA1
}

func weakKey(c *x509.Certificate) bool {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < 1024
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize < 224
	}
	return false
}

// nameMatches takes the CN only if the certificate names no host in its SAN, and never for an IP address.
func nameMatches(c *x509.Certificate, host string) bool {
	host = strings.TrimSuffix(host, ".")
	if net.ParseIP(host) == nil && len(c.DNSNames) == 0 {
		c = &x509.Certificate{DNSNames: []string{c.Subject.CommonName}}
	}
	if net.ParseIP(host) != nil {
		host = "[" + strings.Trim(host, "[]") + "]"
	}
	return c.VerifyHostname(host) == nil
}

// distrusted is jdk.security.caDistrustPolicies of OpenJDK: certificates that these CAs issued after a date are
// refused. The JDK knows the roots by fingerprint, this by the organization in their names.
func distrusted(anchor, leaf *x509.Certificate) bool {
	for _, d := range []struct{ organization, after string }{
		{"Entrust", "2024-11-11"}, {"AffirmTrust", "2024-11-11"}, {"AC Camerfirma", "2025-04-15"},
		{"GeoTrust", "2019-04-16"}, {"thawte", "2019-04-16"}, {"VeriSign", "2019-04-16"}, {"Symantec", "2019-04-16"},
	} {
		o := strings.Join(anchor.Subject.Organization, " ")
		if strings.HasPrefix(o, d.organization) && leaf.NotBefore.Format(time.DateOnly) > d.after {
			return true
		}
	}
	return false
}
