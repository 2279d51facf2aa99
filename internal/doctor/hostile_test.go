package doctor_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/doctor"
)

// What a server says is bounded and printable, and its end is not waited for.
func TestHostileServers(t *testing.T) {
	l := newLaboratory(t)
	fine := with(pair(l.leaf(l.root, nil)))
	evil := "\x1b[2J<!channel>\u202e" + strings.Repeat("x", 1<<20)
	endless := func(begin string) func(net.Conn) {
		return func(c net.Conn) {
			io.WriteString(c, begin)
			for block := strings.Repeat("x", 64<<10); ; {
				if _, err := io.WriteString(c, block); err != nil {
					return
				}
			}
		}
	}
	forged := l.leaf(l.other, func(c *x509.Certificate) { c.Subject.CommonName = evil[:2000] })
	for what, e := range map[string]doctor.Endpoint{
		"an endless header": at(l.secure(fine, func(c net.Conn) {
			c.Read(make([]byte, 4096))
			endless("HTTP/1.1 200 OK\r\nX: ")(c)
		}), doctor.HTTPS, ""),
		"an endless greeting":             at(l.secure(fine, endless("* OK ")), doctor.IMAPS, ""),
		"an endless greeting without TLS": at(l.listen(endless("220 ")), doctor.SMTP, ""),
		"escape sequences in the status":  at(l.secure(fine, says("HTTP/1.1 200 "+evil[:4000]+"\r\n\r\n")), doctor.HTTPS, ""),
		"escape sequences in a greeting":  at(l.secure(fine, greets("* BYE "+evil[:300]+"\r\n")), doctor.IMAPS, ""),
		"escape sequences in a name":      at(l.secure(with(pair(forged)), says(json400)), doctor.HTTPS, ""),
	} {
		d := &doctor.Doctor{JVM: l.jvm(), Timeout: time.Minute}
		report := doctor.NewReport(d, d.All(t.Context(), []doctor.Endpoint{e}))
		report.Verdict = doctor.Overall(report.Endpoints)
		var text bytes.Buffer
		if err := report.Text(&text, func(where string) string { return where }); err != nil {
			t.Error(err)
		}
		alert, _ := json.Marshal(report.Endpoints[0].Alert())
		for _, out := range []string{text.String(), string(alert)} {
			if len(out) > 16<<10 || strings.ContainsAny(out, "\x1b\u202e") {
				t.Errorf("%s: %d bytes: %.500q", what, len(out), out)
			}
		}
	}
}

// An endpoint of the command line is a host, host:port or a URL. What it may hold of a secret is not kept.
func TestParse(t *testing.T) {
	for arg, want := range map[string]string{
		"login.microsoftonline.com":  "https login.microsoftonline.com:443 token endpoint",
		"LOGIN.microsoftonline.com.": "https login.microsoftonline.com:443 token endpoint",
		"outlook.office365.com:995":  "pop3s outlook.office365.com:995 mail server",
		"smtp://relay.example":       "smtp relay.example:587 mail server",
		"imap.gmail.com":             "imaps imap.gmail.com:993 mail server",
		"[::1]:993":                  "imaps [::1]:993 mail server",
		"::1":                        "https [::1]:443 host",
		"bücher.example":             "https xn--bcher-kva.example:443 host",
		"https://user:secret@host.example/oauth/token": "https host.example:443 token endpoint",
		"https://host.example:8443":                    "https host.example:8443 host",
		"":                                             "",
		"a b":                                          "",
		"host:0":                                       "",
		"host:65536":                                   "",
		"host:x":                                       "",
		"http://host.example":                          "",
		"https://user:secret@ho st/":                   "",
		"-rf":                                          "",
		"host;id":                                      "",
		"\x1b[2J":                                      "",
		"fe80::1%eth0":                                 "",
	} {
		e, err := doctor.Parse(arg)
		got := ""
		if err == nil {
			got = string(e.Kind) + " " + e.Address() + " " + e.Role
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", arg, err)
		}
		if got != want {
			t.Errorf("Parse(%q) = %q, %v, want %q", arg, got, err, want)
		}
	}
}
