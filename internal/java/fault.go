package java

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/text"
)

const maxNames = 200 // characters

// A Fault is what is wrong with a chain.
type Fault struct {
	Kind   string            // its ID in doctor's faults.txt and JSON
	Cert   *x509.Certificate // the one at fault; for an unknown CA the highest that was presented
	Import *x509.Certificate // into the trust store; nil if that does not help or it was not presented
	Detail string            // the day, the names, or the issuer that are wrong with it
}

// inspectors are names in the issuer of TLS-inspecting proxies.
var inspectors = regexp.MustCompile(`(?i)zscaler|fortinet|fortigate|palo alto|blue ?coat|cisco umbrella|netskope|` +
	`forcepoint|websense|sophos|check point|mcafee|skyhigh|squid`)

// unknown is the fault of a chain that ends, at top, without an anchor.
func (s *TrustStore) unknown(leaf, top *x509.Certificate) *Fault {
	f := &Fault{Kind: "unknown-ca", Cert: top, Detail: "a TLS-inspecting proxy's CA or a private CA"}
	inspector, public := inspectors.FindString(top.Issuer.String()+" "+leaf.Issuer.String()), s.public(top)
	if inspector != "" {
		f.Detail = "a TLS-inspecting proxy's CA (" + text.Printable(inspector) + ")"
	} else if public {
		f.Detail = "a public CA that this trust store is too old to know"
	}
	switch {
	case top == leaf && bytes.Equal(top.RawSubject, top.RawIssuer):
		f.Kind, f.Import = "self-signed", top
	case top.IsCA:
		f.Import = top
	case inspector == "" && (public || len(top.IssuingCertificateURL) > 0):
		f.Kind, f.Detail = "missing-intermediate", text.Printable(top.Issuer.String())
	}
	return f
}

// public reports whether the store has a CA of the issuer's organization: the issuer is a public CA.
func (s *TrustStore) public(c *x509.Certificate) bool {
	return len(c.Issuer.Organization) > 0 && slices.ContainsFunc(s.anchors, func(a *x509.Certificate) bool {
		return slices.Equal(a.Subject.Organization, c.Issuer.Organization)
	})
}

// Explain fills in a sentence on a fault of this kind: {certificate} is the one at fault, {detail} the Detail.
func (f *Fault) Explain(sentence string) string {
	if f.Cert == nil {
		return sentence
	}
	c := fmt.Sprintf("subject %s, issuer %s, valid %s to %s, SHA-256 %s", text.Printable(f.Cert.Subject.String()),
		text.Printable(f.Cert.Issuer.String()), day(f.Cert.NotBefore), day(f.Cert.NotAfter), Fingerprint(f.Cert))
	if f.Kind == "unknown-ca" && f.Import == nil {
		c = text.Printable(f.Cert.Issuer.String()) +
			". It was not presented: get this CA certificate from the network team"
	}
	return strings.NewReplacer("{certificate}", c, "{detail}", f.Detail).Replace(sentence)
}

// Fingerprint is the SHA-256 of a certificate as keytool prints it.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func names(c *x509.Certificate) string {
	all := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	return text.Cut(text.Printable(cmp.Or(strings.Join(all, ", "), c.Subject.CommonName)), maxNames)
}
