package doctor

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/text"
)

const (
	maxSkew       = 5 * time.Minute // between our clock and a server's
	maxShownChain = 5               // certificates that are listed
)

// speak does what Jira would do over the connection, without logging in.
func (p *probe) speak(ctx context.Context, conn net.Conn) {
	if p.Kind == TCP {
		return
	}
	if ask := startTLS[p.Kind]; ask != nil && !p.startTLS(conn, ask) {
		return
	}
	secure, wanted := p.handshake(ctx, conn)
	if secure == nil {
		return
	}
	p.verify()
	switch {
	case p.Verify != nil:
	case p.Kind == HTTPS:
		p.http(secure, wanted)
	case startTLS[p.Kind] == nil:
		p.greeting(secure, wanted)
	}
}

// startTLS says how TLS begins where a connection begins without it: RFC 3207, RFC 9051 and RFC 2595.
var startTLS = map[Kind][]string{
	SMTP: {"EHLO jira-oauth-watcher\r\n", "STARTTLS\r\n"},
	IMAP: {"a STARTTLS\r\n"},
	POP:  {"STLS\r\n"},
}

func (p *probe) startTLS(conn net.Conn, ask []string) bool {
	tried := "STARTTLS"
	reader := bufio.NewReaderSize(&slow{http.MaxBytesReader(nil, conn, maxAnswer)}, 16)
	answer := func() (string, error) {
		for {
			line, err := reader.ReadString('\n')
			untagged := strings.HasPrefix(line, "* ") && !strings.HasPrefix(line, "* OK") // of IMAP
			if err != nil || !untagged && !continued.MatchString(line) {
				return line, err
			}
		}
	}
	line, err := answer()
	for i := 0; err == nil && i < len(ask) && positive(line); i++ {
		if _, err = io.WriteString(conn, ask[i]); err == nil {
			line, err = answer()
		}
	}
	switch {
	case err != nil:
		f, got := cut(err, "starttls-missing", "no answer of a mail server")
		p.fail(f, "starttls", tried, got)
	case !positive(line):
		p.fail(known("starttls-missing"), "starttls", tried, quote(strings.TrimSpace(line)))
	default:
		p.step(Good, "starttls", tried, quote(strings.TrimSpace(line)), "")
		return true
	}
	return false
}

// continued is a line of an SMTP reply before the last one, RFC 5321.
var continued = regexp.MustCompile(`^\d{3}-`)

func positive(line string) bool {
	return slices.ContainsFunc([]string{"2", "+OK", "* OK", "a OK"}, func(prefix string) bool {
		return strings.HasPrefix(line, prefix)
	})
}

// handshake reads the chain that the server presents. It verifies nothing: verify does, as Java would.
func (p *probe) handshake(ctx context.Context, conn net.Conn) (c *tls.Conn, wanted bool) {
	var weak []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		weak = append(weak, s.ID)
	}
	c = tls.Client(conn, &tls.Config{
		ServerName: p.Host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, CipherSuites: weak,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			for _, der := range raw {
				if cert, err := x509.ParseCertificate(der); err == nil {
					p.chain = append(p.chain, cert)
				}
			}
			return nil
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			wanted = true
			return &tls.Certificate{}, nil
		},
	})
	err := c.HandshakeContext(ctx)
	tried := "TLS handshake for " + p.Host
	version := c.ConnectionState().Version
	switch {
	case err != nil && wanted && strings.Contains(err.Error(), "handshake failure"): // as of TLS 1.2
		f := known("client-certificate")
		f.Cause = "tls-handshake-failure"
		p.fail(f, "tls", tried, "the server requires a client certificate")
	case err != nil && wanted:
		p.verify()
		p.fail(known("client-certificate"), "tls", tried, "the server requires a client certificate")
	case err != nil && len(p.chain) > 0 && strings.Contains(err.Error(), "insecure"):
		p.verify() // a key that is too short
	case err != nil:
		f, got := handshakeFault(err)
		p.fail(f, "tls", tried, got)
	case version < tls.VersionTLS12:
		p.fail(known("tls-protocol-version"), "tls", tried, tls.VersionName(version)+" is the newest that the server offers")
	default:
		state, got := Good, tls.VersionName(version)+", "+tls.CipherSuiteName(c.ConnectionState().CipherSuite)
		if wanted {
			state, got = Note, got+", the server asks for a client certificate"
		}
		p.step(state, "tls", tried, got, "")
		return c, wanted
	}
	return nil, wanted
}

// handshakeFault is why a handshake failed.
func handshakeFault(err error) (f Verdict, got string) {
	if f, got = cut(err, "", ""); f.ID != "" {
		if f.ID == "net-unexpected-eof" {
			f = known("tls-handshake-closed")
		}
		return f, got
	}
	switch record, plain := errors.AsType[tls.RecordHeaderError](err); {
	case plain:
		return known("tls-plaintext-answer"), "the server answers without TLS: " + quote(string(record.RecordHeader[:]))
	case strings.Contains(err.Error(), "protocol version"):
		return known("tls-protocol-version"), "the server offers no TLS version from 1.0 to 1.3"
	case strings.Contains(err.Error(), "unrecognized name"):
		return known("tls-unrecognized-name"), "alert unrecognized_name"
	case strings.Contains(err.Error(), "handshake failure"):
		return known("tls-handshake-failure"), "alert handshake_failure"
	case strings.Contains(err.Error(), "remote error"):
		return known("tls-fatal-alert-other"), quote(err.Error())
	}
	return known("tls-failure"), quote(err.Error())
}

