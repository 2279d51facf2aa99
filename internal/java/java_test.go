package java_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/testkit"
)

// The printed command, run as it is, makes each kind of store that keytool writes trust the CA.
func TestImport(t *testing.T) {
	if _, err := exec.LookPath("keytool"); err != nil {
		testkit.Missing(t, "keytool is missing: install default-jdk-headless")
	}
	ca, _ := issue(t, "Old CA", nil, nil)
	missing, key := issue(t, "Zscaler Root CA", nil, nil)
	leaf, _ := issue(t, "mail.example.com", missing, key)
	const open = "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE -J-Dkeystore.pkcs12.macAlgorithm=NONE "
	for name, options := range map[string]string{"JKS": "-storetype JKS", "PKCS12": "-storetype PKCS12",
		"no password": open + "-storetype PKCS12"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old, pemPath, store := filepath.Join(dir, "old.pem"), filepath.Join(dir, "it's new.pem"), filepath.Join(dir, "cacerts")
			write(t, old, ca)
			write(t, pemPath, missing)
			sh(t, "keytool -importcert -noprompt -alias old -storepass changeit "+options+" -file "+old+" -keystore "+store)
			j := java.Find(java.Where{TrustStore: store, Root: dir})
			if f := verify(t, j, leaf, missing); f == nil || f.Kind != java.UnknownCA || f.Inspector != "Zscaler" || !missing.Equal(f.Import) {
				t.Fatalf("before the import: %v", f)
			}
			sh(t, j.Import("new ca", pemPath))
			if f := verify(t, j, leaf, missing); f != nil {
				t.Errorf("after the import: %v", f)
			}
		})
	}
}

func verify(t *testing.T, j *java.JVM, chain ...*x509.Certificate) *java.Fault {
	t.Helper()
	s, err := j.Trust()
	if err != nil {
		t.Fatal(err)
	}
	return s.Verify("mail.example.com", chain, time.Now())
}

func sh(t *testing.T, command string) {
	t.Helper()
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

func write(t *testing.T, path string, c *x509.Certificate) {
	t.Helper()
	testkit.Write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
}

func issue(t *testing.T, name string, by *x509.Certificate, byKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: by == nil, MaxPathLen: -1}
	if by == nil {
		by, byKey = c, key
	} else {
		c.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, byKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}
