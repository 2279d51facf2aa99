package java

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// What Java refuses under public roots only: SHA-1 under one that came with the JDK, which its alias tells, and what
// a root issued after a day, which its fingerprint tells and not its name.
func TestPublicRoots(t *testing.T) {
	testkit.Slow(t, "keytool takes its time")
	testkit.Program(t, "keytool")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	root := &x509.Certificate{SerialNumber: big.NewInt(1),
		Subject:   pkix.Name{CommonName: "Root", Organization: []string{"Entrust, Inc."}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	sign := func(c *x509.Certificate) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, c, root, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		return c
	}
	root = sign(root)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"mail.example.com"},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter}
	modern := sign(leaf)
	leaf.SignatureAlgorithm = x509.SHA1WithRSA
	old := sign(leaf)
	dir := t.TempDir()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})
	file := testkit.Write(t, filepath.Join(dir, "root.pem"), string(block))
	verdict := func(s *TrustStore, c *x509.Certificate) string {
		if f := s.Verify("mail.example.com", []*x509.Certificate{c}, now); f != nil {
			return f.Kind
		}
		return ""
	}
	for alias, want := range map[string]string{"root [jdk]": "weak", "root": ""} {
		for kind, options := range map[string][]string{"JKS": nil, "PKCS12": {
			"-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE", "-J-Dkeystore.pkcs12.macAlgorithm=NONE"}} {
			store := filepath.Join(dir, kind+alias)
			args := append(options, "-importcert", "-noprompt", "-storetype", kind, "-storepass", "changeit", "-alias", alias,
				"-file", file, "-keystore", store)
			if out, err := exec.Command("keytool", args...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			s, err := Open(store, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := verdict(s, old); got != want {
				t.Errorf("SHA-1 under %q in %s: %q, want %q", alias, kind, got, want)
			}
			if got := verdict(s, modern); got != "" {
				t.Errorf("a private CA of that name: %q", got)
			}
		}
	}
	s := &TrustStore{anchors: []*x509.Certificate{root}}
	before := distrustedRoots
	defer func() { distrustedRoots = before }()
	for day, want := range map[string]string{now.UTC().AddDate(0, 0, -2).Format(time.DateOnly): "distrusted",
		now.UTC().Format(time.DateOnly): ""} {
		distrustedRoots = fmt.Sprintf("%s\n%s %X Root\n", before, day, sha256.Sum256(root.Raw))
		if got := verdict(s, modern); got != want {
			t.Errorf("distrusted after %s: %q, want %q", day, got, want)
		}
	}
}

// Every line of the list is a day, a fingerprint and a name.
func TestDistrustedRoots(t *testing.T) {
	text, err := os.ReadFile("distrusted.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var day, fingerprint string
		if n, _ := fmt.Sscanf(line, "%10s %64s ", &day, &fingerprint); n != 2 || len(fingerprint) != 64 {
			t.Errorf("%q", line)
		}
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			t.Error(err)
		}
		lines++
	}
	if lines < 20 {
		t.Errorf("%d roots, want those of OpenJDK", lines)
	}
}
