package java

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"regexp"
	"strings"
	"time"

	"jira-oauth-watcher/internal/text"
)

// A FaultKind is a reason why Java refuses a chain.
type FaultKind string

// The kinds, named as in the doctor's JSON.
const (
	NoCertificate       FaultKind = "no-certificate"
	UnknownCA           FaultKind = "unknown-ca"
	SelfSigned          FaultKind = "self-signed"
	MissingIntermediate FaultKind = "missing-intermediate"
	Expired             FaultKind = "expired"
	NotYetValid         FaultKind = "not-yet-valid"
	WrongName           FaultKind = "wrong-name"
	Weak                FaultKind = "weak"
	Distrusted          FaultKind = "distrusted"
	RootNotCA           FaultKind = "root-not-ca"
	IssuerNotCA         FaultKind = "issuer-not-ca"
	WrongUse            FaultKind = "wrong-use"
)

const maxNames = 200 // characters

// A Fault is what is wrong with a chain.
type Fault struct {
	Kind      FaultKind
	Cert      *x509.Certificate // the one at fault; for an unknown CA the highest that was presented
	Import    *x509.Certificate // import this one into the trust store; nil if importing does not help or it was not presented
	Host      string            // of WrongName
	Inspector string            // the TLS-inspecting product as the issuer names it, "" = none known
	Public    bool              // the issuer is a public CA: the trust store knows its organization
}

// inspectors are names in the issuer of TLS-inspecting proxies.
var inspectors = regexp.MustCompile(`(?i)zscaler|fortinet|fortigate|palo alto|blue ?coat|cisco umbrella|netskope|forcepoint|` +
	`websense|sophos|check point|mcafee|skyhigh|squid`)

// unknown is the fault of a chain that ends, at top, without an anchor.
func (s *TrustStore) unknown(leaf, top *x509.Certificate) *Fault {
	f := &Fault{Kind: UnknownCA, Cert: top, Public: s.public(top),
		Inspector: inspectors.FindString(top.Issuer.String() + " " + leaf.Issuer.String())}
	switch {
	case top == leaf && bytes.Equal(top.RawSubject, top.RawIssuer):
		f.Kind, f.Import = SelfSigned, top
	case top.IsCA:
		f.Import = top
	case f.Inspector == "" && (f.Public || len(top.IssuingCertificateURL) > 0):
		f.Kind = MissingIntermediate
	}
	return f
}

// public reports whether the store has a CA of the issuer's organization.
func (s *TrustStore) public(c *x509.Certificate) bool {
	o := strings.Join(c.Issuer.Organization, "+")
	for _, a := range s.anchors {
		if o != "" && o == strings.Join(a.Subject.Organization, "+") {
			return true
		}
	}
	return false
}

// Explain fills in a sentence on a fault of this kind: {certificate} is the one at fault, {detail} the day, the names,
// or the issuer that are wrong with it.
func (f *Fault) Explain(sentence string) string {
	if f.Cert == nil {
		return sentence
	}
	c, detail := Describe(f.Cert), ""
	switch f.Kind {
	case Expired:
		detail = day(f.Cert.NotAfter)
	case NotYetValid:
		detail = day(f.Cert.NotBefore)
	case WrongName:
		detail = text.Printable(f.Host) + " but for " + names(f.Cert)
	case MissingIntermediate:
		detail = text.Printable(f.Cert.Issuer.String())
	case UnknownCA:
		detail = "a TLS-inspecting proxy's CA or a private CA"
		if f.Inspector != "" {
			detail = "a TLS-inspecting proxy's CA (" + text.Printable(f.Inspector) + ")"
		} else if f.Public {
			detail = "a public CA that this trust store is too old to know"
		}
		if f.Import == nil {
			c = text.Printable(f.Cert.Issuer.String()) + ". It was not presented: get this CA certificate from the network team"
		}
	}
	return strings.NewReplacer("{certificate}", c, "{detail}", detail).Replace(sentence)
}

// Describe names a certificate: subject, issuer, validity, SHA-256. The names are escaped.
func Describe(c *x509.Certificate) string {
	return fmt.Sprintf("subject %s, issuer %s, valid %s to %s, SHA-256 %s", text.Printable(c.Subject.String()),
		text.Printable(c.Issuer.String()), day(c.NotBefore), day(c.NotAfter), Fingerprint(c))
}

// Fingerprint is the SHA-256 of a certificate as keytool prints it.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func names(c *x509.Certificate) string {
	all := c.DNSNames
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		all = []string{c.Subject.CommonName}
	}
	return text.Cut(text.Printable(strings.Join(all, ", ")), maxNames)
}
