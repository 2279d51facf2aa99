package mask

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// shape is the form of a secret that is recognized without a name. They get into logs
// when com.atlassian.oauth2.client is logged at DEBUG, or when a secret is pasted into
// the field of the client ID, which Microsoft then echoes.
type shape struct {
	put  string
	need []string       // one of them, in small letters, is in every match
	find *regexp.Regexp // its first group is the secret, or all of it
}

//go:embed shapes.txt
var shapeText string

// shapes are the lines of shapes.txt.
var shapes = readShapes(shapeText)

func readShapes(text string) (all []shape) {
	for line := range strings.Lines(text) {
		if put, rest, _ := strings.Cut(strings.TrimSpace(line), " "); put != "#" {
			need, find, _ := strings.Cut(rest, " ")
			all = append(all, shape{put, strings.Split(need, ","), regexp.MustCompile(find)})
		}
	}
	return all
}

// span is a secret's range in the original text.
type span struct {
	from, to int
	put      string
}

// finder looks for secrets in one view of a text.
type finder struct {
	text.View
	lower string
	spans []span
}

// done is what masking leaves.
var done = marks()

// marks matches each of our own placeholders at the beginning of a text.
func marks() *regexp.Regexp {
	find := `^(?:\[(?:opaque|not a GUID|user|e-mail|ip|host|session)\]`
	for _, s := range shapes {
		find += "|" + regexp.QuoteMeta(s.put)
	}
	return regexp.MustCompile(find + ")")
}

func (f *finder) mark(from, to int, put string) {
	if from < to && !done.MatchString(f.Text[from:min(to, from+30)]) {
		f.spans = append(f.spans, span{f.At(from), f.At(to), put})
	}
}

// secrets are the ranges of all secrets in s, in order and not overlapping. It searches
// each view, since a secret may be written in several ways at once, and since a
// quotation mark within a value is one only while it is escaped.
func secrets(s string) []span {
	var found []span
	for v := range text.Views(s) {
		f := finder{View: v, lower: lowerASCII(v.Text), spans: found}
		f.shapes()
		f.basic()
		f.named()
		f.userinfo()
		f.runs()
		f.blocks()
		f.pastedID()
		found = f.spans
	}
	slices.SortStableFunc(found, func(a, b span) int { return a.from - b.from })
	var out []span
	for _, x := range found {
		last := len(out) - 1
		switch {
		case x.from >= x.to:
		case last < 0 || x.from > out[last].to:
			out = append(out, x)
		case x.from == out[last].from && (x.to > out[last].to || x.to == out[last].to && out[last].put == "[redacted]"):
			out[last] = x
		case x.to > out[last].to:
			out[last].to, out[last].put = x.to, "[redacted]"
		}
	}
	return out
}

// lowerASCII keeps every byte at its offset, also one that is no UTF-8.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lowered(c)
	}
	return string(b)
}

var basic = regexp.MustCompile(`(?i)\b(?:basic:?[\s+]+)+([A-Za-z0-9._~+/=-]{4,})`)

// basic masks a name and a password in base64. After "Basic" may also be a
// word, such as "authentication".
func (f *finder) basic() {
	if !strings.Contains(f.lower, "basic") {
		return
	}
	for _, m := range basic.FindAllStringSubmatchIndex(f.Text, -1) {
		word := f.Text[m[2]:m[3]]
		pair, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(word, "="))
		if digit.MatchString(word) && !strings.HasPrefix(f.lower[m[2]:m[3]], "realm=") ||
			bytes.IndexByte(pair, ':') > 0 {
			f.mark(m[2], m[3], "[redacted]")
		}
	}
}

func (f *finder) shapes() {
	for _, s := range shapes {
		if !slices.ContainsFunc(s.need, func(word string) bool { return strings.Contains(f.lower, word) }) {
			continue
		}
		for _, m := range s.find.FindAllStringSubmatchIndex(f.Text, -1) {
			group := len(m) - 2
			f.mark(m[group], m[group+1], s.put)
		}
	}
}

