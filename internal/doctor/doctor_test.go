//go:build linux

package doctor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/doctor"
	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// A situation is something that is wrong, or not, and what doctor must say of it.
type situation struct {
	what       string
	id, cause  string
	d          *doctor.Doctor
	e          doctor.Endpoint
	contains   string // in the text of a step or the verdict
	impossible string // why it cannot be made here
}

func at(port int, kind doctor.Kind, role string) doctor.Endpoint {
	e, err := doctor.Parse(fmt.Sprintf("%s://localhost:%d/oauth2/v2.0/token", kind, port))
	if err != nil {
		panic(err)
	}
	if role != "" {
		e.Role = role
	}
	return e
}

// Every situation gets the right verdict, which names the cause that Jira's log shows. docs/doctor.md has the table.
func TestSituations(t *testing.T) {
	l := newLaboratory(t)
	catalogue, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	complete := true
	var table strings.Builder
	table.WriteString("| situation | what doctor says | verdict | who acts | cause in Jira's log |\n|---|---|---|---|---|\n")
	for _, s := range append(append(l.network(), l.proxies()...), append(l.certificates(), l.services()...)...) {
		t.Run(s.what, func(t *testing.T) {
			if s.impossible != "" {
				complete = false
				t.Skip("it cannot be made here: " + s.impossible)
			}
			if s.d.JVM == nil {
				s.d.JVM = l.jvm()
			}
			if s.d.Timeout == 0 {
				s.d.Timeout = time.Minute // of a busy machine
			}
			r := s.d.Probe(t.Context(), s.e)
			v := r.Verdict
			if v.ID != s.id || v.Cause != s.cause || v.OK != (s.id == "reachable") {
				t.Errorf("verdict %q, cause %q, want %q, %q: %+v", v.ID, v.Cause, s.id, s.cause, r.Steps)
			}
			if all := fmt.Sprintf("%+v", r); !strings.Contains(all, s.contains) {
				t.Errorf("%q is not in %s", s.contains, all)
			}
			if _, known := catalogue.Cause(s.cause); s.cause != "" && !known {
				t.Errorf("the catalogue has no cause %q", s.cause)
			}
			if v.OK != (v.Who == "") {
				t.Errorf("%q has to act", v.Who)
			}
			fmt.Fprintf(&table, "| %s | %s | `%s` | %s | %s |\n", s.what, v.Title, v.ID, v.Who, v.Cause)
		})
	}
	const begin, end = "<!-- situations -->\n", "<!-- /situations -->"
	doc := filepath.Join("..", "..", "docs", "doctor.md")
	text := testkit.Read(t, doc)
	before, rest, _ := strings.Cut(text, begin)
	old, after, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no markers", doc)
	}
	if !complete {
		t.Log(doc + " is not compared: a situation is missing")
	} else if *testkit.Update {
		if err := os.WriteFile(doc, []byte(before+begin+table.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != table.String() && !t.Failed() {
		t.Errorf("%s has another table; run with -update\n%s", doc, testkit.Differ(table.String(), old))
	}
	if sent := strings.ToLower(l.seen.String()); strings.Contains(sent, "authorization:") || strings.Contains(sent, "cookie:") ||
		strings.Contains(sent, "user:") || strings.Contains(sent, "login") {
		t.Errorf("credentials were sent: %q", sent)
	}
}

func (l *laboratory) network() []situation {
	fine := l.secure(with(pair(l.leaf(l.root, nil))), says(json400))
	dns := l.nameServer(map[string][]string{"mail.example": {"127.0.0.1", "::1"}, "two.mail.example": {"127.0.0.2", "127.0.0.1"}})
	host := func(name string, port int) doctor.Endpoint {
		return doctor.Endpoint{Host: name, Port: port, Kind: doctor.HTTPS, Role: doctor.API}
	}
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	closed := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	all := []situation{
		{what: "everything works", id: "reachable", d: &doctor.Doctor{}, e: at(fine, doctor.HTTPS, "")},
		{what: "the name has addresses of both families, IPv6 does not work", id: "reachable", contains: "IPv4 works",
			d: &doctor.Doctor{Resolver: dns}, e: host("mail.example", fine)},
		{what: "one of two IPv4 addresses refuses the connection", id: "reachable", contains: "Another address works",
			d: &doctor.Doctor{Resolver: dns}, e: host("two.mail.example", fine)},
		{what: "the name does not exist (NXDOMAIN)", id: "net-dns-unknown-host", cause: "net-dns-unknown-host",
			d: &doctor.Doctor{Resolver: dns}, e: host("none.example", 443)},
		{what: "the name server reports an error (SERVFAIL)", id: "dns-failure", cause: "net-dns-unknown-host",
			d: &doctor.Doctor{Resolver: dns}, e: host("broken.example", 443)},
		{what: "the name server does not answer", id: "dns-no-answer", cause: "net-dns-unknown-host",
			d: &doctor.Doctor{Resolver: dns, Timeout: time.Second}, e: host("silent.example", 443)},
		{what: "the port is closed", id: "net-connection-refused", cause: "net-connection-refused",
			d: &doctor.Doctor{}, e: at(closed, doctor.HTTPS, "")},
		{what: "a firewall drops the packets", id: "net-connect-timeout", cause: "net-connect-timeout",
			d: &doctor.Doctor{Timeout: time.Second}, e: host("127.0.0.1", l.dropping())},
		{what: "the connection is reset in the TLS handshake", id: "net-connection-reset", cause: "net-connection-reset",
			d: &doctor.Doctor{}, e: at(l.listen(reset), doctor.HTTPS, "")},
		{what: "the connection is closed in the TLS handshake", id: "tls-handshake-closed", cause: "tls-handshake-closed",
			d: &doctor.Doctor{}, e: at(l.listen(func(c net.Conn) { c.Read(make([]byte, 4096)) }), doctor.HTTPS, "")},
		{what: "nothing answers after the connection is made", id: "net-read-timeout", cause: "net-read-timeout",
			d: &doctor.Doctor{Timeout: time.Second}, e: at(l.listen(silent), doctor.HTTPS, "")},
	}
	s := situation{what: "there is no route", id: "net-no-route", cause: "net-no-route",
		d: &doctor.Doctor{Dial: nowhere}, e: host("127.0.0.1", 443)}
	if os.Geteuid() != 0 {
		s.impossible = "a network namespace needs root"
	}
	return append(all, s)
}

func (l *laboratory) proxies() []situation {
	fine := l.secure(with(pair(l.leaf(l.root, nil))), says(json400))
	e := at(fine, doctor.HTTPS, "")
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	closed := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	basic := "jdk.http.auth.tunneling.disabledSchemes"
	login := l.tinyproxy(true, "^$")
	denies := l.tinyproxy(false, "localhost")
	squid := l.squid("http_access allow all\n")
	squidDenies := l.squid("http_access deny all\n")
	squidLogin := l.squid("auth_param basic program /usr/lib/squid/basic_fake_auth\nacl known proxy_auth REQUIRED\n" +
		"http_access allow known\nhttp_access deny all\n")
	through := func(proxy string) *doctor.Doctor { return &doctor.Doctor{Proxy: proxy} }
	fake := func(answer string) *doctor.Doctor {
		return through(fmt.Sprintf("127.0.0.1:%d", l.listen(says(answer))))
	}
	return []situation{
		{what: "squid opens the tunnel", id: "reachable", d: through(squid), e: e},
		{what: "the proxy of Jira's Java options is used", id: "reachable", contains: "at the proxy " + squid, e: e,
			d: &doctor.Doctor{JVM: l.jvm("-Dhttps.proxyHost=127.0.0.1", "-Dhttps.proxyPort="+strings.TrimPrefix(squid, "127.0.0.1:"),
				"-Dhttp.nonProxyHosts=")}},
		{what: "tinyproxy requires a login (407, Basic)", id: "proxy-auth-basic-tunnel-disabled",
			cause: "proxy-auth-basic-tunnel-disabled", contains: "offers Basic", d: through(login), e: e},
		{what: "squid requires a login (407, Basic)", id: "proxy-auth-basic-tunnel-disabled",
			cause: "proxy-auth-basic-tunnel-disabled", contains: "offers Basic", d: through(squidLogin), e: e},
		{what: "the same, and Jira's Java may use Basic", id: "proxy-auth-basic-tunnel-disabled",
			cause: "proxy-auth-basic-tunnel-disabled", contains: "Java may log in with Basic", e: e,
			d: &doctor.Doctor{Proxy: login, JVM: l.jvm("-D" + basic + "=")}},
		{what: "the proxy requires Negotiate (407)", id: "proxy-auth-basic-tunnel-disabled",
			cause: "proxy-auth-basic-tunnel-disabled", contains: "offers Negotiate, NTLM", e: e,
			d: fake("HTTP/1.1 407 Login\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n")},
		{what: "tinyproxy blocks the host (403)", id: "proxy-forbidden", cause: "proxy-forbidden", d: through(denies), e: e},
		{what: "squid blocks the host (403)", id: "proxy-forbidden", cause: "proxy-forbidden", d: through(squidDenies), e: e},
		{what: "squid cannot reach the host (503)", id: "proxy-upstream-failure", cause: "proxy-upstream-failure",
			d: through(squid), e: at(closed, doctor.HTTPS, "")},
		{what: "the proxy answers 502", id: "proxy-upstream-failure", cause: "proxy-upstream-failure",
			d: fake("HTTP/1.1 502 Bad Gateway\r\n\r\n"), e: e},
		{what: "the proxy sends a web page instead of a tunnel", id: "proxy-tunnel-rejected", cause: "proxy-tunnel-rejected",
			contains: "with an HTML page", d: fake(page("404 Not Found", "")), e: e},
		{what: "the proxy's port speaks something else", id: "proxy-tunnel-rejected", cause: "proxy-tunnel-rejected",
			d: fake("SSH-2.0-OpenSSH_9.2\r\n"), e: e},
		{what: "the proxy closes the connection", id: "net-unexpected-eof", cause: "net-unexpected-eof", d: fake(""), e: e},
		{what: "nothing listens at the proxy's port", id: "net-connection-refused", cause: "net-connection-refused",
			contains: "This is the proxy", d: through(fmt.Sprintf("127.0.0.1:%d", closed)), e: e},
		{what: "the proxy's name does not exist", id: "proxy-host-unresolvable", cause: "proxy-host-unresolvable",
			d: &doctor.Doctor{Proxy: "none.example:3128", Resolver: l.nameServer(nil)}, e: e},
		{what: "https.proxyHost has a scheme", id: "proxy-host-unresolvable", cause: "proxy-host-unresolvable",
			contains: "without http://", e: e,
			d: &doctor.Doctor{Resolver: l.nameServer(nil),
				JVM: l.jvm("-Dhttps.proxyHost=http://proxy.example", "-Dhttps.proxyPort=3128", "-Dhttp.nonProxyHosts=")}},
	}
}

func (l *laboratory) certificates() []situation {
	served := func(what, id, cause string, c *tls.Config) situation {
		return situation{what: what, id: id, cause: cause, d: &doctor.Doctor{}, e: at(l.secure(c, says(json400)), doctor.HTTPS, "")}
	}
	presents := func(what, id, cause string, chain ...*authority) situation {
		return served(what, id, cause, with(pair(chain...)))
	}
	changed := func(f func(*x509.Certificate)) *authority { return l.leaf(l.root, f) }
	intermediate := l.ca("Laboratory Intermediate CA", l.root)
	missing := l.leaf(intermediate, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://ca.example/i.crt"} })
	self := template("localhost")
	self.DNSNames = []string{"localhost"}
	fine := pair(l.leaf(l.root, nil))
	old := with(fine)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
	wants12, wants13 := with(fine), with(fine)
	wants12.ClientAuth, wants12.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	wants13.ClientAuth, wants13.MinVersion = tls.RequireAnyClientCert, tls.VersionTLS13
	asks := with(fine)
	asks.ClientAuth = tls.RequestClientCert
	cipher := with(fine)
	cipher.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: cipher.Certificates, MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, nil // an RSA key is needed for it
	}
	names := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }}
	private := presents("a private CA that is not in the trust store", "unknown-ca", "tls-certificate-untrusted",
		l.leaf(l.other, nil), l.other)
	private.contains = "keytool"
	inspected := presents("a TLS-inspecting proxy", "unknown-ca", "tls-certificate-untrusted", l.leaf(l.inspector, nil), l.inspector)
	inspected.contains = "a TLS-inspecting proxy's CA (Zscaler)"
	all := []situation{
		private, inspected,
		presents("a private CA that the server does not present", "unknown-ca", "tls-certificate-untrusted", l.leaf(l.other, nil)),
		presents("an intermediate CA is presented", "reachable", "", l.leaf(intermediate, nil), intermediate),
		presents("an intermediate certificate is missing", "missing-intermediate", "tls-certificate-untrusted", missing),
		presents("self-signed", "self-signed", "tls-certificate-untrusted", l.sign(self, nil, nil)),
		presents("expired", "expired", "tls-certificate-expired",
			changed(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })),
		presents("not yet valid", "not-yet-valid", "tls-certificate-expired",
			changed(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) })),
		presents("for another name", "wrong-name", "tls-hostname-mismatch",
			changed(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"other.example"}, nil })),
		presents("not for servers", "wrong-use", "tls-path-validation-other",
			changed(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })),
		served("only TLS 1.0", "tls-protocol-version", "tls-protocol-version", old),
		served("a client certificate is required, TLS 1.2", "client-certificate", "tls-handshake-failure", wants12),
		served("a client certificate is required, TLS 1.3", "client-certificate", "tls-fatal-alert-other", wants13),
		served("a client certificate is asked for, but not required", "reachable", "", asks),
		served("no cipher in common", "tls-handshake-failure", "tls-handshake-failure", cipher),
		served("no certificate for the name", "tls-unrecognized-name", "tls-unrecognized-name", names),
	}
	for _, s := range []struct{ what, id, cause, file, text string }{
		{"no trust store was found", "trust-not-checked", "", "", ""},
		{"the trust store is not one", "tls-truststore-unreadable", "tls-truststore-unreadable", "broken", "x"},
	} {
		one := presents(s.what, s.id, s.cause, l.leaf(l.root, nil))
		one.d.JVM = &java.JVM{}
		if s.file != "" {
			one.d.JVM.Store = testkit.Write(l, filepath.Join(l.TempDir(), s.file), s.text)
		}
		all = append(all, one)
	}
	return all
}

