package email_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/email"
	"jira-oauth-watcher/notify/notifytest"
)

const password = "pa55-CANARYPATH-word"

// at is a notifier for a relay, with two recipients.
func at(t testing.TB, addr string, change func(*conf.Email)) notify.Notifier {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	c := conf.Email{
		Notifier: conf.Notifier{Name: "email"}, Host: host, Port: port, Encryption: conf.Unencrypted,
		From: mail.Address{Name: "Jira, mail", Address: "jira@example.com"},
		To:   []mail.Address{{Address: "ops@example.com"}, {Name: "Ä. Admin", Address: "admin@example.com"}},
	}
	if change != nil {
		change(&c)
	}
	to, err := email.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func withLogin(c *conf.Email) { c.Username, c.Password = "watcher", conf.NewSecret(password) }

// Every alert is accepted by a relay, whatever it says.
func TestKinds(t *testing.T) {
	testkit.Pure(t)
	relay := (&notifytest.Relay{}).Start(t)
	notifytest.Kinds(t, at(t, relay.Addr, nil))
	for _, m := range relay.Mails() {
		if len(m.Text) > 10_000_000 || m.From != "jira@example.com" || fmt.Sprint(m.To) != "[ops@example.com admin@example.com]" {
			t.Errorf("%d bytes from %s to %v", len(m.Text), m.From, m.To)
		}
		for line := range strings.Lines(m.Text) {
			if len(line) > 999 || strings.ContainsFunc(line, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' && r != '\t' }) {
				t.Fatalf("a line that SMTP does not permit: %.200q", line)
			}
		}
	}
}

// Each answer of a relay has its outcome, and no password is in the error, even if the
// relay repeats it.
func TestReplies(t *testing.T) {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00watcher\x00" + password))
	for _, tt := range []struct {
		name, command, reply string
		want                 notify.Outcome
		says                 string
		unsure               bool
	}{
		{"busy greeting", "", "421 too busy", notify.Retry, "421", false},
		{"blocked", "", "554 5.7.1 blocked", notify.BadSettings, "connection or login: 554", false},
		{"no SMTP", "", "HTTP/1.1 400 Bad Request", notify.Retry, "", false},
		{"endless greeting", "", strings.Repeat("220-more\n", 40_000) + "220 end", notify.Retry, "EOF", false},
		{"cut at the greeting", "", notifytest.Cut, notify.Retry, "EOF", false},
		{"password rejected", "AUTH", "535 5.7.8 no " + password + " " + plain, notify.BadSettings, "5.7.8", false},
		{"login unavailable", "AUTH", "454 4.7.0 later", notify.Retry, "454", false},
		{"password outdated", "AUTH", "534 5.7.9 change it", notify.BadSettings, "534", false},
		{"login required", "MAIL", "530 5.7.0 log in first", notify.BadSettings, "sender: 5", false},
		{"sender rejected", "MAIL", "550 5.7.1 not yours", notify.BadSettings, "sender: 5", false},
		{"disk full", "MAIL", "452 4.3.1 no space", notify.Retry, "452", false},
		{"recipients rejected", "RCPT", "550 5.1.1 no such user", notify.BadSettings, "recipient: admin@example.com: 550", false},
		{"greylisted", "RCPT", "451 4.7.1 try later", notify.Retry, "451", false},
		{"one recipient rejected", "RCPT TO:<admin", "550 5.1.1 no such user", notify.Retry, "admin@example.com: 550", false},
		{"no data", "DATA", "451 4.3.0 error", notify.Retry, "451", false},
		{"cut at the data", "DATA", notifytest.Cut, notify.Retry, "EOF", false},
		{"content rejected", ".", "554 5.7.1 looks like spam", notify.BadMessage, "content: 554", false},
		{"too large", ".", "552 5.3.4 too large", notify.BadMessage, "552", false},
		{"not queued", ".", "451 4.3.0 error", notify.Retry, "451", false},
		{"shuts down", ".", "421 4.3.2 shutting down", notify.Retry, "421", false},
		{"cut after the mail", ".", notifytest.Cut, notify.Retry, "EOF", true},
		{"hangs after the mail", ".", notifytest.Hang, notify.Retry, "may have been accepted", true},
		{"hangs at once", "", notifytest.Hang, notify.Retry, "firewall", false},
		{"no answer to QUIT", "QUIT", notifytest.Cut, -1, "", false},
		{"complains about QUIT", "QUIT", "500 what?", -1, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			relay := (&notifytest.Relay{Offers: "LOGIN PLAIN", Reply: func(_ int, command string) string {
				if command == tt.command || tt.command != "" && strings.HasPrefix(command, tt.command) {
					return tt.reply
				}
				return ""
			}}).Start(t)
			ctx := notifytest.Patience(t)
			if tt.reply == notifytest.Hang {
				short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
				defer cancel()
				ctx = short
			}
			got, err := notifytest.Outcome(t, notifytest.Send(ctx, at(t, relay.Addr, withLogin), alerttest.Alert(alert.Opened), false))
			if got != tt.want {
				t.Fatalf("outcome %d (%v), want %d", got, err, tt.want)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), tt.says) || err.Unsure != tt.unsure {
				t.Errorf("unsure %t: %v, want %t and %q", err.Unsure, err, tt.unsure, tt.says)
			}
			notifytest.NoCanary(t, err.Error())
			if strings.Contains(err.Error(), plain) {
				t.Errorf("the login is in %v", err)
			}
		})
	}
}