// cut is how a connection ended, or if it did not, another fault; "" = none.
func cut(err error, otherwise, said string) (f Verdict, got string) {
	switch {
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return known("net-connection-reset"), "the connection was reset"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		return known("net-read-timeout"), "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return known("net-unexpected-eof"), "the connection was closed"
	}
	return known(otherwise), said
}

// verify compares the chain with Java's trust store.
func (p *probe) verify() {
	var shown []string
	for _, c := range p.chain[:min(len(p.chain), maxShownChain)] {
		shown = append(shown, quote(c.Subject.String()))
	}
	got := "the server presents " + strings.Join(shown, " ← ")
	if p.Verify != nil {
		if f := known("certificate"); len(p.chain) > 0 {
			if f.Text = p.Verify(p.Host, p.chain); f.Text == "" {
				p.step(Good, "trust", "verify the certificate", got, "")
			} else {
				p.fail(f, "trust", "verify the certificate", got)
			}
		}
		return
	}
	store, err := p.JVM.Trust()
	if err != nil {
		f := known(notChecked)
		if errors.Is(err, java.ErrJava) {
			f = known("tls-truststore-unreadable")
		}
		p.fail(f, "trust", "open Java's trust store", quote(err.Error()))
		return
	}
	tried := fmt.Sprintf("verify the certificate with %s (%s)", store.Path, text.Count(store.Len(), "certificate"))
	wrong := store.Verify(p.Host, p.chain, clock.Now())
	switch {
	case wrong == nil:
		p.step(Good, "trust", tried, got, "")
	case store.Len() == 0:
		p.fail(known("tls-truststore-empty"), "trust", tried, got)
	default:
		f := known(wrong.Kind)
		f.Text = wrong.Explain(f.Text)
		if c := wrong.Import; c != nil {
			p.Missing = &Certificate{quote(c.Subject.String()), quote(c.Issuer.String()), java.Fingerprint(c), c.NotBefore,
				c.NotAfter, "", c}
		}
		p.fail(f, "trust", tried, got)
	}
}

// greeting waits for the greeting of a mail server.
func (p *probe) greeting(c net.Conn, wanted bool) {
	line, err := bufio.NewReaderSize(http.MaxBytesReader(nil, c, maxAnswer), 512).ReadSlice('\n')
	tried := "wait for the mail server's greeting"
	switch f, got := cut(err, "", ""); {
	case err != nil && wanted && f.ID != "net-read-timeout":
		p.fail(known("client-certificate"), "tls", tried, "the server requires a client certificate")
	case f.ID != "":
		p.fail(f, "greeting", tried, got)
	case !positive(string(line)):
		p.fail(known("not-mail"), "greeting", tried, quote(strings.TrimSpace(string(line))))
	default:
		p.step(Good, "greeting", tried, quote(strings.TrimSpace(string(line))), "")
	}
}

// http sends a request without credentials: to a token endpoint an empty POST, which it refuses in JSON.
func (p *probe) http(c net.Conn, wanted bool) {
	method := http.MethodGet
	if p.Role == Token {
		method = http.MethodPost
	}
	tried := method + " https://" + p.Address() + p.path
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: jira-oauth-watcher doctor\r\nAccept: application/json\r\n"+
		"Content-Length: 0\r\nConnection: close\r\n\r\n", method, p.path, hostHeader(p.Endpoint))
	answer, err := http.ReadResponse(bufio.NewReader(http.MaxBytesReader(nil, c, maxAnswer)), &http.Request{Method: method})
	if err != nil {
		f, got := cut(err, "not-http", "no HTTP answer")
		if wanted && f.ID != "net-read-timeout" {
			f, got = known("client-certificate"), "the server requires a client certificate"
		}
		p.fail(f, "http", tried, got)
		return
	}
	got := quote(answer.Proto + " " + answer.Status)
	page := isHTML(answer.Header)
	switch code := answer.StatusCode; {
	case code < 200:
		p.fail(known("not-http"), "http", tried, got)
	case p.Role == Token && (page != "" || code/100 == 3):
		p.fail(known("token-response-not-json"), "http", tried, got+page+redirect(answer))
	case code == http.StatusProxyAuthRequired, code/100 == 5:
		p.fail(known("http-error"), "http", tried, got+page)
	default:
		p.step(Good, "http", tried, got+redirect(answer), "")
	}
	p.clock(answer.Header.Get("Date"))
}

func redirect(answer *http.Response) string {
	if to := answer.Header.Get("Location"); to != "" {
		return ", redirects to " + quote(to) + " (not followed)"
	}
	return ""
}

func hostHeader(e Endpoint) string {
	if e.Port == 443 && !strings.Contains(e.Host, ":") {
		return e.Host
	}
	return e.Address()
}

// clock compares our clock with the server's.
func (p *probe) clock(date string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	skew := clock.Now().Sub(at).Round(time.Second)
	tried, got := "compare the clocks", "this machine is "+text.Duration(skew.Abs())+" ahead"
	if skew < 0 {
		got = "this machine is " + text.Duration(skew.Abs()) + " behind"
	}
	switch {
	case skew.Abs() > maxSkew:
		f := known("clock-wrong")
		if dates := p.Verdict.Cause == "tls-certificate-expired"; dates && p.valid(at) {
			f.Cause, p.Verdict = p.Verdict.Cause, Verdict{} // the certificate is right
		}
		p.fail(f, "clock", tried, got)
	case skew.Abs() > 2*time.Second:
		p.step(Good, "clock", tried, got, "")
	default:
		p.step(Good, "clock", tried, "they agree", "")
	}
}

// valid reports whether Java would accept the chain at another time.
func (p *probe) valid(at time.Time) bool {
	store, err := p.JVM.Trust()
	return err == nil && store.Verify(p.Host, p.chain, at) == nil
}
