package email

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	html "html/template"
	"strings"
	plain "text/template"

	"github.com/wneessen/go-mail"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// maxText is how many characters a text may have. A mail of nothing but such texts has
// less than the 10 MB that relays accept.
const maxText = 2000

var (
	//go:embed alert.txt
	plainText string
	//go:embed alert.html
	htmlText string

	plainPart = plain.Must(plain.New("plain").Funcs(message.Functions).Parse(plainText))
	htmlPart  = html.Must(html.New("html").Funcs(message.Functions).Parse(htmlText))
)

// compose makes the mail. It is the same whenever it is made, so that a repeat can be
// recognized by its Message-ID.
func (n *Notifier) compose(d notify.Delivery) (*mail.Msg, error) {
	id, m := d.Alert.Data.ID, message.Of(d.Alert.Data)
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.Subject(text.Cut(text.Printable(m.Headline()), maxText/10))
	m = m.Harmless(maxText)
	var body, rich strings.Builder
	if err := errors.Join(plainPart.Execute(&body, m), htmlPart.Execute(&rich, m)); err != nil {
		return nil, err
	}
	msg.SetBodyString(mail.TypeTextPlain, body.String())
	if !d.Plain {
		msg.AddAlternativeString(mail.TypeTextHTML, rich.String())
	}
	msg.FromMailAddress(&n.conf.From)
	for i := range n.conf.To {
		msg.AddToMailAddress(&n.conf.To[i])
	}
	msg.SetDateWithValue(d.Alert.Timestamp)
	msg.SetGenHeader(mail.HeaderMessageID, n.messageID(id))
	if first := id.Incident().Alert(1); id != first {
		msg.SetGenHeader(mail.HeaderInReplyTo, n.messageID(first))
		msg.SetGenHeader(mail.HeaderReferences, n.messageID(first))
	}
	// No answer by a machine (RFC 3834), nor by Exchange.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	return msg, nil
}

// messageID makes the Message-ID of an alert, whose own ID may be too long and hold any
// character.
func (n *Notifier) messageID(id alert.ID) string {
	_, domain, _ := strings.Cut(n.conf.From.Address, "@")
	return fmt.Sprintf("<%.16x.%d@%s>", sha256.Sum256([]byte(id.Incident())), id.Number(), domain)
}
