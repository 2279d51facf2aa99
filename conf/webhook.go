package conf

import (
	"encoding/base64"
	"strings"
)

func (b *builder) webhook(at string, f *fileWebhook) Webhook {
	w := Webhook{Notifier: b.notifier(at, "webhook", &f.fileNotifier), Client: Client{Headers: f.Headers}}
	v, from := b.secret(at, "url", f.URL, f.URLFile)
	b.needs(at, "url")
	if !v.IsZero() {
		// A plain address is no secret, what follows the ? often is.
		if u := b.url(from, v); u != nil && u.RawQuery != "" && f.URL != nil {
			b.holdsSecret(from)
		}
	}
	w.URL = v

	w.Secret, from = b.secret(at, "secret", f.Secret, f.SecretFile)
	if !w.Secret.IsZero() && !standardSecret(w.Secret.Reveal()) {
		b.problem(from, `want whsec_ and 24 to 64 bytes in base64, make one with: echo "whsec_$(openssl rand -base64 32)"`)
	}
	if f.Secret != nil {
		b.holdsSecret(at + ".secret")
	}
	b.headers(at+".headers", f.Headers)
	return w
}

// standardSecret tells whether s is a secret as Standard Webhooks has them.
func standardSecret(s string) bool {
	encoded, ok := strings.CutPrefix(s, "whsec_")
	if !ok || strings.ContainsAny(encoded, "\r\n") { // the decoder would skip them
		return false
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && len(key) >= 24 && len(key) <= 64
}
