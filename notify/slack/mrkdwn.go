package slack

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"

	"jira-oauth-watcher/internal/text"
)

// Log text is untrusted: here it is escaped for where it is shown. Lengths are Slack's, in UTF-16 units after escaping.

// escaped makes a text mean itself in Slack's mrkdwn: what would be a token is
// escaped, what would make it bold, italic, struck or code becomes a character
// that looks the same, and what is quoted has no links. A text between our own
// marks can then not end them.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escaped(s string) string {
	return italics.ReplaceAllStringFunc(marks.Replace(text.UnlinkQuoted(s)),
		func(found string) string { return strings.ReplaceAll(found, "_", "ˍ") })
}

var (
	marks   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "ˋ", "*", "∗", "~", "∼")
	italics = regexp.MustCompile(`(?:^|[^\pL\pN])_+|_+(?:[^\pL\pN]|$)`) // not inside a name
)

// verbatim is escaped within code, which only a backtick can end.
var verbatim = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "ˋ")

// inline is an untrusted text on one line of mrkdwn, without emphasis.
func inline(s string, limit int) string {
	return within(text.Printable(short(s, limit)), limit, escaped)
}

// code is an untrusted text on one line of mrkdwn, in code style.
func code(s string, limit int) string {
	return "`" + within(strings.TrimSpace(text.Printable(short(s, limit))), limit-2, verbatim.Replace) + "`"
}

// literal makes a text fit for where Slack interprets nothing: on one line.
func literal(s string, limit int) string {
	return within(strings.TrimSpace(text.Printable(short(s, limit))), limit, func(s string) string { return s })
}

// spaced is literal with the spaces at both ends.
func spaced(s string, limit int) string {
	return within(text.Printable(short(s, limit)), limit, func(s string) string { return s })
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
	if text.Blank(s) {
		return "–"
	}
	for n := limit; ; n = n * 7 / 8 {
		if out := replace(text.Cut(s, n)); units(out) <= limit {
			return out
		}
	}
}

// units are what Slack counts.
func units(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// unmarked is a text on one line that means itself in any dialect of Markdown,
// without mentions: an @ is kept apart from the name after it.
// Mail addresses stay as they are.
func unmarked(s string) string {
	var b strings.Builder
	runes := []rune(text.Printable(s))
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
	return text.UnlinkQuoted(b.String())
}

// unmarkedQuote is unmarked for a text that is a log's as a whole.
func unmarkedQuote(s string) string { return text.Unlink(unmarked(s)) }

// word reports whether r is part of a name that could be mentioned.
func word(r rune) bool {
	return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
