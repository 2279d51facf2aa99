package conf

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// duration is a time.Duration as an operator writes it.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	*d = duration(v)
	return err
}

// ParseDuration reads the durations of a configuration: those of Go such as
// "90s" and "1h30m", days as in "7d", and "0". Negative ones are refused. The
// error is a sentence with what to write instead.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if len(s) > longestDuration {
		return 0, fmt.Errorf("cannot read the duration %s, write one such as %s", quote(s), examples)
	}
	if strings.HasPrefix(s, "-") {
		return 0, fmt.Errorf("negative duration %s, write one such as %s", quote(s), examples)
	}
	if s == "" {
		return 0, errors.New("empty duration, write one such as " + examples)
	}
	var total time.Duration
	for rest := s; rest != ""; {
		number, unit, tail := component(rest)
		d, err := parseComponent(number, unit)
		switch {
		case errors.Is(err, errTooLong) || err == nil && d > math.MaxInt64-total:
			return 0, fmt.Errorf("the duration %s is too long", quote(s))
		case errors.Is(err, errNumber):
			return 0, fmt.Errorf("cannot read the duration %s, write one such as %s", quote(s), examples)
		case unit == "":
			return 0, fmt.Errorf("missing unit in duration %s, %s", quote(s), withUnits(s, number))
		case err != nil:
			return 0, fmt.Errorf("unknown unit %s in duration %s, write %s", quote(unit), quote(s), repaired(s))
		}
		total, rest = total+d, tail
	}
	return total, nil
}

const longestDuration = 64

const examples = `"30s", "5m", "4h" or "7d"`

var (
	errUnit    = errors.New("unknown unit")
	errNumber  = errors.New("not a number")
	errTooLong = errors.New("too long")
)

// component splits a text such as "1h30m" into "1", "h" and "30m".
func component(s string) (number, unit, rest string) {
	const digits = "0123456789."
	n := len(s) - len(strings.TrimLeft(s, digits))
	number, s = s[:n], s[n:]
	if i := strings.IndexAny(s, digits); i >= 0 {
		return number, s[:i], s[i:]
	}
	return number, s, ""
}

func parseComponent(number, unit string) (time.Duration, error) {
	// time.ParseDuration alone does not distinguish a bad number from a large one.
	if strings.Count(number, ".") > 1 || strings.Trim(number, ".") == "" {
		return 0, errNumber
	}
	if _, err := time.ParseDuration("1" + unit); err != nil && unit != "d" {
		return 0, errUnit
	}
	if unit != "d" {
		d, err := time.ParseDuration(number + unit)
		if err != nil {
			return 0, errTooLong
		}
		return d, nil
	}
	d, err := time.ParseDuration(number + "h")
	if err != nil || d > math.MaxInt64/24 {
		return 0, errTooLong
	}
	return d * 24, nil
}

// units are the words people write, by the unit they mean.
var units = map[string]string{
	"s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
	"h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
	"d": "d", "day": "d", "days": "d", "ms": "ms", "millis": "ms", "milliseconds": "ms",
}

// repaired is the duration with the units of Go, if it can be understood.
func repaired(s string) string {
	better := ""
	for rest := strings.ReplaceAll(s, " ", ""); rest != ""; {
		number, unit, tail := component(rest)
		short := units[strings.ToLower(unit)]
		if short == "" {
			return "one such as " + examples
		}
		better, rest = better+number+short, tail
	}
	if _, err := ParseDuration(better); err != nil {
		return "one such as " + examples
	}
	return quote(better)
}

func withUnits(s, number string) string {
	if s != number || len(s) > 10 {
		return "write one such as " + examples
	}
	return fmt.Sprintf(`write "%ss", "%[1]sm" or "%[1]sh"`, number)
}
