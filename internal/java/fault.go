package java

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
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

// A Fault is what is wrong with a chain.
type Fault struct {
	Kind      FaultKind
	Cert      *x509.Certificate // the one at fault; for an unknown CA the highest that was presented
	Import    *x509.Certificate // import this one into the trust store; nil if importing does not help or it was not presented
	Host      string            // of WrongName
	Inspector string            // the TLS-inspecting product that the issuer names, "" = none known
	Public    bool              // the issuer is a public CA: the trust store knows its organization
}

// inspectors are words in the issuer of TLS-inspecting proxies, and their products.
var inspectors = []struct{ word, product string }{
	{"zscaler", "Zscaler"}, {"fortinet", "Fortinet"}, {"fortigate", "Fortinet"}, {"palo alto", "Palo Alto Networks"},
	{"blue coat", "Blue Coat"}, {"bluecoat", "Blue Coat"}, {"umbrella", "Cisco Umbrella"}, {"netskope", "Netskope"},
	{"forcepoint", "Forcepoint"}, {"websense", "Forcepoint"}, {"sophos", "Sophos"}, {"check point", "Check Point"},
	{"mcafee", "McAfee"}, {"skyhigh", "Skyhigh"}, {"squid", "Squid"},
}

// unknown is the fault of a chain that ends, at top, without an anchor.
func (s *TrustStore) unknown(leaf, top *x509.Certificate) *Fault {
	f := &Fault{Kind: UnknownCA, Cert: top, Public: s.public(top)}
	issuer := strings.ToLower(top.Issuer.String() + " " + leaf.Issuer.String())
	for _, i := range inspectors {
		if f.Inspector == "" && strings.Contains(issuer, i.word) {
			f.Inspector = i.product
		}
	}
	selfSigned := bytes.Equal(top.RawSubject, top.RawIssuer)
	switch {
	case top == leaf && selfSigned:
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

// String says in one to three sentences what is wrong and which certificate is missing.
func (f *Fault) String() string {
	if f.Cert == nil {
		return "The server presented no certificate."
	}
	c := Describe(f.Cert)
	switch f.Kind {
	case Expired:
		return "A certificate expired on " + day(f.Cert.NotAfter) + ": " + c + ". Its owner must renew it."
	case NotYetValid:
		return "A certificate is not valid before " + day(f.Cert.NotBefore) + ": " + c + ". Check this machine's clock first."
	case WrongName:
		return "The certificate is not for " + text.Printable(f.Host) + " but for " + names(f.Cert) + ": " + c + "."
	case Weak:
		return "Java refuses a weak signature or key (MD5, SHA-1 or RSA below 1024 bits): " + c + "."
	case Distrusted:
		return "Newer versions of Java do not trust what this CA issues any more: " + c + "."
	case RootNotCA:
		return "The trust store has this certificate, but it is not a CA certificate, so Java does not accept it as an issuer: " +
			c + ". Import the CA certificate that issued the server's."
	case IssuerNotCA:
		return "A certificate in the chain may not issue others: " + c + "."
	case WrongUse:
		return "A certificate is not for TLS servers, or has a critical extension that Java does not know: " + c + "."
	case SelfSigned:
		return "The server's certificate is self-signed, and Java's trust store does not have it: " + c + "."
	case MissingIntermediate:
		return "The server does not present the intermediate certificate " + text.Printable(f.Cert.Issuer.String()) +
			", and Java does not download it. The server's administrator must add it to the chain."
	}
	return f.unknownCA(c)
}

func (f *Fault) unknownCA(c string) string {
	who := "a TLS-inspecting proxy's CA or a private CA"
	switch {
	case f.Inspector != "":
		who = "a TLS-inspecting proxy's CA (" + f.Inspector + ")"
	case f.Public:
		who = "a public CA that this trust store is too old to know"
	}
	s := "Java's trust store does not have the issuer, " + who + ": "
	if f.Import == nil {
		return s + text.Printable(f.Cert.Issuer.String()) + ". It was not presented: get this CA certificate from the network team."
	}
	return s + c + "."
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
	if len(all) > 5 {
		all = append(all[:5:5], "…")
	}
	return text.Printable(strings.Join(all, ", "))
}
