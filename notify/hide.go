package notify

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const (
	shortSecret = 6 // shorter ones are no secrets, and hiding them would make words unreadable
	sharedRun   = 8 // characters of a secret that are hidden wherever they stand
	escapings   = 2 // one within the other that are looked through
)

// hider hides in a text what must not come back from a receiver.
type Hider struct {
	words map[string]bool // hidden where they stand whole
	runs  map[string]bool // of sharedRun bytes
}

// secrets hides the address without its host, in whole and in parts, and the
// values of our headers, however a receiver writes them.
func Secrets(u *url.URL, header http.Header) *Hider {
	h := &Hider{words: map[string]bool{}, runs: map[string]bool{}}
	h.whole(u.String(), u.RequestURI(), u.Path, u.RawQuery, u.EscapedPath())
	h.parts(strings.Split(u.Path, "/")...)
	h.parts(strings.Split(u.EscapedPath(), "/")...)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		h.whole(name, value)
		h.parts(value)
		if decoded, err := url.QueryUnescape(value); err == nil {
			h.parts(decoded)
		}
	}
	password, _ := u.User.Password()
	h.parts(password)
	for name, values := range header {
		if strings.HasPrefix(name, "Webhook-") { // those are ours, and help to find the delivery
			continue
		}
		for _, v := range values {
			h.whole(v)
			h.parts(v)
			h.parts(strings.Fields(v)...) // "Bearer …"
		}
	}
	return h
}

// whole hides values where they stand whole, with or without the padding of
// base64.
func (h *Hider) whole(values ...string) {
	for _, v := range values {
		for _, w := range []string{v, strings.TrimRight(v, "=")} {
			if len(w) >= shortSecret && w != "alerts" { // the end of every Alertmanager's address
				h.words[w] = true
			}
		}
	}
}

// parts hides values also where only some of each is told.
func (h *Hider) parts(values ...string) {
	h.whole(values...)
	for _, v := range values {
		for i := 0; i+sharedRun <= len(v); i++ {
			h.runs[v[i:i+sharedRun]] = true
		}
	}
}

// Replace is text without what is to be hidden.
func (h *Hider) Replace(text string) string {
	hidden := make([]bool, len(text))
	v := view{text: text}
	for range escapings + 1 {
		h.mark(v, hidden)
		v = v.unescaped()
	}
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !hidden[i]:
			b.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString("[secret]")
		}
	}
	return b.String()
}

func (h *Hider) mark(v view, hidden []bool) {
	mark := func(from, to int) {
		for i := v.at(from); i < v.at(to); i++ {
			hidden[i] = true
		}
	}
	for w := range h.words {
		for from := 0; ; {
			i := strings.Index(v.text[from:], w)
			if i < 0 {
				break
			}
			mark(from+i, from+i+len(w))
			from += i + len(w)
		}
	}
	for i := 0; i+sharedRun <= len(v.text); i++ {
		if h.runs[v.text[i:i+sharedRun]] {
			mark(i, i+sharedRun)
		}
	}
}

// view is a text with escapes resolved that knows where each byte came from.
type view struct {
	text string
	from []int // place in the original of each byte and of the end; nil = the same
}

func (v view) at(i int) int {
	if v.from == nil {
		return i
	}
	return v.from[i]
}

// escaped is what JSON, URLs and HTML write for a character.
var escaped = regexp.MustCompile(`\\+u00[0-9A-Fa-f]{2}|\\+[/"'\\=&<>]|%[0-9A-Fa-f]{2}|&(?:amp|lt|gt|quot|apos|#[0-9]{1,4}|#[xX][0-9A-Fa-f]{1,4});`)

func (v view) unescaped() view {
	var b strings.Builder
	from := make([]int, 0, len(v.text)+1)
	add := func(s string, at func(i int) int) {
		b.WriteString(s)
		for i := range len(s) {
			from = append(from, at(i))
		}
	}
	last := 0
	for _, m := range escaped.FindAllStringIndex(v.text, -1) {
		add(v.text[last:m[0]], func(i int) int { return v.at(last + i) })
		add(meant(v.text[m[0]:m[1]]), func(int) int { return v.at(m[0]) })
		last = m[1]
	}
	add(v.text[last:], func(i int) int { return v.at(last + i) })
	return view{b.String(), append(from, v.at(len(v.text)))}
}

// meant is the character that an escape stands for.
func meant(escape string) string {
	hex := strings.TrimLeft(escape, `\`)
	switch {
	case escape[0] == '&':
		return html.UnescapeString(escape)
	case escape[0] == '%':
		hex = escape[1:]
	case strings.HasPrefix(hex, "u00"):
		hex = hex[len("u00"):]
	default:
		return escape[len(escape)-1:] // what stands behind a stroke
	}
	n, _ := strconv.ParseUint(hex, 16, 8) // two digits
	return string([]byte{byte(n)})
}
