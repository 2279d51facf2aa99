//go:build linux

package doctor_test

import (
	"bufio"
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

var quiet = log.New(io.Discard, "", 0)

// certificates are the situations that differ in the chain and the trust store.
func certificates(t *testing.T) []*meeting {
	root := issue(t, "Example Root", nil, nil)
	other := issue(t, "Other Root", nil, nil)
	inspector := issue(t, "Zscaler Root CA", nil, func(c *x509.Certificate) {
		c.Subject.Organization = []string{"Zscaler Inc."}
	})
	between := issue(t, "Example Intermediate", root, ca)
	narrow := issue(t, "Narrow CA", root, func(c *x509.Certificate) { ca(c); c.MaxPathLen, c.MaxPathLenZero = 0, true })
	below := issue(t, "CA below", narrow, ca)
	stale := issue(t, "Expired Root", nil, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	noCA := issue(t, "inspect.example.com", nil, func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage, c.MaxPathLen = false, 0, 0
	})
	rsa2048, rsa1024, rsa512 := rsaKey(t, 2048), rsaKey(t, 1024), rsaKey(t, 512)
	rsaRoot := issueFor(t, rsa2048, "RSA Root", nil, nil)
	signed := func(a x509.SignatureAlgorithm, key *rsa.PrivateKey) *identity {
		return issueFor(t, key, tokenHost, rsaRoot, func(c *x509.Certificate) { c.SignatureAlgorithm = a })
	}
	self := issue(t, tokenHost, nil, func(c *x509.Certificate) {
		c.DNSNames, c.IsCA, c.KeyUsage = []string{tokenHost}, false, 0
	})
	old := issue(t, tokenHost, nil, func(c *x509.Certificate) {
		c.DNSNames, c.IsCA, c.KeyUsage, c.NotAfter = []string{tokenHost}, false, 0, time.Now().Add(-time.Minute)
	})
	leafOf := func(change func(*x509.Certificate)) *identity { return issue(t, tokenHost, root, change) }
	leaf := leafOf(nil)
	in := func(all ...*identity) (list []*x509.Certificate) {
		for _, i := range all {
			list = append(list, i.Certificate)
		}
		return list
	}
	of := func(name string, trust []*x509.Certificate, chain ...*identity) *meeting {
		return &meeting{name: name, trust: trust, serve: tlsOf(chain...)}
	}
	inspected := func(name, tool string) *meeting {
		m := of(name, in(root), issue(t, tokenHost, inspector, nil), inspector)
		m.tool = tool
		return m
	}
	short := tlsOf(signed(x509.SHA256WithRSA, rsa512))
	short.MaxVersion = tls.VersionTLS12
	return []*meeting{
		of("A private CA that the store has", in(root), leaf),
		of("A private CA that the store lacks", in(other), leaf, root),
		inspected("A TLS-inspecting proxy, the store is JKS", "-storetype JKS"),
		inspected("The same, the store is PKCS12", "-storetype PKCS12"),
		inspected("The same, the store is PKCS12 without a password", "-storetype PKCS12 "+
			"-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE -J-Dkeystore.pkcs12.macAlgorithm=NONE"),
		of("A self-signed certificate", in(other), self),
		of("The server's certificate itself is in the store", in(self), self),
		of("The same, and it has expired", in(old), old),
		of("Through an intermediate certificate", in(root), issue(t, tokenHost, between, nil), between),
		of("A missing intermediate certificate", in(root), issue(t, tokenHost, between, func(c *x509.Certificate) {
			c.IssuingCertificateURL = []string{"http://ca.example.com/intermediate.cer"}
		})),
		of("Expired", in(root), leafOf(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })),
		of("Not yet valid", in(root), leafOf(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })),
		of("For another name", in(root), leafOf(func(c *x509.Certificate) { c.DNSNames = []string{"portal.example.com"} })),
		of("The name is in the CN only", in(root), leafOf(func(c *x509.Certificate) { c.DNSNames = nil })),
		of("Another name in the CN only", in(root), leafOf(func(c *x509.Certificate) {
			c.DNSNames, c.Subject.CommonName = nil, "portal.example.com"
		})),
		of("Signed with SHA-1, private CA", in(rsaRoot), signed(x509.SHA1WithRSA, rsa2048)),
		of("Signed with MD5", in(rsaRoot), withMD5(t, signed(x509.SHA256WithRSA, rsa2048), rsaRoot)),
		of("RSA with 1024 bits", in(rsaRoot), signed(x509.SHA256WithRSA, rsa1024)),
		{name: "RSA with 512 bits", trust: in(rsaRoot), serve: short},
		of("The CA in the store has expired", in(stale), issue(t, tokenHost, stale, nil)),
		of("The certificate in the store is not a CA", in(noCA), issue(t, tokenHost, noCA, nil)),
		of("A CA below one that may have none", in(root), issue(t, tokenHost, below, nil), below, narrow),
		of("It was issued by a certificate that is not a CA", in(root), issue(t, tokenHost, leaf, nil), leaf),
		of("Not for servers", in(root), issue(t, tokenHost, root, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		})),
		of("An unknown critical extension", in(root), issue(t, tokenHost, root, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		})),
		of("The trust store is empty", nil, leaf),
	}
}

