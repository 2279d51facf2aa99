// Package email sends alerts by mail, through an SMTP relay.
package email

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/notify"
)

const (
	maxReplies = 256 << 10 // bytes read in one session, certificates included
	enough     = 3         // attempts at all recipients; the next one leaves out those that are refused
)

// Notifier sends one mail per alert. Mails about one incident refer to the first of
// them, so that mail programs show them as one conversation.
type Notifier struct {
	conf     conf.Email
	tls      *tls.Config
	redactor *notify.Redactor
}

// New returns a notifier. It connects to nothing.
func New(c conf.Email) (*Notifier, error) {
	secure, err := notify.TLSConfig(c.Notifier)
	if err != nil {
		return nil, err
	}
	secure.ServerName = c.Host
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	user, password := c.Username, c.Password.Reveal()
	secrets := http.Header{"Authorization": {password, encoded(password), encoded("\x00" + user + "\x00" + password)}}
	return &Notifier{conf: c, tls: secure, redactor: notify.NewRedactor(&url.URL{}, secrets)}, nil
}

// Send hands the mail over to the relay. A plain alert has no HTML part.
func (n *Notifier) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	msg, err := n.compose(d)
	if err != nil {
		return nil, &notify.Error{Outcome: notify.BadMessage, Err: err}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(n.conf.Host, n.conf.Port))
	if err != nil {
		return nil, n.failed(ctx, err)
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	if err := n.hand(&limited{conn, maxReplies}, msg, d.Attempts > enough); err != nil {
		return nil, n.failed(ctx, err)
	}
	return nil, nil
}

// limited is a connection that ends after so many bytes from the other side.
type limited struct {
	net.Conn
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("the relay's replies exceeded %d bytes", maxReplies)
	}
	count, err := l.Conn.Read(p[:min(len(p), l.left)])
	l.left -= count
	return count, err
}

// hand goes through a session of SMTP. Each step has what a permanent refusal means: for
// all but the content, that nothing will be accepted until the settings are fixed.
func (n *Notifier) hand(conn net.Conn, msg io.WriterTo, some bool) error {
	if n.conf.Encryption == conf.ImplicitTLS {
		conn = tls.Client(conn, n.tls)
	}
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	var c *smtp.Client
	for _, step := range []struct {
		name    string
		refused notify.Outcome
		do      func() error
	}{
		{"the connection", notify.BadSettings, func() (err error) { c, err = smtp.NewClient(conn, n.conf.Host); return err }},
		{"EHLO", notify.BadSettings, func() error { c.SkipSMTPUTF8(true); return c.Hello(name) }},
		{"STARTTLS", notify.BadSettings, func() error { return n.encrypt(c) }},
		{"the login", notify.BadSettings, func() error { return n.login(c) }},
		{"the sender", notify.BadSettings, func() error { return c.Mail(bare(n.conf.From)) }},
		{"a recipient", notify.BadSettings, func() error { return n.recipients(c, some) }},
		{"the mail", notify.BadMessage, func() error { return content(c, msg) }},
	} {
		err := step.do()
		if err == nil {
			continue
		}
		reply, isReply := errors.AsType[*textproto.Error](err)
		if _, judged := errors.AsType[*notify.Error](err); judged || !isReply {
			return err
		}
		failed := &notify.Error{Err: fmt.Errorf("the relay rejected %s: %w", step.name, err)}
		if reply.Code >= 500 {
			failed.Outcome = step.refused
		}
		return failed
	}
	c.Quit() // the relay has the mail, whatever it answers
	return nil
}

func (n *Notifier) encrypt(c *smtp.Client) error {
	offered, _ := c.Extension("STARTTLS")
	switch how := n.conf.Encryption; {
	case offered && (how == conf.StartTLS || how == conf.Opportunistic):
		return c.StartTLS(n.tls)
	case how == conf.StartTLS:
		return &notify.Error{Outcome: notify.BadSettings, Err: errors.New("the relay does not offer STARTTLS: " +
			"use a port on which it does, or smtps://; allow_plain permits mails without encryption")}
	}
	return nil
}

// login authenticates with a mechanism that the relay offers too. Over TLS, PLAIN is as
// good as any.
func (n *Notifier) login(c *smtp.Client) error {
	user, password, host := n.conf.Username, n.conf.Password.Reveal(), n.conf.Host
	if user == "" {
		return nil
	}
	_, all := c.Extension("AUTH")
	offered, local := strings.Fields(all), n.conf.Encryption == conf.Unencrypted
	switch {
	case slices.Contains(offered, "PLAIN"):
		return c.Auth(smtp.PlainAuth("", user, password, host, local))
	case slices.Contains(offered, "LOGIN"):
		return c.Auth(smtp.LoginAuth(user, password, host, local))
	case slices.Contains(offered, "CRAM-MD5"):
		return c.Auth(smtp.CRAMMD5Auth(user, password))
	}
	return &notify.Error{Outcome: notify.BadSettings, Err: fmt.Errorf("the relay offers no login with PLAIN, LOGIN "+
		"or CRAM-MD5, only %q: use another port, or leave out username", offered)}
}

// recipients names them to the relay. Some may be refused once that was reported, so that
// one closed mailbox does not keep the mail from the others.
func (n *Notifier) recipients(c *smtp.Client, some bool) error {
	var refused error
	accepted := 0
	for _, to := range n.conf.To {
		err := c.Rcpt(bare(to))
		if _, isReply := errors.AsType[*textproto.Error](err); err != nil && !isReply {
			return err
		} else if err == nil {
			accepted++
		} else if refused == nil {
			refused = fmt.Errorf("%s: %w", to.Address, err)
		}
	}
	switch {
	case refused == nil || accepted > 0 && some:
		return nil
	case accepted > 0:
		return &notify.Error{Err: fmt.Errorf("the relay rejected a recipient; after %d attempts the others get the "+
			"mail without it: %w", enough, refused)}
	}
	return refused
}

// bare is an address as SMTP has it: in angle brackets, without a name.
func bare(a mail.Address) string { return (&mail.Address{Address: a.Address}).String() }

// content sends the mail itself. Without a reply to its end, it may have been accepted.
func content(c *smtp.Client, msg io.WriterTo) error {
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := msg.WriteTo(w); err != nil {
		return err
	}
	err = w.Close()
	if _, isReply := errors.AsType[*textproto.Error](err); err != nil && !isReply {
		return &notify.Error{Unsure: true, Err: err}
	}
	return err
}

// failed is an error without what is secret: relays repeat what they are sent.
func (n *Notifier) failed(ctx context.Context, err error) *notify.Error {
	failed, ok := errors.AsType[*notify.Error](err)
	if !ok {
		failed = &notify.Error{Err: err}
	}
	words := n.redactor.Redact(failed.Err.Error())
	if err = ctx.Err(); err != nil { // which closed the connection
		words = "no answer in time: are address and port right, and does the firewall permit the connection?"
		if failed.Unsure {
			words = "no answer in time to the mail, which may have been accepted: is a longer timeout needed?"
		}
		failed.Err = err
	}
	failed.Err = notify.Reworded(notify.OneLine(words), failed.Err)
	return failed
}
