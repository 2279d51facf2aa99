package notifytest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates for servers and clients.
type authority struct {
	Cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func NewAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{Cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:  x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, a.Cert, a.Cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.Cert, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue is a certificate and its key as files.
func (a *authority) Issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   a.Cert.NotBefore, NotAfter: a.Cert.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, leaf, a.Cert, &own.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return PemFile(t, name+".pem", "CERTIFICATE", raw), PemFile(t, name+".key", "PRIVATE KEY", rawKey)
}

func PemFile(t *testing.T, name, kind string, raw []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// tlsServer is a receiver with a certificate of the CA that may require the client's.
func (a *authority) TlsServer(t *testing.T, h http.HandlerFunc, auth tls.ClientAuthType) *httptest.Server {
	t.Helper()
	own, err := tls.LoadX509KeyPair(a.Issue(t, "hub.test"))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: auth, ClientCAs: x509.NewCertPool()}
	s.TLS.ClientCAs.AddCert(a.Cert)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// connectProxy is an HTTP proxy that connects every client to one address, whatever
// they request.
func ConnectProxy(t *testing.T, to string, asked chan<- string) (address string) {
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
