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
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
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
	password := c.Password.Reveal()
	secrets := http.Header{"Authorization": {password, encoded(password),
		encoded("\x00" + c.Username + "\x00" + password)}}
	return &Notifier{c, secure, notify.NewRedactor(&url.URL{}, secrets)}, nil
}

// Send hands the mail over to the relay. A plain alert has no HTML part.
//
// Each step has what a permanent refusal means: for all but the content, that nothing will
// be accepted until the settings are fixed.
func (n *Notifier) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	msg, err := n.compose(d)
	if err != nil {
		return nil, &notify.Error{Outcome: notify.BadMessage, Err: err}
	}
	session, end := context.WithCancel(ctx)
	defer end()
	var c *smtp.Client
	for _, step := range []struct {
		name    string
		refused notify.Outcome
		do      func() error
	}{
		{"connection or login", notify.BadSettings, func() (err error) { c, err = n.dial(session); return err }},
		{"sender", notify.BadSettings, func() error { return c.Mail("<" + n.conf.From.Address + ">") }},
		{"recipient", notify.BadSettings, func() error { return n.recipients(c, d.Attempts > enough) }},
		{"content", notify.BadMessage, func() error { return content(c, msg) }},
	} {
		if err := step.do(); err != nil {
			return nil, n.failed(ctx, err, step.name, step.refused)
		}
	}
	c.Quit() // the relay has the mail, whatever it answers
	return nil, nil
}

// dial connects, encrypts and authenticates. The connection ends with ctx.
func (n *Notifier) dial(ctx context.Context) (*smtp.Client, error) {
	how := []mail.TLSPolicy{mail.TLSMandatory, mail.NoTLS, mail.TLSOpportunistic, mail.NoTLS}[n.conf.Encryption]
	options := []mail.Option{mail.WithTLSPolicy(how), mail.WithTLSConfig(n.tls), mail.WithoutSMTPUTF8(),
		mail.WithTimeout(time.Hour), // ctx has the limit
		mail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(n.conf.Host, n.conf.Port))
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { raw.Close() })
			conn := &limited{raw, io.LimitedReader{R: raw, N: maxReplies}}
			if n.conf.Encryption == conf.ImplicitTLS {
				return tls.Client(conn, n.tls), nil
			}
			return conn, nil
		})}
	if n.conf.Username != "" { // over TLS, PLAIN is as good as any
		options = append(options, mail.WithUsername(n.conf.Username), mail.WithPassword(n.conf.Password.Reveal()),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	client, err := mail.NewClient(n.conf.Host, options...)
	if err != nil {
		return nil, err
	}
	return client.DialToSMTPClientWithContext(ctx)
}

// limited is a connection that ends after so many bytes from the other side.
type limited struct {
	net.Conn
	from io.LimitedReader
}

func (l *limited) Read(p []byte) (int, error) { return l.from.Read(p) }

// recipients names them to the relay. Some may be refused once that was reported, so that
// one closed mailbox does not keep the mail from the others.
func (n *Notifier) recipients(c *smtp.Client, some bool) error {
	var refused error
	accepted := false
	for _, to := range n.conf.To {
		err := c.Rcpt("<" + to.Address + ">")
		if err != nil && !isReply(err) {
			return err
		}
		if accepted = accepted || err == nil; err != nil {
			refused = fmt.Errorf("%s: %w", to.Address, err)
		}
	}
	switch {
	case accepted && some:
		return nil
	case accepted && refused != nil:
		return &notify.Error{Err: fmt.Errorf("the relay rejected a recipient; after %d attempts the others get the "+
			"mail without it: %w", enough, refused)}
	}
	return refused
}

// content sends the mail itself. Without a reply to its end, it may have been accepted.
func content(c *smtp.Client, msg *mail.Msg) error {
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := msg.WriteTo(w); err != nil {
		return err
	}
	if err = w.Close(); err != nil && !isReply(err) {
		return &notify.Error{Unsure: true, Err: err}
	}
	return err
}

func isReply(err error) bool {
	_, ok := errors.AsType[*textproto.Error](err)
	return ok
}

// failed is why a step failed, without what is secret: relays repeat what they are sent.
func (n *Notifier) failed(ctx context.Context, err error, step string, refused notify.Outcome) *notify.Error {
	failed, judged := errors.AsType[*notify.Error](err)
	if !judged {
		failed = &notify.Error{Err: fmt.Errorf("%s: %w", step, err)}
		if reply, ok := errors.AsType[*textproto.Error](err); ok && reply.Code >= 500 {
			failed.Outcome = refused
		} else if !ok && strings.Contains(err.Error(), "support") { // all that go-mail says then
			failed = &notify.Error{Outcome: refused, Err: fmt.Errorf("the relay does not offer STARTTLS or a login at "+
				"this port: use another port, smtps://, or no username: %w", err)}
		}
	}
	words := n.redactor.Redact(failed.Err.Error())
	if ended := ctx.Err(); ended != nil { // which closed the connection
		words, failed.Err = "no response in time: are address and port right, and does a firewall block them?", ended
		if failed.Unsure {
			words = "no response in time to the mail, which may have been accepted: is a longer timeout required?"
		}
	}
	failed.Err = notify.Reworded(notify.OneLine(words), failed.Err)
	return failed
}
