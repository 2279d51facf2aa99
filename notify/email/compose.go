package email

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	html "html/template"
	"slices"
	"strings"
	plain "text/template"

	"github.com/wneessen/go-mail"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

const (
	maxSubject = 200       // characters
	maxBody    = 256 << 10 // bytes of both parts; relays accept 10 MB and more
)

// limits are how long a text may be, from what is worth reading to what fits in any case.
var limits = []int{4000, 1000, 200}

var (
	//go:embed alert.txt
	plainText string
	//go:embed alert.html
	htmlText string

	functions = map[string]any{
		"blocks": text.Blocks, "time": text.Time,
		"indented": func(s string) string { return strings.ReplaceAll(text.Indented(s), "\n", "\n    ") },
		"id":       func(id alert.ID) string { return text.Printable(string(id)) },
	}
	plainPart = plain.Must(plain.New("plain").Funcs(functions).Parse(plainText))
	htmlPart  = html.Must(html.New("html").Funcs(functions).Parse(htmlText))
)

// parts are what the parts of a mail are made of.
type parts struct {
	message.Message
	Turns [][]message.Step
	Table []message.Fact
}

// compose makes the mail. It is the same whenever it is made, so that a repeat can be
// recognized by its Message-ID.
func (n *Notifier) compose(d notify.Delivery) (*mail.Msg, error) {
	data := d.Alert.Data
	m := message.Of(data)
	subject := text.Cut(text.Printable(m.Headline()), maxSubject)
	var body, rich bytes.Buffer
	for _, limit := range limits {
		body.Reset()
		rich.Reset()
		m := m.Harmless(limit)
		p := parts{m, message.Turns(m.Steps), slices.Concat(m.Facts, m.Circumstances)}
		if err := plainPart.Execute(&body, p); err != nil {
			return nil, fmt.Errorf("plain part: %w", err)
		}
		if err := htmlPart.Execute(&rich, p); err != nil {
			return nil, fmt.Errorf("HTML part: %w", err)
		}
		if body.Len()+rich.Len() <= maxBody {
			break
		}
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&n.conf.From)
	for i := range n.conf.To {
		msg.AddToMailAddress(&n.conf.To[i])
	}
	msg.Subject(subject)
	msg.SetDateWithValue(d.Alert.Timestamp)
	msg.SetMessageIDWithValue(n.messageID(data.ID))
	if first := data.Incident().Alert(1); data.ID != first {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+n.messageID(first)+">")
		msg.SetGenHeader(mail.HeaderReferences, "<"+n.messageID(first)+">")
	}
	// No answer by a machine (RFC 3834), nor by Exchange.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(mail.TypeTextPlain, body.String())
	if !d.Plain {
		msg.AddAlternativeString(mail.TypeTextHTML, rich.String())
	}
	return msg, nil
}

// messageID makes the Message-ID of an alert, whose own ID may be too long and hold any
// character.
func (n *Notifier) messageID(id alert.ID) string {
	sum := sha256.Sum256([]byte(id.Incident()))
	_, domain, _ := strings.Cut(n.conf.From.Address, "@")
	return fmt.Sprintf("%s.%d@%s", hex.EncodeToString(sum[:16]), id.Number(), domain)
}
