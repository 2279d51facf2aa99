package text

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Count is a number with its noun: "1 failure", "1,200 failures".
func Count[I int | int64](n I, one string) string { return Plural(n, one, one+"s") }

// Plural is Count for nouns whose plural is not formed by adding an s.
func Plural[I int | int64](n I, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Members says what a group of failures consists of: how many there are, and how many of them are
// attempts to test an integration, several of which may be of one integration.
func Members(all, attempts int) string {
	switch integrations := all - attempts; {
	case integrations == 0:
		return Count(attempts, "test attempt")
	case attempts == 0:
		return Count(integrations, "integration")
	default:
		return Count(integrations, "integration") + " and " + Count(attempts, "test attempt")
	}
}

// Capital is a text that begins with a capital letter.
func Capital(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[n:]
}

// Number is a number with a comma between thousands.
func Number[I int | int64](n I) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Size is a number of bytes in a suitable unit: "999 bytes", "1.2 kB".
func Size(n int64) string {
	if n < 1000 {
		return Count(n, "byte")
	}
	value, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		if value /= 1000; value < 999.95 {
			break
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") + " " + unit
}

// Minute is the layout of a time without seconds and offset.
const Minute = "2006-01-02 15:04"

// Time is a time with its offset, as in a log.
func Time(t time.Time) string { return t.Format("2006-01-02 15:04:05 -07:00") }

// Ago says how long before or after now a time is.
func Ago(t, now time.Time) string {
	if d := now.Sub(t); d >= 0 {
		return Duration(d) + " ago"
	}
	return "in " + Duration(t.Sub(now))
}

// Duration is a duration in its largest unit.
func Duration(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
