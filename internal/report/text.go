package report

import (
	"fmt"
	"strconv"
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

// line is a stranger's text on one line of at most n characters.
func line(s string, n int) string {
	s = strings.TrimSpace(strings.ReplaceAll(lines(s, n), "\n", " "))
	if s == "" {
		return "–"
	}
	return s
}

// lines is a stranger's text with its line ends, without what controls a
// terminal, turns the direction of writing or is no character.
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
		out = append(out, count(more)+" more")
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ", ")
}

// count is a number with a comma between thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}

// size is a number of bytes in the unit that suits it.
func size(n int64) string {
	if n < 1000 {
		return plural(int(n), "byte")
	}
	value, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		if value /= 1000; value < 999.95 {
			break
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") + " " + unit
}

// long is a length of time in its two largest units.
func long(seconds int64) string {
	var parts []string
	for _, u := range []struct {
		seconds int64
		name    string
	}{{day, "day"}, {hour, "hour"}, {60, "minute"}, {1, "second"}} {
		if n := seconds / u.seconds; n > 0 && len(parts) < 2 {
			parts = append(parts, plural(int(n), u.name))
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
	return t.Format("2006-01-02 15:04:05")
}

// offset names how far a time's clock is from UTC.
func offset(t time.Time) string {
	if _, seconds := t.Zone(); seconds == 0 {
		return "UTC"
	}
	return t.Format("UTC-07:00")
}
