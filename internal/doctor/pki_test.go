//go:build linux

package doctor_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

const tokenHost = "token.example.com" // what the tests' name servers say is 127.0.0.1

// identity is a certificate with its key.
type identity struct {
	*x509.Certificate
	key crypto.Signer
}

// issue makes a certificate for the token host, or a CA, valid now, signed by another or by itself. change
// may change it.
func issue(t testing.TB, name string, by *identity, change func(c *x509.Certificate)) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return issueFor(t, key, name, by, change)
}

func issueFor(t testing.TB, key crypto.Signer, name string, by *identity, change func(c *x509.Certificate)) *identity {
	t.Helper()
	now := time.Now()
	c := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), BasicConstraintsValid: true}
	if by == nil {
		c.IsCA, c.KeyUsage, c.MaxPathLen = true, x509.KeyUsageCertSign, -1
	} else {
		c.DNSNames, c.ExtKeyUsage = []string{tokenHost}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	if change != nil {
		change(c)
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return &identity{c, key}
}

// ca makes an intermediate CA of a certificate.
func ca(c *x509.Certificate) {
	c.IsCA, c.KeyUsage, c.MaxPathLen, c.DNSNames, c.ExtKeyUsage = true, x509.KeyUsageCertSign, -1, nil, nil
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// withMD5 signs a certificate that has an RSA issuer anew. Go itself does not.
func withMD5(t testing.TB, c, by *identity) *identity {
	t.Helper()
	var parts struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.Raw, &parts); err != nil {
		t.Fatal(err)
	}
	// sha256WithRSAEncryption becomes md5WithRSAEncryption: 1.2.840.113549.1.1.11 and .4 (RFC 8017).
	tbs := append([]byte(nil), parts.TBS.FullBytes...)
	old, _ := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11})
	for i := range tbs[:len(tbs)-len(old)] {
		if string(tbs[i:i+len(old)]) == string(old) {
			tbs[i+len(old)-1] = 4
		}
	}
	digest := md5.Sum(tbs)
	signature, err := rsa.SignPKCS1v15(rand.Reader, by.key.(*rsa.PrivateKey), crypto.MD5, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	parts.TBS = asn1.RawValue{FullBytes: tbs}
	parts.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}
	parts.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	der, err := asn1.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &identity{signed, c.key}
}

// tlsOf is the configuration of a server that presents a chain, its own certificate first.
func tlsOf(chain ...*identity) *tls.Config {
	c := tls.Certificate{PrivateKey: chain[0].key}
	for _, i := range chain {
		c.Certificate = append(c.Certificate, i.Raw)
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS10}
}

// pemFile writes a certificate and returns the file's path.
func pemFile(t testing.TB, dir, name string, c *x509.Certificate) string {
	t.Helper()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	return testkit.Write(t, filepath.Join(dir, name), string(block))
}
