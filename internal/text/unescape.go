package text

import (
	"html"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unescapings is how many levels of escapes are resolved, one within the other.
const unescapings = 3

// View is a text with resolved escapes that knows the origin of each byte.
type View struct {
	Text string
	from []int32 // offset in the original of each byte and of the end; nil: the same
}

// At is the offset in the original text that corresponds to an offset in the view.
func (v View) At(i int) int {
	if v.from == nil {
		return i
	}
	return int(v.from[i])
}

// Views are s as it is, and then with each further level of escapes resolved.
func Views(s string) iter.Seq[View] {
	return func(yield func(View) bool) {
		v, more := View{Text: s}, true
		for n := 0; more && n <= unescapings && yield(v); n++ {
			v, more = v.unescaped()
		}
	}
}

// unescaped resolves the outermost escapes of JSON, Java, URLs and HTML, and the wide
// and curly forms of ASCII's characters. It returns false when there are none. It
// takes time linear in the text.
func (v View) unescaped() (View, bool) {
	s, last, out := v.Text, 0, View{}
	var b strings.Builder
	copied := func(to int) {
		b.WriteString(s[last:to])
		for ; last < to; last++ {
			out.from = append(out.from, int32(v.At(last)))
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
			out.from = append(out.from, int32(v.At(i)))
		}
		i += n
		last = i
	}
	if last == 0 {
		return v, false
	}
	copied(len(s))
	out.Text, out.from = b.String(), append(out.from, int32(v.At(len(s))))
	return out, true
}

// ColorRests are what is left of terminal color sequences without their escape character: inside a
// name, one would conceal the name from every rule.
var ColorRests = regexp.MustCompile(`\[\d{1,2}(?:;\d{1,3})*m`)

var (
	colorStart = regexp.MustCompile("^" + ColorRests.String())
	entityName = regexp.MustCompile(`^#?\w+;`)
)

// plainForm is a character as patterns expect it: ASCII for quotation marks and wide
// forms, and nothing for invisible ones.
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

// backslash is what a run of backslashes and the character after it mean, and their
// length. A \u is resolved however often it was escaped.
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

// percent is what a percent escape means, however often it was escaped.
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

// entity is what an entity of HTML means, however often it was escaped.
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
	n, err := strconv.ParseUint(s[:digits], 16, 32)
	return rune(n), err == nil
}