func (l *laboratory) services() []situation {
	fine := with(pair(l.leaf(l.root, nil)))
	date := func(at time.Time) string {
		return fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nDate: %s\r\nContent-Length: 0\r\n\r\n",
			at.UTC().Format(http.TimeFormat))
	}
	tomorrow := with(pair(l.leaf(l.root, func(c *x509.Certificate) {
		c.NotBefore = time.Now().Add(time.Hour)
	})))
	serves := func(what, id, cause string, kind doctor.Kind, role string, f func(net.Conn)) situation {
		return situation{what: what, id: id, cause: cause, d: &doctor.Doctor{}, e: at(l.secure(fine, f), kind, role)}
	}
	plain := func(what, id, cause string, kind doctor.Kind, f func(net.Conn)) situation {
		return situation{what: what, id: id, cause: cause, d: &doctor.Doctor{}, e: at(l.listen(f), kind, doctor.Mail)}
	}
	upgrade := func(lines ...string) func(net.Conn) {
		return func(c net.Conn) {
			for i, line := range lines {
				if i > 0 {
					c.Read(make([]byte, 4096))
				}
				fmt.Fprint(c, line)
			}
			tls.Server(c, fine).HandshakeContext(context.Background())
		}
	}
	return []situation{
		serves("a web page instead of the token endpoint", "token-response-not-json", "token-response-not-json", doctor.HTTPS, "",
			says(page("200 OK", ""))),
		serves("the token endpoint redirects to a portal", "token-response-not-json", "token-response-not-json", doctor.HTTPS, "",
			says(page("302 Found", "Location: https://portal.example/login\r\nDate: Mon, 02 Mar 2026 10:00:00 GMT\r\n"))), // the first fault counts
		serves("a web page from another host", "reachable", "", doctor.HTTPS, doctor.API, says(page("200 OK", ""))),
		serves("the server reports an error (503)", "http-error", "", doctor.HTTPS, "", says("HTTP/1.1 503 Busy\r\n\r\n")),
		serves("no HTTP behind TLS", "not-http", "net-unexpected-eof", doctor.HTTPS, "", says("* OK IMAP ready\r\n")),
		serves("the clock is an hour ahead", "clock-wrong", "", doctor.HTTPS, "", says(date(time.Now().Add(-time.Hour)))),
		{what: "the clock is two hours behind, and the certificate seems not valid yet", id: "clock-wrong",
			cause: "tls-certificate-expired", d: &doctor.Doctor{},
			e: at(l.secure(tomorrow, says(date(time.Now().Add(2*time.Hour)))), doctor.HTTPS, "")},
		plain("a server without TLS", "tls-plaintext-answer", "tls-plaintext-answer", doctor.HTTPS, says(page("400 Bad Request", ""))),
		serves("IMAP over TLS", "reachable", "", doctor.IMAPS, "", greets("* OK ready\r\n")),
		serves("POP3 over TLS", "reachable", "", doctor.POPS, "", greets("+OK ready\r\n")),
		serves("the mail server turns this machine away", "not-mail", "", doctor.IMAPS, "", greets("* BYE not from here\r\n")),
		plain("SMTP with STARTTLS", "reachable", "", doctor.SMTP,
			upgrade("220 ready\r\n", "250-localhost\r\n250 STARTTLS\r\n", "220 go ahead\r\n")),
		plain("IMAP with STARTTLS", "reachable", "", doctor.IMAP, upgrade("* OK ready\r\n", "* CAPABILITY IMAP4rev1\r\na OK go\r\n")),
		plain("POP3 with STLS", "reachable", "", doctor.POP, upgrade("+OK ready\r\n", "+OK go ahead\r\n")),
		plain("STARTTLS is refused", "starttls-missing", "", doctor.SMTP,
			greets("220 ready\r\n", "250 localhost\r\n", "502 unknown command\r\n")),
		plain("a server that is not a mail server", "starttls-missing", "", doctor.SMTP, greets("SSH-2.0-OpenSSH_9.2\r\n")),
	}
}

