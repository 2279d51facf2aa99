package mask

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unescapings is how many times escapes are resolved, one within the other.
const unescapings = 3

// view is a text with escapes resolved that knows where each byte came from.
type view struct {
	text string
	from []int32 // offset in the original of each byte and of the end; nil: the same
}

func (v view) at(i int) int {
	if v.from == nil {
		return i
	}
	return int(v.from[i])
}

// unescaped resolves the outermost escapes of JSON, Java, URLs and HTML, and
// the wide and curly forms of ASCII's characters. It returns false when there
// are none. It takes time linear in the text.
func (v view) unescaped() (view, bool) {
	s, last, out := v.text, 0, view{}
	var b strings.Builder
	copied := func(to int) {
		b.WriteString(s[last:to])
		for ; last < to; last++ {
			out.from = append(out.from, int32(v.at(last)))
		}
	}
	for i := 0; i < len(s); {
		meant, n := "", 0
		switch c := s[i]; {
		case c == '\\':
			meant, n = backslash(s[i:])
		case c == '%':
			meant, n = percent(s[i:])
		case c == '&':
			meant, n = entity(s[i:])
		case c == '[':
			n = len(colorStart.FindString(s[i:min(i+20, len(s))]))
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if meant = plainForm(r); r != utf8.RuneError && meant != s[i:i+size] {
				n = size
			}
		}
		if n == 0 {
			i++
			continue
		}
		copied(i)
		b.WriteString(meant)
		for range len(meant) {
			out.from = append(out.from, int32(v.at(i)))
		}
		i += n
		last = i
	}
	if last == 0 {
		return v, false
	}
	copied(len(s))
	out.text, out.from = b.String(), append(out.from, int32(v.at(len(s))))
	return out, true
}

var (
	colorStart = regexp.MustCompile("^" + colors.String())
	entityName = regexp.MustCompile(`^#?\w+;`)
)

// plainForm is a character as rules know it: of quotation marks and of wide
// forms ASCII's, and nothing where a reader sees nothing.
func plainForm(r rune) string {
	switch {
	case strings.ContainsRune("“”„‟«»″", r):
		return `"`
	case strings.ContainsRune("‘’‚‛′", r):
		return "'"
	case unicode.Is(unicode.Zs, r):
		return " "
	case r >= '！' && r <= '～':
		return string(r - '！' + '!')
	case r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)):
		return ""
	}
	return string(r)
}

// backslash is what a run of backslashes and the character after it stand for,
// and their length. A \u is resolved however often it was escaped.
func backslash(s string) (string, int) {
	n := len(s) - len(strings.TrimLeft(s, `\`))
	pairs := strings.Repeat(`\`, n/2)
	if n%2 == 0 {
		return pairs, n
	}
	if r, ok := code(s[n:], "u", 4); ok {
		return pairs + plainForm(r), n + 5
	}
	if r, ok := code(s[n:], "x", 2); ok {
		return pairs + plainForm(r), n + 3
	}
	if next := s[n:min(n+1, len(s))]; next != "" {
		if i := strings.Index(`"'/=:&<>#nrt`, next); i >= 0 { // not a space: it would end a value
			return pairs + "\"'/=:&<>#\n\n "[i:i+1], n + 1
		}
	}
	if n == 1 {
		return "", 0 // such as a domain's
	}
	return pairs + `\`, n
}

// percent is what a percent escape stands for, however often it was escaped.
func percent(s string) (string, int) {
	if r, ok := code(s[1:], "u", 4); ok {
		return plainForm(r), 6
	}
	at := 1
	for strings.HasPrefix(s[at:], "25") {
		if _, ok := code(s[at+2:], "", 2); !ok {
			break
		}
		at += 2
	}
	if r, ok := code(s[at:], "", 2); ok {
		if r < utf8.RuneSelf {
			return plainForm(r), at + 2
		}
		return string([]byte{byte(r)}), at + 2
	}
	return "", 0
}

// entity is what an entity of HTML stands for, however often it was escaped.
func entity(s string) (string, int) {
	at := 1
	for strings.HasPrefix(s[at:], "amp;") {
		at += len("amp;")
	}
	name := entityName.FindString(s[at:min(at+32, len(s))])
	if meant := html.UnescapeString("&" + name); meant != "&"+name {
		r, _ := utf8.DecodeRuneInString(meant)
		return plainForm(r), at + len(name)
	}
	if at > 1 {
		return "&", at
	}
	return "", 0
}

// code is the number of so many hexadecimal digits after a prefix.
func code(s, prefix string, digits int) (r rune, ok bool) {
	s, ok = strings.CutPrefix(s, prefix)
	if !ok || len(s) < digits {
		return 0, false
	}
	for i := range digits {
		d := strings.IndexByte("0123456789abcdef", lowered(s[i]))
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

func lowered(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
