package conf_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
)

// pair makes a certificate and its private key.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", signed), block("PRIVATE KEY", encoded)
}

func block(kind string, content []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
}

func TestClientCertificate(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	certificate, key := pair(t)
	other, _ := pair(t)
	write(t, dir+"/client.pem", certificate, 0o644) // is no secret
	write(t, dir+"/chain.pem", certificate+other, 0o644)
	write(t, dir+"/one.pem", certificate+key, 0o600)
	write(t, dir+"/key.pem", key, 0o600)
	write(t, dir+"/open.pem", key, 0o644)
	write(t, credentials+"/jira-oauth-watcher_unit.pem", key, 0o444)

	open := fmt.Sprintf("webhook.client_key: %s/open.pem can be read by other users (mode 0644), run: chmod 600 %[1]s/open.pem", dir)
	tests := []struct {
		cert, key string
		want      conf.Client
		warnings  []string
	}{
		{"client.pem", "key.pem", conf.Client{ClientCert: dir + "/client.pem", ClientKey: dir + "/key.pem"}, nil},
		{"./chain.pem", dir + "/key.pem", conf.Client{ClientCert: dir + "/chain.pem", ClientKey: dir + "/key.pem"}, nil},
		{"one.pem", "one.pem", conf.Client{ClientCert: dir + "/one.pem", ClientKey: dir + "/one.pem"}, nil},
		{"client.pem", "unit.pem", conf.Client{ClientCert: dir + "/client.pem", ClientKey: credentials + "/jira-oauth-watcher_unit.pem"}, nil},
		{"client.pem", "open.pem", conf.Client{ClientCert: dir + "/client.pem", ClientKey: dir + "/open.pem"}, []string{open}},
	}
	for _, tt := range tests {
		c := load(t, dir, fmt.Sprintf("[[webhook]]\nurl = 'https://example.com'\nclient_cert = %q\nclient_key = %q\n", tt.cert, tt.key))
		if got := c.Webhooks[0].Client; !reflect.DeepEqual(got, tt.want) || !reflect.DeepEqual(c.Warnings, tt.warnings) {
			t.Errorf("%s and %s\n got %+v, warnings %q\nwant %+v, warnings %q", tt.cert, tt.key, got, c.Warnings, tt.want, tt.warnings)
		}
	}
}

// A private key that cannot be used is told, not shown.
func TestClientKeyRefused(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	certificate, _ := pair(t)
	_, other := pair(t)
	write(t, dir+"/client.pem", certificate, 0o600)
	const none = "contains no private key in PEM format that matches client_cert"
	for text, want := range map[string]string{
		"":                                   none,
		canary:                               none,
		certificate:                          none,
		block("PRIVATE KEY", []byte(canary)): none,
		block(canary, []byte(canary)):        none,
		other:                                "does not match the first certificate in client_cert",
		block("ENCRYPTED PRIVATE KEY", []byte(canary)): "is encrypted, remove its passphrase: " +
			"openssl pkey -in OLD -out NEW",
		strings.Replace(block("EC PRIVATE KEY", []byte(canary)), "\n", "\nDEK-Info: AES-256-CBC\n\n",
			1): "is encrypted, remove its passphrase: openssl pkey -in OLD -out NEW",
	} {
		write(t, dir+"/key.pem", text, 0o600)
		_, err := conf.Load(write(t, dir+"/config.toml", "[[webhook]]\nurl = 'https://example.com'\nclient_cert = 'client.pem'\nclient_key = 'key.pem'\n",
			0o600))
		want := conf.Problems{{dir + "/config.toml", 4, 14, "webhook.client_key", dir + "/key.pem " + want}}
		if !reflect.DeepEqual(err, error(want)) {
			t.Errorf("key %q\n got %v\nwant %v", text, err, want)
		}
	}
}

func TestTemplate(t *testing.T) {
	dir := t.TempDir()
	const most = 64 << 10
	write(t, dir+"/large.tmpl", strings.Repeat("x", most), 0o644)
	write(t, dir+"/larger.tmpl", strings.Repeat("x", most+1), 0o644)
	write(t, dir+"/dir/body.tmpl", "", 0o644)
	write(t, dir+"/credentials/body.tmpl", "", 0o644)
	const text = "[[webhook]]\nurl = 'https://example.com'\ntemplate = %q\n"
	for given, want := range map[string]string{
		"large.tmpl":           dir + "/large.tmpl",
		"./dir/body.tmpl":      dir + "/dir/body.tmpl",
		dir + "/dir/body.tmpl": dir + "/dir/body.tmpl",
	} {
		if c := load(t, dir, fmt.Sprintf(text, given)); c.Webhooks[0].Template != want || c.Warnings != nil {
			t.Errorf("template = %q is %s, warnings %q, want %s", given, c.Webhooks[0].Template, c.Warnings, want)
		}
	}
	for given, want := range map[string]string{
		"":            "empty, write a path",
		"absent.tmpl": "there is no file " + dir + "/absent.tmpl",
		"body.tmpl":   "there is no file " + dir + "/body.tmpl", // it is no credential
		"dir":         dir + "/dir is not a regular file",
		"larger.tmpl": dir + "/larger.tmpl is larger than 65536 bytes",
	} {
		_, err := conf.Load(write(t, dir+"/config.toml", fmt.Sprintf(text, given), 0o600))
		want := conf.Problems{{dir + "/config.toml", 3, 12, "webhook.template", want}}
		if !reflect.DeepEqual(err, error(want)) {
			t.Errorf("template = %q\n got %v\nwant %v", given, err, want)
		}
	}
}