// A fault that is certain is the verdict before one that could not be checked, the first of its kind first.
func TestOverall(t *testing.T) {
	result := func(id string) doctor.Result {
		return doctor.Result{Endpoint: doctor.Endpoint{Host: id, Port: 443}, Verdict: doctor.Verdict{ID: id, OK: id == "reachable", Title: "T"}}
	}
	for _, tt := range []struct{ ids, id, title string }{
		{"", "reachable", "Everything that was probed is reachable"},
		{"reachable", "reachable", "Everything that was probed is reachable"},
		{"reachable expired", "expired", "T: expired:443"},
		{"expired refused", "expired", "T: expired:443; 1 endpoint with other problems, see above"},
		{"trust-not-checked", "trust-not-checked", "T: trust-not-checked:443"},
		{"trust-not-checked reachable refused expired", "refused", "T: refused:443; 2 endpoints with other problems, see above"},
		{"refused reachable refused expired", "refused", "T: refused:443 (and 1 more of 4 endpoints); 1 endpoint with other problems, see above"},
	} {
		var results []doctor.Result
		for _, id := range strings.Fields(tt.ids) {
			results = append(results, result(id))
		}
		if v := doctor.Overall(results); v.ID != tt.id || v.Title != tt.title {
			t.Errorf("%s: %q, %q", tt.ids, v.ID, v.Title)
		}
	}
}