// connections are the situations that end before or after the certificate.
func connections(t *testing.T) []*meeting {
	root := issue(t, "Example Root", nil, nil)
	leaf := issue(t, tokenHost, root, nil)
	trust := []*x509.Certificate{root.Certificate}
	serving := func(change func(c *tls.Config)) *tls.Config {
		c := tlsOf(leaf)
		change(c)
		return c
	}
	property := func(name string) func(int) []string {
		return func(port int) []string { return []string{name + "Host=127.0.0.1", fmt.Sprint(name, "Port=", port)} }
	}
	through := property("https.proxy")
	const basic = "Proxy-Authenticate: Basic realm=\"proxy\"\r\n"
	all := []*meeting{
		{name: "TLS 1.0 only", serve: serving(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS10 })},
		{name: "A client certificate is required, TLS 1.2", serve: serving(func(c *tls.Config) {
			c.MaxVersion, c.ClientAuth = tls.VersionTLS12, tls.RequireAnyClientCert
		})},
		{name: "A client certificate is required, TLS 1.3", serve: serving(func(c *tls.Config) {
			c.ClientAuth = tls.RequireAnyClientCert
		})},
		{name: "A server without TLS", raw: answering("HTTP/1.1 400 Bad Request\r\n\r\n")},
		{name: "Reset during the handshake", raw: ending(true)},
		{name: "Closed during the handshake", raw: ending(false)},
		{name: "Refused", dead: true},
		{name: "An unknown host", host: "nowhere.example.com", dead: true},
		{name: "Proxy: 407 Basic", raw: proxy("407 Proxy Authentication Required", basic), props: through},
		{name: "Proxy: 407 Basic, Java has a login", raw: tunnel(t, tlsOf(leaf)), props: through, login: true, basic: true},
		{name: "Proxy: 407 Negotiate", props: through,
			raw: proxy("407 Proxy Authentication Required", "Proxy-Authenticate: Negotiate\r\n")},
		{name: "Proxy: 403", raw: proxy("403 Forbidden", ""), props: through},
		{name: "Proxy: 502", raw: proxy("502 Bad Gateway", ""), props: through},
		{name: "Proxy: 404 with an HTML page", raw: proxy("404 Not Found", "Content-Type: text/html\r\n"), props: through},
		{name: "Proxy: 200 with an HTML page", raw: proxy("200 OK", "Content-Type: text/html\r\n"), props: through},
		{name: "Proxy: refused", dead: true, props: through},
		{name: "Proxy: its host has a scheme", dead: true, props: func(int) []string {
			return []string{"https.proxyHost=http://proxy.example.com", "https.proxyPort=3128"}
		}},
		{name: "SOCKS proxy: refused", serve: tlsOf(leaf), props: func(int) []string {
			_, port, _ := net.SplitHostPort(testkit.FreeAddress(t))
			return []string{"socksProxyHost=127.0.0.1", "socksProxyPort=" + port}
		}},
		{name: "The trust store's password is wrong", serve: tlsOf(leaf), props: func(int) []string {
			return []string{"javax.net.ssl.trustStorePassword=mistyped"}
		}},
	}
	for _, m := range all {
		m.trust = trust
	}
	wrong := *all[len(all)-1]
	wrong.name, wrong.store = wrong.name+" (PKCS12)", "PKCS12"
	none := wrong
	none.name = "No password is set for a PKCS12 store"
	none.props = func(int) []string { return []string{"javax.net.ssl.trustStorePassword="} }
	missing := wrong
	missing.name = "The trust store does not exist"
	missing.props = func(int) []string { return []string{"javax.net.ssl.trustStore=/nonexistent/cacerts"} }
	return append(all, &wrong, &none, &missing)
}