var (
	hostAfter = regexp.MustCompile(`^(?:(?:[A-Za-z0-9_-]+\.)+[A-Za-z0-9-]+|localhost|\[[0-9A-Fa-f:.]+\]|` +
		`[A-Za-z0-9_-]+:\d)`)
	portAfter = regexp.MustCompile(`^[^\s:/@]*\]?:\d`)
	addressOf = regexp.MustCompile(`(?:mail(?:to|box)?|user\w*|account|upn|sips?|acct|smtps?|imaps?|xmpp|to|from|cc|` +
		`bcc|login\w*|address|sender|recipient|principal\w*|hint|for|of|by|identity|owner|name)$`)
	// A position where a host is expected, and a host of one label; what follows a class is a number.
	hostPlace = regexp.MustCompile(`(?:unknownhostexception: ?|host(?:name)?["']?[=:] ?["']?|\b(?:proxy|resolve|to|via|host):? ["']?)$`)
	oneLabel  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*(?:$|[^A-Za-z0-9_.-])`)
	identity  = regexp.MustCompile(`^[0-9a-f]{1,8}(?:$|[^A-Za-z0-9_-])`)
)

// userinfo masks a name and a password before a host without a scheme. What follows a
// word for an address is an address.
func (f *finder) userinfo() {
	const longest = 300
	for at, c := range []byte(f.Text) {
		if c != '@' {
			continue
		}
		host := f.Text[at+1 : min(at+1+longest, len(f.Text))]
		before := f.lower[max(0, at-longest):at]
		run := before[strings.LastIndexAny(before, " \t\n\"'<>")+1:]
		user, password, _ := strings.Cut(run, ":")
		user = user[strings.LastIndexAny(user, `(){}[],;|=&?/\`)+1:]
		from := at - len(password) - len(":") - len(user)
		alone := oneLabel.MatchString(host) && !identity.MatchString(host)
		switch {
		case user == "", password == "", strings.HasPrefix(password, "//"), !alone && !hostAfter.MatchString(host):
		case alone || hostPlace.MatchString(f.lower[max(0, from-40):max(0, from)]):
			f.mark(from, at, "[redacted]")
		case !portAfter.MatchString(host) && (addressOf.MatchString(user) ||
			!strings.ContainsAny(password, "0123456789!#$%^&*?")):
		default:
			f.mark(from, at, "[redacted]")
		}
	}
}

var (
	ofKey     = regexp.MustCompile(`(?:thumbprint|fingerprint|serial|\bsha|trace|correlation|commit)[^\n]{0,30}$`)
	ofPaths   = regexp.MustCompile(`/(?:rest|plugins|oauth2|secure|servlet)/`)
	guids     = regexp.MustCompile(`[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`)
	digit     = regexp.MustCompile(`\d`)
	className = regexp.MustCompile(`^(?:[A-Z]{1,5}[a-z]{2,}\d?)+$`)

	runs        = regexp.MustCompile(`[A-Za-z0-9_~+/=-]{26,}`)
	base64Parts = regexp.MustCompile(`[^=]{40,}`)
	pathParts   = regexp.MustCompile(`[^=/]{40,}`) // each part of a path is examined alone
	words       = regexp.MustCompile(`[A-Za-z0-9]{26,}`)
)

// runs masks long runs of letters and digits that look like secrets of a shape
// that no rule knows: base64, hex and base32. Names with dots are classes and
// hosts, and what comes after "thumbprint" is public.
func (f *finder) runs() {
	for _, run := range runs.FindAllStringIndex(f.Text, -1) {
		from, to := run[0], run[1]
		parts := base64Parts
		if ofPaths.MatchString(f.Text[from:to]) {
			parts = pathParts
		}
		for _, m := range parts.FindAllStringIndex(f.Text[from:to], -1) {
			if random(f.Text[from+m[0] : from+m[1]]) {
				f.mark(from+m[0], from+m[1], "[opaque]")
			}
		}
		for _, m := range words.FindAllStringIndex(f.Text[from:to], -1) {
			i, end := from+m[0], from+m[1]
			dotted := i > 1 && f.Text[i-1] == '.' && alnum(f.Text[i-2]) ||
				end+1 < len(f.Text) && f.Text[end] == '.' && alnum(f.Text[end+1])
			if encoded(f.Text[i:end]) && !dotted && !ofKey.MatchString(f.lower[max(0, i-60):i]) {
				f.mark(i, end, "[opaque]")
			}
		}
	}
}

func alnum(c byte) bool { return c >= '0' && c <= '9' || lowered(c) >= 'a' && lowered(c) <= 'z' }

func lowered(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// encoded reports whether s looks like hex or base32 and is long enough.
func encoded(s string) bool {
	switch kinds(s) {
	case 5: // capital letters and digits
		return len(s) >= 26
	case 6: // small letters and digits; a name has one or two
		return len(s) >= 26 && len(digit.FindAllString(s, 3)) == 3
	case 7:
		return len(s) >= 32 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
	}
	return false
}

// random reports whether s has capital and small letters and digits, as random
// text has, and is not the name of a class.
func random(s string) bool {
	return kinds(guids.ReplaceAllString(s, "")) == 7 && !className.MatchString(s)
}

// kinds are 1 for capital letters, 2 for small ones and 4 for digits.
func kinds(s string) (k int) {
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			k |= 4
		case c >= 'A' && c <= 'Z':
			k |= 1
		case c >= 'a' && c <= 'z':
			k |= 2
		}
	}
	return k
}

var (
	blockHead = regexp.MustCompile(`-----BEGIN[ +][A-Z0-9 +]{0,68}[A-Z0-9](?:-----)?`)
	blockEnd  = regexp.MustCompile(`(?s)-----END(?:.{0,67}?-----)?`)
	blockCut  = regexp.MustCompile(`^(?:(?:\\*[rn]|\s)*(?:Proc-Type|DEK-Info):[^\n\\]*)*(?:(?:\\*[rn]|` +
		`\s)*[A-Za-z0-9+/=]{40,})*(?:(?:\\*[rn]|\s)*[A-Za-z0-9+/=]+)?`)
)

// blocks masks PEM blocks, also one whose end was cut off.
func (f *finder) blocks() {
	const longest = 16 << 10
	for at := 0; ; {
		head := blockHead.FindStringIndex(f.Text[at:])
		if head == nil {
			return
		}
		from, to := at+head[0], at+head[1]
		if strings.HasPrefix(f.Text[to:], "BEGIN") {
			to -= len("-----") // these are the next block's
		}
		rest := f.Text[to:min(to+longest, len(f.Text))]
		if end := blockEnd.FindStringIndex(rest); end != nil {
			to += end[1]
		} else {
			to += len(blockCut.FindString(rest))
		}
		f.mark(from, to, "[pem]")
		at = to
	}
}

var (
	pastedID = regexp.MustCompile(`(?i)\bidentifier[\s+]'([^'\n]{10,})'|` +
		`AADSTS700038:[\s+](\S{10,}?)[\s+]is[\s+]not[\s+]a[\s+]valid`)
	addressed = regexp.MustCompile(`(?i)^(?:api|https?)://`)
)

// pastedID masks what Microsoft echoes of the field of the client ID, which
// may be a secret, where it is neither a GUID nor an address.
func (f *finder) pastedID() {
	if !strings.Contains(f.lower, "identifier") && !strings.Contains(f.Text, "AADSTS700038") {
		return
	}
	for _, m := range pastedID.FindAllStringSubmatchIndex(f.Text, -1) {
		from, to := max(m[2], m[4]), max(m[3], m[5])
		if id := f.Text[from:to]; !guids.MatchString(id) && !addressed.MatchString(id) && digit.MatchString(id) &&
			!plain.MatchString(id) {
			f.mark(from, to, "[not a GUID]")
		}
	}
}
