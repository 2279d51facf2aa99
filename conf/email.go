package conf

import (
	"cmp"
	"fmt"
	"net/mail"
	"strings"
)

// Email is a mail relay with the addresses that alerts are sent to.
type Email struct {
	SMTP       string   `toml:"smtp"` // only while the file is read, like FromText and ToTexts
	FromText   string   `toml:"from"`
	ToTexts    []string `toml:"to"`
	Username   string   `toml:"username"` // "" = without authentication
	Password   Secret   `toml:"password,file"`
	AllowPlain bool     `toml:"allow_plain"` // as it is written: Encryption has it
	Host       string   // of the relay
	Port       string
	Encryption Encryption
	From       mail.Address
	To         []mail.Address // at least one
	Notifier
}

// Encryption is how the connection to a mail relay is encrypted. A password is never
// sent to another machine without.
type Encryption int

// The kinds of encryption.
const (
	StartTLS      Encryption = iota // the relay must offer STARTTLS
	ImplicitTLS                     // from the first byte
	Opportunistic                   // STARTTLS if the relay offers it
	Unencrypted                     // for a relay on this machine
)

const maxRecipients = 20 // more belong in a distribution list

func (b *builder) email(at string, e *Email) {
	b.notifier(at, &e.Notifier)
	b.relay(at, e)
	b.required(at, "from", "jira-watcher@example.com")
	if b.good(at + ".from") {
		e.From = b.mailbox(at+".from", e.FromText)
	}
	if n := len(e.ToTexts); n > maxRecipients || n == 0 && !b.source.refused[at+".to"] {
		b.problem(at, `expected to = ["ops@example.com"], with 1 to %d addresses; use a distribution list for more`,
			maxRecipients)
	}
	for i, address := range e.ToTexts {
		e.To = append(e.To, b.mailbox(element(at+".to", i), address))
	}
	e.SMTP, e.FromText, e.ToTexts = "", "", nil
	b.sendsTo(at, fmt.Sprint(e.Host, e.Port, e.To))

	b.secret(at, "password", &e.Password)
	switch given := b.given(at, "password"); {
	case given == "" && b.good(at+".username"):
		b.keyProblem(at+".username", "requires password_file, the name of the file with the password")
	case given != "" && e.Username == "":
		b.keyProblem(given, "requires username")
	}
}

// required reports a key that is missing.
func (b *builder) required(at, key, example string) {
	if !b.source.Has(at + "." + key) {
		b.problem(at, "%s is missing, write %[1]s = %q", key, example)
	}
}

// relay takes the address of the relay, which decides how the connection is encrypted.
func (b *builder) relay(at string, e *Email) {
	path := at + ".smtp"
	b.required(at, "smtp", "smtp://relay.example.com:587")
	if !b.good(path) {
		return
	}
	u := b.address(path, NewSecret(e.SMTP), "smtp", "smtps", "relay.example.com:587")
	if u == nil {
		return
	}
	if strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		b.problem(path, "remove what follows the port")
	}
	e.Host, e.Port = u.Hostname(), cmp.Or(u.Port(), "587")
	switch {
	case u.Scheme == "smtps":
		e.Encryption, e.Port = ImplicitTLS, cmp.Or(u.Port(), "465")
	case loopback(e.Host):
		e.Encryption = Unencrypted
	case e.AllowPlain && b.good(at+".username"):
		b.keyProblem(at+".allow_plain", "would send the password without encryption, remove it or username")
	case e.AllowPlain:
		e.Encryption = Opportunistic
	}
}

// mailbox is an address of mail, with or without a name.
func (b *builder) mailbox(path, address string) mail.Address {
	m, err := mail.ParseAddress(address)
	if err != nil || strings.ContainsFunc(m.Address, notInAddress) {
		b.problem(path, `not a mail address, write one such as "ops@example.com" or "Jira <jira@example.com>"`)
		return mail.Address{}
	}
	return *m
}

// notInAddress reports what SMTP permits in quotation marks only, or not at all.
func notInAddress(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),:;<>[\]`, r) }