func answering(text string) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		c.Read(make([]byte, 4096))
		io.WriteString(c, text)
	}
}

func ending(reset bool) func(net.Conn) {
	return func(c net.Conn) {
		c.Read(make([]byte, 4096))
		if reset {
			c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
}

// proxy answers each CONNECT so.
func proxy(status, header string) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		const page = "<html>Blocked</html>"
		fmt.Fprintf(c, "HTTP/1.1 %s\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, header, len(page), page)
	}
}

// tunnel is a proxy that requires a login with Basic, and then opens a tunnel to a server.
func tunnel(t *testing.T, server *tls.Config) func(net.Conn) {
	to := fmt.Sprint("127.0.0.1:", (&meeting{serve: server}).listen(t))
	refuse := proxy("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"proxy\"\r\n")
	return func(c net.Conn) {
		var read bytes.Buffer
		r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, &read)))
		if err != nil {
			c.Close()
			return
		}
		if r.Header.Get("Proxy-Authorization") != "Basic amlyYTpzZWNyZXQ=" { // jira:secret
			refuse(&replayed{c, &read})
			return
		}
		s, err := net.Dial("tcp", to)
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		go io.Copy(s, c)
		io.Copy(c, s)
		c.Close()
		s.Close()
	}
}

// replayed is a connection whose first bytes have been read.
type replayed struct {
	net.Conn
	first io.Reader
}

func (r *replayed) Read(b []byte) (int, error) { return io.MultiReader(r.first, r.Conn).Read(b) }

const (
	beginJava = "<!-- java: written by go test ./internal/doctor -run Java -update -->\n"
	endJava   = "<!-- /java -->\n"
)

// What Java says of each situation is diagnosed as the cause that doctor's verdict names, Java refuses what
// doctor says it refuses and nothing else, and the printed command makes it connect.
func TestJava(t *testing.T) {
	testkit.Slow(t, "it starts a Java client, and keytool several times")
	testkit.Program(t, "keytool")
	client := startJava(t)
	client.withBasic = startJava(t, "-Djdk.http.auth.tunneling.disabledSchemes=")
	catalogue, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	resolver := nameServer(t)
	var table bytes.Buffer
	fmt.Fprintln(&table, "| Situation | Java says (shortened) | Cause | After the command |\n|---|---|---|---|")
	for _, m := range append(certificates(t), connections(t)...) {
		t.Run(m.name, func(t *testing.T) {
			client.t, client.withBasic.t = t, t
			fmt.Fprintf(&table, "| %s | %s |\n", m.name, m.meet(t, client, resolver, catalogue))
		})
	}
	if client.version != "17" {
		t.Skip("the table is that of OpenJDK 17, this is " + client.version)
	}
	if t.Failed() {
		return
	}
	section(t, table.String())
}

// section compares the section between the markers of docs/doctor.md, or writes it.
func section(t *testing.T, want string) {
	t.Helper()
	const page = "../../docs/doctor.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), beginJava)
	got, after, end := strings.Cut(rest, endJava)
	if !found || !end {
		t.Fatalf("%s lacks the markers of Java's table", page)
	}
	if *testkit.Update {
		testkit.Write(t, page, before+beginJava+want+endJava+after)
	} else if got != want {
		t.Errorf("%s: %s\n(-update writes it)", page, testkit.Differ(got, want))
	}
}
