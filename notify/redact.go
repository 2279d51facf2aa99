package notify

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/text"
)

const (
	shortSecret = 6 // shorter ones are no secrets, and redacting them would make text unreadable
	sharedRun   = 8 // characters of a secret that are redacted wherever they are
)

// Redactor redacts what a receiver must not make us show: our secrets, which it may
// echo.
type Redactor struct {
	public []string
	words  map[string]bool // redacted where they are whole
	runs   map[string]bool // of sharedRun bytes
}

// NewRedactor redacts the address without its host, in whole and in parts, and the
// values of our headers, however a receiver writes them. It leaves alone the public
// words, such as those with which the path of every such receiver ends.
func NewRedactor(u *url.URL, header http.Header, public ...string) *Redactor {
	r := &Redactor{public: public, words: map[string]bool{}, runs: map[string]bool{}}
	r.whole(u.String(), u.RequestURI(), u.Path, u.RawQuery, u.EscapedPath())
	r.parts(strings.Split(u.Path, "/")...)
	r.parts(strings.Split(u.EscapedPath(), "/")...)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		decoded, _ := url.QueryUnescape(value)
		r.whole(name)
		r.parts(value, decoded)
	}
	password, _ := u.User.Password()
	r.parts(password)
	for name, values := range header {
		if strings.HasPrefix(name, "Webhook-") { // those are not secret, and help to find the delivery
			continue
		}
		for _, v := range values {
			r.parts(v)
			r.parts(strings.Fields(v)...) // "Bearer …"
		}
	}
	return r
}

// whole redacts values where they are whole, with or without the padding of base64.
func (r *Redactor) whole(values ...string) {
	for _, v := range values {
		for _, w := range []string{v, strings.TrimRight(v, "=")} {
			if len(w) >= shortSecret && !slices.Contains(r.public, w) {
				r.words[w] = true
			}
		}
	}
}

// parts redacts values also where only a part of one is shown.
func (r *Redactor) parts(values ...string) {
	r.whole(values...)
	for _, v := range values {
		for i := 0; i+sharedRun <= len(v); i++ {
			r.runs[v[i:i+sharedRun]] = true
		}
	}
}

// Redact is s without our secrets, also where they are escaped.
func (r *Redactor) Redact(s string) string {
	secret := make([]bool, len(s))
	for v := range text.Views(s) {
		r.mark(v, secret)
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !secret[i]:
			b.WriteByte(s[i])
		case i == 0 || !secret[i-1]:
			b.WriteString("[secret]")
		}
	}
	return b.String()
}

// mark marks the bytes of the original text in which a view shows secrets.
func (r *Redactor) mark(v text.View, secret []bool) {
	mark := func(from, to int) {
		for i := v.At(from); i < v.At(to); i++ {
			secret[i] = true
		}
	}
	for w := range r.words {
		for i := range len(v.Text) {
			if strings.HasPrefix(v.Text[i:], w) {
				mark(i, i+len(w))
			}
		}
	}
	for i := 0; i+sharedRun <= len(v.Text); i++ {
		if r.runs[v.Text[i:i+sharedRun]] {
			mark(i, i+sharedRun)
		}
	}
}
