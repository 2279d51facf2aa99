//go:build linux

package doctor_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"jira-oauth-watcher/internal/doctor"
)

// evil is text that would change what a terminal shows: colors, the title, a new line, the direction.
const evil = "\x1b[31mred\x1b]0;title\x07 \r \u202ereversed\u202c \u0085 \x00 \xff ok: reachable "

// drip writes the same for ever.
func drip(s string, pause time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, s); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}
}

// Whatever a peer says, the report is short, has no control characters, is finished in time, and does not
// say that the peer is reachable.
func TestHostilePeers(t *testing.T) {
	l := newLaboratory(t)
	fine := with(pair(l.leaf(l.root, nil)))
	long := strings.Repeat(evil, 10<<20/len(evil))
	other := l.leaf(l.ca(strings.ToValidUTF8(evil, "")+strings.Repeat("x", 3000), nil), nil)
	many := []*authority{l.leaf(l.other, nil)}
	for range 40 {
		many = append(many, l.leaf(l.other, nil))
	}
	secure := func(f func(net.Conn)) int { return l.secure(fine, f) }
	served := func(c *tls.Config) int { return l.secure(c, says(json400)) }
	for _, tt := range []struct {
		what    string
		port    int
		kind    doctor.Kind
		through bool // port is that of a proxy
	}{
		{"an answer with control characters", secure(says("HTTP/1.1 302 " + evil + "\r\nLocation: https://" + evil + "\r\n\r\n")), doctor.HTTPS, false},
		{"a redirect that reverses text", secure(says(page("302 \u202eFound", "Location: https://\u202egpj.example/\u0085\r\n"))),
			doctor.HTTPS, false},
		{"only a preliminary answer", secure(says("HTTP/1.1 100 Continue\r\n\r\n")), doctor.HTTPS, false},
		{"a header of 10 MB", secure(says("HTTP/1.1 200 OK\r\nX: " + long + "\r\n\r\n")), doctor.HTTPS, false},
		{"a status line of 10 MB", secure(says("HTTP/1.1 200 " + long)), doctor.HTTPS, false},
		{"an answer without an end", secure(drip("HTTP/1.1 100 Continue\r\n\r\n", 0)), doctor.HTTPS, false},
		{"an answer of one byte at a time", secure(drip("H", 20*time.Millisecond)), doctor.HTTPS, false},
		{"an answer without TLS", l.listen(says(long)), doctor.HTTPS, false},
		{"a CA with control characters in a long name", served(with(pair(other))), doctor.HTTPS, false},
		{"forty certificates", served(with(pair(many...))), doctor.HTTPS, false},
		{"a greeting with control characters", secure(greets("* BYE " + evil + "\r\n")), doctor.IMAPS, false},
		{"a greeting without an end", secure(drip(evil, 0)), doctor.POPS, false},
		{"lines of SMTP without an end", l.listen(drip("220-"+evil+"\r\n", 0)), doctor.SMTP, false},
		{"lines of IMAP without an end", l.listen(drip("* "+evil+"\r\n", 0)), doctor.IMAP, false},
		{"a mail server of one byte at a time", l.listen(drip("2", 20*time.Millisecond)), doctor.SMTP, false},
		{"a proxy's status with control characters", l.listen(says("HTTP/1.1 407 " + evil + "\r\nProxy-Authenticate: " + evil + "\r\n\r\n")),
			doctor.HTTPS, true},
		{"a proxy's header of 10 MB", l.listen(says("HTTP/1.1 200 OK\r\nX: " + long + "\r\n\r\n")), doctor.HTTPS, true},
		{"a proxy without an end", l.listen(drip("HTTP/1.1 100 Continue\r\n\r\n", 0)), doctor.HTTPS, true},
		{"ten thousand schemes of a proxy", l.listen(says("HTTP/1.1 407 Login\r\n" + strings.Repeat("Proxy-Authenticate: Basic\r\n", 9000) + "\r\n")),
			doctor.HTTPS, true},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			d, e := &doctor.Doctor{}, at(tt.port, tt.kind, "")
			if tt.through {
				d.Proxy = net.JoinHostPort("127.0.0.1", e.Address()[len("localhost:"):])
			}
			d.JVM, d.Timeout = l.jvm(), time.Second
			r := d.Probe(t.Context(), e)
			report := doctor.NewReport(d, []doctor.Result{r})
			report.Verdict = doctor.Overall(report.Endpoints)
			var out strings.Builder
			if err := report.Text(&out, func(where string) string { return where }); err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal([]any{report, r.Alert()})
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict.OK || r.Verdict.ID == "" {
				t.Errorf("verdict %+v", r.Verdict)
			}
			for form, text := range map[string]string{"text": out.String(), "JSON": string(b)} {
				if len(text) > 20<<10 || !utf8.ValidString(text) {
					t.Errorf("the %s has %d bytes: %.200q", form, len(text), text)
				}
				if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
					t.Errorf("the %s has a character that changes what a terminal shows: %q", form, text[i:min(len(text), i+40)])
				}
			}
			t.Logf("%s: %s", r.Verdict.ID, r.Steps[len(r.Steps)-1].Got)
		})
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

// The endpoints of a cloud are probed if one of its hosts is known, those that most have otherwise.
func TestDefaults(t *testing.T) {
	for hosts, want := range map[string]string{
		"":                                  "login.microsoftonline.com oauth2.googleapis.com",
		"other.example":                     "login.microsoftonline.com oauth2.googleapis.com",
		"login.microsoftonline.us":          "login.microsoftonline.us",
		"partner.outlook.cn imap.gmail.com": "oauth2.googleapis.com login.partner.microsoftonline.cn",
	} {
		var got []string
		for _, e := range doctor.Defaults(strings.Fields(hosts)) {
			if e.Role == doctor.Token {
				got = append(got, e.Host)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", hosts, got, want)
		}
	}
}
