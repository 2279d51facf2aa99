package conf

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"strings"
)

// Webhook is a receiver of Standard Webhooks.
type Webhook struct {
	Notifier
	Client
	URL            Secret
	Secret         Secret // whsec_…, unset = unsigned
	PreviousSecret Secret // signs too, during secret rotation; unset = none
	Template       string // a file with a Go template for the body, "" = the alert as JSON
}

type rawWebhook struct {
	URL                *Secret `toml:"url"`
	URLFile            *string `toml:"url_file"`
	Secret             *Secret `toml:"secret"`
	SecretFile         *string `toml:"secret_file"`
	PreviousSecret     *Secret `toml:"previous_secret"`
	PreviousSecretFile *string `toml:"previous_secret_file"`
	Template           *string `toml:"template"`
	rawClient
	rawNotifier
}

// maxTemplate is the longest template that is read. Webhook receivers would already
// reject a body of that size.
const maxTemplate = 64 << 10

func (b *builder) webhook(at string, f *rawWebhook) Webhook {
	w := Webhook{Notifier: b.notifier(at, "webhook", &f.rawNotifier), Client: b.client(at, &f.rawClient)}
	v, from := b.secret(at, "url", f.URL, f.URLFile)
	b.needs(at, "url")
	if !v.IsZero() {
		// A plain address is no secret, what follows the ? often is.
		if u := b.url(from, v); u != nil && u.RawQuery != "" && f.URL != nil {
			b.holdsSecret(from)
		}
		b.plain(from, v.Reveal())
	}
	w.URL = v
	b.sendsTo(at, v.Reveal())

	w.Secret = b.signing(at, "secret", f.Secret, f.SecretFile)
	w.PreviousSecret = b.signing(at, "previous_secret", f.PreviousSecret, f.PreviousSecretFile)
	if previous := b.given(at, "previous_secret"); previous != "" && b.given(at, "secret") == "" {
		b.keyProblem(previous, "requires secret, too: the new one that replaces it")
	}
	if f.Template != nil {
		w.Template = b.template(at+".template", f.Template)
	}
	return w
}

// signing is a secret that bodies are signed with.
func (b *builder) signing(at, key string, inline *Secret, name *string) Secret {
	v, from := b.secret(at, key, inline, name)
	if !v.IsZero() && !standardSecret(v.Reveal()) {
		b.problem(from, `expected whsec_ and 24 to 64 bytes in base64, `+
			`make one with: echo "whsec_$(openssl rand -base64 32)"`)
	}
	return v
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

// template is the path of a template that can be read. Its content is checked where it
// is used.
func (b *builder) template(path string, value *string) (file string) {
	n := len(b.problems)
	if b.absolute(&file, path, value); len(b.problems) > n {
		return ""
	}
	switch _, _, err := readRegular(file, maxTemplate); {
	case errors.Is(err, fs.ErrNotExist):
		b.problem(path, "there is no file %s", file)
	case err != nil:
		b.problem(path, "%s %v", file, err)
	}
	b.files = append(b.files, file)
	return file
}
