package event

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The shapes of a header's fields, taken apart by hand: regular expressions
// took most of the time of a failure, of which a storm has millions.
// TestShapes compares each with its expression.

// isSpace reports whether a byte is white space as the layouts write it.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// digits is how many digits s has at an offset.
func digits(s string, at int) int {
	n := 0
	for at+n < len(s) && digit(s[at+n]) {
		n++
	}
	return n
}

// Shaped reports whether a text begins as a shape says: d is a digit, h a hexadecimal one, / a
// hyphen or a slash, T a space or a T, and any other byte itself.
func Shaped[T string | []byte](text T, shape string) bool {
	if len(text) < len(shape) {
		return false
	}
	for i := range len(shape) {
		c := text[i]
		fits := c == shape[i]
		switch shape[i] {
		case 'd':
			fits = digit(c)
		case 'h':
			fits = digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f'
		case '/':
			fits = fits || c == '-'
		case 'T':
			fits = fits || c == ' '
		}
		if !fits {
			return false
		}
	}
	return true
}

// dateShape is how a header begins, before the second.
const dateShape = "dddd/dd/ddTdd:dd:"

// offset is the length of the time zone's offset that s begins with, if white
// space or the end follows it; else 0.
func offset(s string) int {
	for _, shape := range []string{"Z", "+dd:dd", "-dd:dd", "+dddd", "-dddd"} {
		if n := len(shape); Shaped(s, shape) && (n == len(s) || isSpace(s[n])) {
			return n
		}
	}
	return 0
}

// word is the next run of non-space, at or after an offset; from
// == len(s) when there is none.
func word(s string, at int) (from, to int) {
	for at < len(s) && isSpace(s[at]) {
		at++
	}
	to = at
	for to < len(s) && !isSpace(s[to]) {
		to++
	}
	return at, to
}

// levelOf finds the first word that is a level: (?:^|\s)(TRACE|…)(?:\s|$).
func levelOf(s string) (from, to int, ok bool) {
	for from, to = word(s, 0); from < len(s); from, to = word(s, to) {
		switch s[from:to] {
		case "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL":
			return from, to, true
		}
	}
	return 0, 0, false
}

// isMailLog reports whether what follows a level without a thread before it is as in a
// mail log: the name of a mail server, which may be empty or anything, and a thread.
func isMailLog(s string) bool {
	name, rest, ok := strings.Cut(strings.TrimLeft(s, " "), "]")
	name, bracket := strings.CutPrefix(name, "[")
	from, to := word(rest, 0)
	return ok && bracket && (!strings.Contains(name, ".") || !only(name, loggerByte) || mailThread(rest[from:to]))
}

// mailThread reports whether a word is the name of a thread that fetches or sends mail.
func mailThread(s string) bool {
	return strings.HasPrefix(s, "Caesium-") || strings.HasPrefix(s, "QuartzScheduler_") || strings.HasPrefix(s, "scheduler_")
}

// loggerOf finds the first logger: \s\[([A-Za-z0-9_.$-]*)\](?:\s|$). Its
// brackets are at from and before to. Where there is none, it is a class that
// the message follows without a space, as some pages show it:
// \s\[([A-Za-z][A-Za-z0-9_$-]*\.[A-Za-z0-9_.$-]*)\]. Before a request ID it is
// a part of the user's name, and what an excerpt has in place of a field is none.
func loggerOf(s string) (from, to int, ok bool) {
	glued := [2]int{}
	for from, to = word(s, 0); from < len(s); from, to = word(s, to) {
		if from == 0 || to-from < 2 || s[from] != '[' {
			continue
		}
		if s[to-1] == ']' && only(s[from+1:to-1], loggerByte) && !slices.Contains(marks, s[from:to]) && !inUser(s, from, to) {
			return from, to, true
		}
		name, _, closed := strings.Cut(s[from+1:to], "]")
		if glued[1] == 0 && closed && len(name) > 0 && letter(name[0]) && strings.Contains(name, ".") &&
			only(name, loggerByte) {
			glued = [2]int{from, from + len(name) + 2}
		}
	}
	return glued[0], glued[1], glued[1] > 0
}

// marks are what our own excerpts have in place of a masked field.
var marks = []string{"[user]", "[session]", "[ip]", "[host]", "[redacted]", "[opaque]"}

// inUser reports whether a word is a part of the user's name: no request ID is before
// it, and one within the three words after it, with an address or a URL within the
// three after that.
func inUser(s string, from, to int) bool {
	for a, b := word(s[:from], 0); a < from; a, b = word(s[:from], b) {
		if isRequestID(s[a:b]) {
			return false
		}
	}
	id := false
	for left := 3; left > 0; left-- {
		from, to = word(s, to)
		switch {
		case from == len(s):
			return false
		case !id && isRequestID(s[from:to]):
			id, left = true, 3+1
		case id && (s[from] == '/' || isAddress(s[from:to])):
			return true
		}
	}
	return false
}

func only(s string, f func(byte) bool) bool {
	for i := range len(s) {
		if !f(s[i]) {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func loggerByte(c byte) bool {
	return digit(c) || letter(c) || c == '_' || c == '.' || c == '$' || c == '-'
}

// isRequestID is ^\d+x\d+x\d+$, isMaskedID ^[0-9X]+x[0-9X]+x[0-9X]+$.
func isRequestID(s string) bool { return threeParts(s, digit) }

func isMaskedID(s string) bool {
	return threeParts(s, func(c byte) bool { return digit(c) || c == 'X' })
}

func threeParts(s string, of func(byte) bool) bool {
	a, rest, _ := strings.Cut(s, "x")
	b, c, _ := strings.Cut(rest, "x")
	return a != "" && b != "" && c != "" && only(a, of) && only(b, of) && only(c, of)
}

// isAddress is ^[0-9A-Fa-fXx.:,%\[\]-]*[.:][0-9A-Fa-fXx.:,%\[\]-]*$.
func isAddress(s string) bool {
	return strings.ContainsAny(s, ".:") && only(s, func(c byte) bool {
		return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' || strings.IndexByte("Xx.:,%[]-", c) >= 0
	})
}

// joined is s with each run of white space as one space, and none at its ends.
func joined(s string) string {
	s = strings.Trim(s, " ")
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == ' ' && s[i+1] == ' ' {
			return strings.Join(strings.Fields(s), " ")
		}
	}
	return s
}
