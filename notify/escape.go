package notify

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Texts are written by strangers: here they are made fit for where they are
// shown. Lengths are Slack's, in UTF-16 units after escaping.

// looks makes a text mean itself in Slack's mrkdwn: what would be a token is
// escaped, what would make it bold, italic, struck or code becomes a character
// that looks the same, and what is quoted has no links. A text between our own
// marks can then not end them.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func looks(s string) string {
	return italics.ReplaceAllStringFunc(marks.Replace(unlinkQuoted(s)), func(found string) string { return strings.ReplaceAll(found, "_", "ˍ") })
}

var (
	marks   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "ˋ", "*", "∗", "~", "∼")
	italics = regexp.MustCompile(`(?:^|[^\pL\pN])_+|_+(?:[^\pL\pN]|$)`) // not inside a name
)

// verbatim is looks within code, which only a backtick can end.
var verbatim = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "ˋ")

// tame is a stranger's text on one line of mrkdwn, without emphasis.
func tame(s string, limit int) string {
	return within(Printable(short(s, limit)), limit, looks)
}

// code is a stranger's text on one line of mrkdwn, to be read letter by
// letter.
func code(s string, limit int) string {
	return "`" + within(strings.TrimSpace(Printable(short(s, limit))), limit-2, verbatim.Replace) + "`"
}

// literal makes a text fit for where Slack interprets nothing: on one line.
func literal(s string, limit int) string {
	return within(strings.TrimSpace(Printable(short(s, limit))), limit, func(s string) string { return s })
}

// spaced is literal with the blanks at both ends.
func spaced(s string, limit int) string {
	return within(Printable(short(s, limit)), limit, func(s string) string { return s })
}

// short is the beginning of a text from which at most limit units are shown,
// so that a long one costs no time.
func short(s string, limit int) string {
	if most := 8 * limit; len(s) > most {
		return s[:most] + "… cut"
	}
	return s
}

// within cuts a text so that it has at most limit units once it is replaced.
// Slack refuses one with nothing to see.
func within(s string, limit int, replace func(string) string) string {
	if blank(s) {
		return "–"
	}
	for n := limit; ; n = n * 7 / 8 {
		if out := replace(Cut(s, n)); units(out) <= limit {
			return out
		}
	}
}

// blank tells whether there is nothing to see in a text.
func blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		switch r {
		case '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0': // letters without a shape
			return false
		}
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
	})
}

// units are what Slack counts.
func units(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// unmarked is a text on one line that means itself in any dialect of Markdown,
// and mentions nobody: an @ that could is kept apart from the name behind it.
// Mail addresses stay as they are.
func unmarked(s string) string {
	var b strings.Builder
	runes := []rune(Printable(s))
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return '\n'
		}
		return runes[i]
	}
	for i, r := range runes {
		switch {
		case i == 0 && strings.ContainsRune("#+-=|", r): // a heading, a list, a rule, a table
			b.WriteRune(r + '＃' - '#')
		case r == '`':
			b.WriteRune('ˋ')
		case r == '*':
			b.WriteRune('∗')
		case r == '~' && !(at(i-1) == ' ' && at(i+1) == ' '):
			b.WriteRune('∼')
		case r == '_' && !(word(at(i-1)) && word(at(i+1))): // not inside a name
			b.WriteRune('ˍ')
		case r == ']' && at(i+1) == '(': // text and address of a link
			b.WriteString("] ")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>' && !(at(i-1) == ' ' && at(i+1) == ' '): // not in a way through menus
			b.WriteString("&gt;")
		case r == '&' && !unicode.IsSpace(at(i+1)): // nor a bare one
			b.WriteString("&amp;")
		case r == '@' && !word(at(i-1)) && at(i+1) != ' ':
			b.WriteString("@\u200b")
		default:
			b.WriteRune(r)
		}
	}
	return unlinkQuoted(b.String())
}

// foreign is unmarked for a text that is a log's as a whole.
func foreign(s string) string { return unlink(unmarked(s)) }

// word tells whether r is part of a name to those who look for mentions.
func word(r rune) bool {
	return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// Printable is PrintableLines on one line.
func Printable(s string) string {
	return strings.ReplaceAll(PrintableLines(s), "\n", " ")
}

// PrintableLines is s without control characters, line ends apart, and without
// characters that turn the direction of writing or that nobody sees.
func PrintableLines(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case !IsPrintable(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// IsPrintable tells whether r can be seen and does nothing but be seen.
func IsPrintable(r rune) bool {
	return !unicode.IsControl(r) && !unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Span is a part of one of our texts, such as a diagnosis or a step.
type Span struct {
	Text   string
	Code   bool // to be read letter by letter
	Quoted bool // a log's words: nothing may be read into them
}

// quotations are what a text quotes: package matchers writes a log's words
// between these marks, and leaves the marks out of them. The third is what looks
// makes of the second.
var quotations = regexp.MustCompile("“[^”]*(?:”|$)|`[^`]*(?:`|$)|ˋ[^ˋ]*(?:ˋ|$)")

// Spans takes a text apart at what it quotes.
func Spans(s string) []Span {
	var all []Span
	at := 0
	for _, q := range append(quotations.FindAllStringIndex(s, -1), []int{len(s), len(s)}) {
		if q[0] > at {
			all = append(all, Span{Text: s[at:q[0]]})
		}
		at = q[1]
		if code, ok := strings.CutPrefix(s[q[0]:at], "`"); ok && len(code) > 1 {
			all = append(all, Span{Text: strings.TrimSuffix(code, "`"), Code: true})
		} else if q[0] < at {
			all = append(all, Span{Text: s[q[0]:at], Quoted: true})
		}
	}
	return all
}

// unlink breaks what a receiver would make a link of by itself.
func unlink(s string) string {
	return links.ReplaceAllStringFunc(s, func(found string) string { return found[:1] + apart + strings.TrimPrefix(found[1:], apart) })
}

var links = regexp.MustCompile(`(?i)://|\b(?:mailto|tel):|\bwww\.|@\x{200b}?`)

// unlinkQuoted is unlink for what a text quotes: our own addresses are there to
// be copied.
func unlinkQuoted(s string) string { return quotations.ReplaceAllStringFunc(s, unlink) }

// Cut shortens s to at most n characters, at a word where there is one, and
// says so.
func Cut(s string, n int) string {
	const mark = "… cut"
	room := max(n-utf8.RuneCountInString(mark), 0)
	end, count := 0, 0 // of the first room characters
	for i := range s {
		if count == room {
			end = i
		}
		if count++; count > n {
			break
		}
	}
	if count <= n {
		return s
	}
	head := s[:end]
	if i := strings.LastIndexAny(head, " \n"); i > len(head)/2 {
		head = head[:i]
	}
	return head + mark
}
