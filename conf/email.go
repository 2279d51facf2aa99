package conf

import (
	"cmp"
	"net/mail"
	"strings"
)

// Email is a mail relay with the addresses that alerts are sent to.
type Email struct {
	Notifier
	Host       string // of the relay
	Port       string
	Encryption Encryption
	From       mail.Address
	To         []mail.Address // at least one
	Username   string         // "" = without authentication
	Password   Secret
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

type rawEmail struct {
	SMTP         *string  `toml:"smtp"`
	From         *string  `toml:"from"`
	To           []string `toml:"to"`
	Username     *string  `toml:"username"`
	Password     *Secret  `toml:"password"`
	PasswordFile *string  `toml:"password_file"`
	AllowPlain   bool     `toml:"allow_plain"`
	rawNotifier
}

const maxRecipients = 20 // more belong in a distribution list

func (b *builder) email(at string, f *rawEmail) Email {
	e := Email{Notifier: b.notifier(at, "email", &f.rawNotifier)}
	b.relay(&e, at, f)
	switch {
	case f.From != nil:
		e.From = b.mailbox(at+".from", *f.From)
	case !b.source.Has(at + ".from"):
		b.problem(at, `from is missing, write from = "jira-watcher@example.com"`)
	}
	switch n := len(f.To); {
	case !b.source.Has(at + ".to"):
		b.problem(at, `to is missing, write to = ["ops@example.com"]`)
	case n > maxRecipients || n == 0 && f.To != nil:
		b.problem(at+".to", "want 1 to %d addresses, use a distribution list for more", maxRecipients)
	}
	var to []string
	for i, address := range f.To {
		e.To = append(e.To, b.mailbox(element(at+".to", i), address))
		to = append(to, e.To[i].Address)
	}
	b.login(&e, at, f)
	b.sendsTo(at, e.Host+" "+e.Port+" "+strings.Join(to, " "))
	return e
}

// relay takes the address of the relay, which decides how the connection is encrypted.
func (b *builder) relay(e *Email, at string, f *rawEmail) {
	path := at + ".smtp"
	if f.SMTP == nil {
		if !b.source.Has(path) {
			b.problem(at, `smtp is missing, write smtp = "smtp://relay.example.com:587"`)
		}
		return
	}
	u := b.address(path, NewSecret(*f.SMTP), "smtp", "smtps", "relay.example.com:587")
	if u == nil {
		return
	}
	if strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		b.problem(path, "leave out what follows the port")
	}
	e.Host, e.Port = u.Hostname(), cmp.Or(u.Port(), "587")
	switch {
	case u.Scheme == "smtps":
		e.Encryption, e.Port = ImplicitTLS, cmp.Or(u.Port(), "465")
	case loopback(e.Host):
		e.Encryption = Unencrypted
	case f.AllowPlain:
		e.Encryption = Opportunistic
		if f.Username != nil {
			b.keyProblem(at+".allow_plain", "would send the password without encryption, leave it out or leave out username")
		}
	}
}

func (b *builder) login(e *Email, at string, f *rawEmail) {
	password, _ := b.secret(at, "password", f.Password, f.PasswordFile)
	given := b.given(at, "password")
	switch username := at + ".username"; {
	case f.Username != nil && *f.Username == "":
		b.problem(username, "empty, write the user or leave the key out")
	case f.Username != nil && given == "":
		b.keyProblem(username, "needs password_file too, the name of the file with the password")
	case given != "" && !b.source.Has(username):
		b.keyProblem(given, "needs username too")
	case f.Username != nil:
		e.Username, e.Password = *f.Username, password
	}
	if f.Password != nil {
		b.holdsSecret(at + ".password")
	}
}

// mailbox is an address of mail, with or without a name.
func (b *builder) mailbox(path, address string) mail.Address {
	m, err := mail.ParseAddress(address)
	if err != nil || strings.ContainsFunc(m.Address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		b.problem(path, `not a mail address, write one such as "ops@example.com" or "Jira <jira@example.com>"`)
		return mail.Address{}
	}
	return *m
}
