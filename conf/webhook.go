package conf

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"strings"
)

// Webhook is a receiver of Standard Webhooks.
type Webhook struct {
	URL            Secret `toml:"url,file"`
	Secret         Secret `toml:"secret,file"`          // whsec_…, unset = unsigned
	PreviousSecret Secret `toml:"previous_secret,file"` // signs too, during secret rotation; unset = none
	Template       string `toml:"template"`             // a file with a Go template for the body, "" = the alert as JSON
	Client
	Notifier
}

// maxTemplate is the longest template that is read. Webhook receivers would already
// reject a body of that size.
const maxTemplate = 64 << 10

func (b *builder) webhook(at string, w *Webhook) {
	b.notifier(at, &w.Notifier)
	b.client(at, &w.Client)
	from := b.secret(at, "url", &w.URL)
	b.needs(at, "url")
	if !w.URL.IsZero() {
		// A plain address is no secret, what follows the ? often is.
		if u := b.url(from, w.URL); u != nil && u.RawQuery != "" && from == at+".url" {
			b.holdsSecret(from)
		}
		b.plain(from, w.URL.Reveal())
	}
	b.sendsTo(at, w.URL.Reveal())

	b.signing(at, "secret", &w.Secret)
	b.signing(at, "previous_secret", &w.PreviousSecret)
	if previous := b.given(at, "previous_secret"); previous != "" && b.given(at, "secret") == "" {
		b.keyProblem(previous, "requires secret, too: the new one that replaces it")
	}
	b.template(at+".template", &w.Template)
}

// signing is a secret that bodies are signed with.
func (b *builder) signing(at, key string, s *Secret) {
	if from := b.secret(at, key, s); !s.IsZero() && !standardSecret(s.Reveal()) {
		b.problem(from, `expected whsec_ and 24 to 64 bytes in base64, `+
			`make one with: echo "whsec_$(openssl rand -base64 32)"`)
	}
}

// standardSecret reports whether s is a secret as Standard Webhooks has them.
func standardSecret(s string) bool {
	encoded, ok := strings.CutPrefix(s, "whsec_")
	if !ok || strings.ContainsAny(encoded, "\r\n") { // the decoder would skip them
		return false
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && len(key) >= 24 && len(key) <= 64
}

// template completes the path of a template that can be read. Its content is checked where
// it is used.
func (b *builder) template(path string, file *string) {
	n := len(b.problems)
	if b.absolute(path, file); !b.good(path) || len(b.problems) > n {
		return
	}
	switch _, _, err := readRegular(*file, maxTemplate); {
	case errors.Is(err, fs.ErrNotExist):
		b.problem(path, "there is no file %s", *file)
	case err != nil:
		b.problem(path, "%s %v", *file, err)
	}
	b.conf.Files = append(b.conf.Files, *file)
}
