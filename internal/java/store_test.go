package java_test

import (
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/testkit"
)

// What is no store, or too large, is refused with a sentence; ErrJava where Java refuses it too.
func TestOpen(t *testing.T) {
	large := testkit.Write(t, filepath.Join(t.TempDir(), "large"), "")
	if err := os.Truncate(large, 16<<20+1); err != nil {
		t.Fatal(err)
	}
	if _, err := java.Open(large, ""); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("16 MB and a byte: %v", err)
	}
	if _, err := java.Open(large+"-missing", ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	for name, c := range map[string]struct {
		content string
		java    bool
	}{
		"empty":         {"", true},
		"PEM":           {"-----BEGIN CERTIFICATE-----\n", true},
		"JCEKS":         {"\xce\xce\xce\xce\x00\x00\x00\x02", false},
		"JKS, cut":      {"\xfe\xed\xfe\xed\x00\x00\x00\x02", false},
		"JKS, 4 G keys": {"\xfe\xed\xfe\xed\x00\x00\x00\x02\xff\xff\xff\xff" + strings.Repeat("\xff", 40), false},
		"DER":           {"\x30\x03\x02\x01\x03", false},
	} {
		_, err := java.Open(testkit.Write(t, filepath.Join(t.TempDir(), "store"), c.content), "")
		if err == nil || errors.Is(err, java.ErrJava) != c.java {
			t.Errorf("%s: %v, want Java's refusal %t", name, err, c.java)
		}
	}
}

// The stores of the real keytool, with passwords that are known, unknown and wrong; with a key among the certificates.
func TestPasswords(t *testing.T) {
	testkit.Slow(t, "keytool takes its time")
	testkit.Program(t, "keytool")
	dir := t.TempDir()
	root, key := issue(t, "Example Root", nil, nil)
	leaf, _ := issue(t, "mail.example.com", root, key)
	pem := filepath.Join(dir, "root.pem")
	write(t, pem, root)
	for _, kind := range []string{"JKS", "PKCS12"} {
		store := filepath.Join(dir, kind)
		with := " -storetype " + kind + " -storepass secret1 -keystore " + store
		sh(t, "keytool -genkeypair -keyalg EC -dname CN=jira -alias jira -keypass secret1"+with)
		sh(t, "keytool -importcert -noprompt -alias root -file "+pem+with)
		for password, want := range map[string]bool{"secret1": true, "": kind == "JKS", "wrong": false} {
			s, err := java.Open(store, password)
			switch {
			case want && err != nil:
				t.Errorf("%s with %q: %v", kind, password, err)
			case want && s.Verify("mail.example.com", []*x509.Certificate{leaf}, time.Now()) != nil:
				t.Errorf("%s with %q: the certificate in it is not trusted", kind, password)
			case !want && (err == nil || errors.Is(err, java.ErrJava) != (password != "")):
				t.Errorf("%s with %q: %v", kind, password, err)
			}
		}
		j := java.Find(java.Where{TrustStore: store, Root: dir})
		if command := j.Import("a", "f"); !strings.HasSuffix(command, "-storepass "+java.PasswordPlaceholder) {
			t.Errorf("%s: the password is not known, but the command is %s", kind, command)
		}
	}
}

func FuzzOpen(f *testing.F) {
	const header = "\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02\x00\x01a"
	f.Add([]byte(header+strings.Repeat("\x00", 50)), "")
	f.Add([]byte("\x30\x03\x02\x01\x03"), "changeit")
	if tool, err := exec.LookPath("keytool"); err == nil && !testing.Short() {
		store := filepath.Join(f.TempDir(), "store")
		args := strings.Fields("-genkeypair -keyalg EC -dname CN=x -storepass changeit -keystore " + store)
		if exec.Command(tool, args...).Run() == nil {
			if b, err := os.ReadFile(store); err == nil {
				f.Add(b, "changeit")
			}
		}
	}
	store := filepath.Join(f.TempDir(), "fuzzed")
	f.Fuzz(func(t *testing.T, content []byte, password string) {
		if err := os.WriteFile(store, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := java.Open(store, password); err == nil {
			s.Verify("mail.example.com", []*x509.Certificate{}, time.Now())
		}
	})
}

// A pipe is no trust store; opening it does not wait.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := exec.Command("mkfifo", pipe).Run(); err != nil {
		testkit.Missing(t, "mkfifo")
	}
	if _, err := java.Open(pipe, ""); err == nil {
		t.Error("a pipe was opened")
	}
}
