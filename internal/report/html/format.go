package html

import (
	"strings"
	"time"

	"jira-oauth-watcher/internal/text"
)

// Bounds of one text, in characters.
const (
	maxName    = 100
	maxTitle   = 200
	maxFact    = 300
	maxStep    = 1200
	maxText    = 1500
	maxExcerpt = 2000
)

// line is an untrusted text on one line of at most n characters.
func line(s string, n int) string {
	s = strings.TrimSpace(strings.ReplaceAll(lines(s, n), "\n", " "))
	if s == "" {
		return "–"
	}
	return s
}

// lines is an untrusted text with its line ends, without what controls a
// terminal, turns the direction of writing or is not a character.
func lines(s string, n int) string {
	s = strings.NewReplacer("\ufffe", "\ufffd", "\uffff", "\ufffd").Replace(text.PrintableLines(s))
	return text.Cut(s, n)
}

// list joins names, of which at most n are written.
func list(names []string, n int) string {
	var out []string
	for _, name := range names[:min(len(names), n)] {
		out = append(out, line(name, maxName))
	}
	if more := len(names) - n; more > 0 {
		out = append(out, text.Number(more)+" more")
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ", ")
}

// long is a length of time in its two largest units.
func long(seconds int64) string {
	var parts []string
	for _, u := range []struct {
		seconds int64
		name    string
	}{{day, "day"}, {hour, "hour"}, {60, "minute"}, {1, "second"}} {
		if n := seconds / u.seconds; n > 0 && len(parts) < 2 {
			parts = append(parts, text.Count(int(n), u.name))
		} else if len(parts) > 0 {
			break
		}
		seconds %= u.seconds
	}
	if len(parts) == 0 {
		return "less than a second"
	}
	return strings.Join(parts, " ")
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.Format(time.DateTime)
}

// offset names how far a time's clock is from UTC.
func offset(t time.Time) string {
	if _, seconds := t.Zone(); seconds == 0 {
		return "UTC"
	}
	return t.Format("UTC-07:00")
}