// Nothing listens: retried.
func TestRefused(t *testing.T) {
	addr := testkit.FreeAddress(t)
	got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), at(t, addr, nil), alerttest.Alert(alert.Opened), false))
	if got != notify.Retry || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("outcome %d: %v", got, err)
	}
}

// An attempt that is canceled ends at once and is retried.
func TestCanceled(t *testing.T) {
	relay := (&notifytest.Relay{Reply: func(int, string) string { return notifytest.Hang }}).Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	got, err := notifytest.Outcome(t, notifytest.Send(ctx, at(t, relay.Addr, nil), alerttest.Alert(alert.Opened), false))
	if got != notify.Retry {
		t.Errorf("outcome %d (%v)", got, err)
	}
}

// A recipient that is refused for good keeps the mail from the others for three attempts
// only.
func TestSomeRecipients(t *testing.T) {
	relay := (&notifytest.Relay{Reply: func(_ int, command string) string {
		if strings.HasPrefix(command, "RCPT TO:<admin") {
			return "550 5.1.1 no such user"
		}
		return ""
	}}).Start(t)
	to := at(t, relay.Addr, nil)
	for n := 1; n <= 4; n++ {
		_, err := to.Send(notifytest.Patience(t), notify.Delivery{Alert: alerttest.Alert(alert.Opened), Attempts: n})
		if got := len(relay.Mails()); (err == nil) != (n == 4) || (got == 1) != (n == 4) {
			t.Errorf("attempt %d: %v, %d mails", n, err, got)
		}
	}
	if m := relay.Mails(); fmt.Sprint(m[0].To) != "[ops@example.com]" {
		t.Errorf("sent to %v", m[0].To)
	}
}

// A password goes to another machine with encryption only, and a mail does unless that is
// permitted.
func TestEncryption(t *testing.T) {
	ca := notifytest.NewAuthority(t)
	own, err := tls.LoadX509KeyPair(ca.Issue(t, "relay.test"))
	if err != nil {
		t.Fatal(err)
	}
	secure := &tls.Config{Certificates: []tls.Certificate{own}}
	file := notifytest.PemFile(t, "ca.pem", "CERTIFICATE", ca.Cert.Raw)
	for _, tt := range []struct {
		name     string
		relay    *notifytest.Relay
		how      conf.Encryption
		ca       string
		login    bool
		want     notify.Outcome
		says     string
		commands string // in their order
	}{
		{"STARTTLS", &notifytest.Relay{TLS: secure, Offers: "PLAIN"}, conf.StartTLS, file, true, -1, "", "STARTTLS EHLO AUTH MAIL"},
		{"TLS", &notifytest.Relay{TLS: secure, Implicit: true, Offers: "LOGIN"}, conf.ImplicitTLS, file, true, -1, "", "EHLO AUTH MAIL"},
		{"where it is offered", &notifytest.Relay{TLS: secure}, conf.Opportunistic, file, false, -1, "", "STARTTLS EHLO MAIL"},
		{"not offered, which is permitted", &notifytest.Relay{}, conf.Opportunistic, "", false, -1, "", "EHLO MAIL"},
		{"not offered", &notifytest.Relay{Offers: "PLAIN"}, conf.StartTLS, "", true, notify.BadSettings, "use another port", "EHLO"},
		{"unknown CA", &notifytest.Relay{TLS: secure, Offers: "PLAIN"}, conf.StartTLS, "", true, notify.Retry, "unknown authority", "STARTTLS"},
		{"unknown CA, TLS", &notifytest.Relay{TLS: secure, Implicit: true}, conf.ImplicitTLS, "", true, notify.Retry, "unknown authority", ""},
		{"no TLS at a port for TLS", &notifytest.Relay{}, conf.ImplicitTLS, file, false, notify.Retry, "", ""},
		{"no login that we know", &notifytest.Relay{TLS: secure, Offers: "XOAUTH2"}, conf.StartTLS, file, true, notify.BadSettings, "supported", "STARTTLS EHLO"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.relay.Start(t)
			to := at(t, tt.relay.Addr, func(c *conf.Email) {
				c.Encryption, c.CAFile, c.Host = tt.how, tt.ca, "127.0.0.1"
				if tt.login {
					withLogin(c)
				}
			})
			got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), to, alerttest.Alert(alert.Opened), false))
			if got != tt.want || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("outcome %d (%v), want %d and %q", got, err, tt.want, tt.says)
			}
			commands := tt.relay.Commands()
			rest := commands
			for _, want := range strings.Fields(tt.commands) {
				var found bool
				if _, rest, found = strings.Cut(rest, want); !found {
					t.Errorf("%s is missing in its order:\n%s", want, commands)
				}
			}
			if tt.want != -1 && strings.Contains(commands, "AUTH") || strings.Contains(commands, "SMTPUTF8\n") {
				t.Errorf("it went on:\n%s", commands)
			}
		})
	}
}
