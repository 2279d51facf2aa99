package notify

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Texts are written by strangers: here they are made fit for where they are
// shown. Lengths are Slack's, in UTF-16 units after escaping.

// looks makes a text mean itself in Slack's mrkdwn: what would be a token is
// escaped, what would make it bold, struck or code becomes a character that
// looks the same. A text between our own marks can then not end them.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var looks = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "ˋ", "*", "∗", "~", "∼")

// verbatim is looks within code, which only a backtick can end.
var verbatim = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "ˋ")

// tame is a stranger's text on one line of mrkdwn, without emphasis.
func tame(s string, limit int) string {
	return within(Printable(short(s, limit)), limit, looks.Replace)
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
	return b.String()
}

// word tells whether r is part of a name to those who look for mentions.
func word(r rune) bool {
	return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// Printable is s on one line without control characters and characters that
// turn the direction of writing.
func Printable(s string) string {
	return strings.ReplaceAll(PrintableLines(s), "\n", " ")
}

// PrintableLines is s without control characters and characters that turn the
// direction of writing, line ends apart.
func PrintableLines(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

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
