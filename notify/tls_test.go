package notify_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// authority signs certificates for servers and clients.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue is a certificate and its key as files.
func (a *authority) issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, &own.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return pemFile(t, name+".pem", "CERTIFICATE", raw), pemFile(t, name+".key", "PRIVATE KEY", rawKey)
}

func pemFile(t *testing.T, name, kind string, raw []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// tlsServer is a receiver with a certificate of the authority, and maybe one
// that wants to see the client's.
func (a *authority) tlsServer(t *testing.T, h http.HandlerFunc, auth tls.ClientAuthType) *httptest.Server {
	t.Helper()
	own, err := tls.LoadX509KeyPair(a.issue(t, "hub.test"))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: auth, ClientCAs: x509.NewCertPool()}
	s.TLS.ClientCAs.AddCert(a.cert)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// A receiver that knows its senders by certificate accepts ours, by the name
// in it, and refuses another's and none.
func TestClientCertificate(t *testing.T) {
	a := newAuthority(t)
	var names []string
	s := a.tlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		names = append(names, r.TLS.PeerCertificates[0].Subject.CommonName)
	}, tls.RequireAndVerifyClientCert)
	hook := conf.Webhook{Notifier: conf.Notifier{Name: "hub", CAFile: pemFile(t, "ca.pem", "CERTIFICATE", a.cert.Raw)}, URL: conf.NewSecret(s.URL)}
	hook.ClientCert, hook.ClientKey = a.issue(t, "watcher")
	if err := send(soon(t), webhook(t, hook), newAlert(alert.Opened), false); err != nil || len(names) != 1 || names[0] != "watcher" {
		t.Errorf("%v, the receiver saw %q", err, names)
	}
	other := hook
	other.ClientCert, other.ClientKey = newAuthority(t).issue(t, "stranger")
	none := hook
	none.ClientCert, none.ClientKey = "", ""
	for name, h := range map[string]conf.Webhook{"another's": other, "none": none} {
		// The reason may be the receiver's alert or, if we still wrote then, a reset.
		if got, err := outcome(t, send(soon(t), webhook(t, h), newAlert(alert.Opened), false)); got != notify.Retry {
			t.Errorf("%s: outcome %d, %v", name, got, err)
		}
	}
	if len(names) != 1 {
		t.Errorf("the receiver saw %q", names)
	}
}

// A certificate that cannot be used is refused at the start, by its key in the
// configuration.
func TestClientCertificateAtFault(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue(t, "watcher")
	_, otherKey := a.issue(t, "other")
	large := filepath.Join(t.TempDir(), "large")
	os.WriteFile(large, bytes.Repeat([]byte("x"), 2<<20), 0o600)
	for _, tt := range []struct{ name, cert, key, want string }{
		{"no such file", cert + "x", key, "client_cert: stat " + cert + "x: no such file"},
		{"no such key", cert, key + "x", "client_key: stat " + key + "x: no such file"},
		{"no key", cert, "", "client_key is missing"},
		{"no certificate", "", key, "client_cert is missing"},
		{"another's key", cert, otherKey, "client_cert: " + cert + " with the client_key " + otherKey + ": tls: private key does not match"},
		{"the wrong way round", key, cert, "client_cert: " + key},
		{"too large", large, key, "client_cert: " + large + " is larger than"},
	} {
		hook := conf.Webhook{Notifier: conf.Notifier{Name: "hub"}, Client: conf.Client{ClientCert: tt.cert, ClientKey: tt.key}}
		_, err := notify.New(&conf.Config{Webhooks: []conf.Webhook{hook}}, io.Discard, text.Style{})
		if err == nil || !strings.HasPrefix(err.Error(), `notifier "hub": `+tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// The proxy of the environment is used, and NO_PROXY makes exceptions. The
// request runs in a process of its own: Go reads the variables once.
func TestProxy(t *testing.T) {
	if url := os.Getenv("WATCHER_TEST_URL"); url != "" {
		hook := conf.Webhook{Notifier: conf.Notifier{CAFile: os.Getenv("WATCHER_TEST_CA")}, URL: conf.NewSecret(url)}
		if err := send(soon(t), webhook(t, hook), newAlert(alert.Opened), false); err != nil {
			t.Fatal(err)
		}
		return
	}
	a := newAuthority(t)
	ca := pemFile(t, "ca.pem", "CERTIFICATE", a.cert.Raw)
	delivered := 0
	hub := a.tlsServer(t, func(http.ResponseWriter, *http.Request) { delivered++ }, tls.NoClientCert)
	asked := make(chan string, 10)
	address := connectProxy(t, hub.Listener.Addr().String(), asked)
	for _, tt := range []struct {
		name, exceptions string
		ok               bool
	}{
		{"through the proxy", "other.test", true},
		{"an exception", "hub.test", false}, // the name is known to the proxy alone
	} {
		child := exec.CommandContext(soon(t), os.Args[0], "-test.run=^TestProxy$")
		child.Env = []string{"WATCHER_TEST_URL=https://hub.test/x", "WATCHER_TEST_CA=" + ca, "HTTPS_PROXY=http://" + address, "NO_PROXY=" + tt.exceptions}
		out, err := child.CombinedOutput()
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v: %s", tt.name, err, out)
		}
	}
	if len(asked) != 1 || <-asked != "hub.test:443" || delivered != 1 {
		t.Errorf("the proxy was asked %d more times, %d deliveries", len(asked), delivered)
	}
}

// connectProxy is an HTTP proxy that connects everybody to one address,
// whatever they ask for.
func connectProxy(t *testing.T, to string, asked chan<- string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				from := bufio.NewReader(in)
				r, err := http.ReadRequest(from)
				if err != nil || r.Method != http.MethodConnect {
					return
				}
				asked <- r.Host
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer out.Close()
				io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
				go io.Copy(out, from)
				io.Copy(in, out)
			}()
		}
	}()
	return listener.Addr().String()
}
