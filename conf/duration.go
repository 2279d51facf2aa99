package conf

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

// duration is a time.Duration as an operator writes it.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	if err == nil {
		*d = duration(v)
	}
	return err
}

// ParseDuration reads the durations of a configuration: those of Go such as
// "90s" and "1h30m", days as in "7d", and "0". Negative ones are refused. The
// error is a sentence with what to write instead.
func ParseDuration(s string) (time.Duration, error) {
	switch {
	case s == "0":
		return 0, nil
	case len(s) > longestDuration:
		return 0, fmt.Errorf("cannot read the duration %s, write one such as %s", quote(s), examples)
	case strings.HasPrefix(s, "-"):
		return 0, fmt.Errorf("negative duration %s, write one such as %s", quote(s), examples)
	case s == "":
		return 0, errors.New("empty duration, write one such as " + examples)
	}
	var total time.Duration
	for _, part := range component.FindAllStringSubmatch(s, -1) {
		number, unit := part[1], part[2]
		counted, times := unit, time.Duration(1)
		if unit == "d" {
			counted, times = "h", 24
		}
		_, unknown := time.ParseDuration("1" + counted)
		d, err := time.ParseDuration(number + counted)
		switch {
		// time.ParseDuration alone does not distinguish a bad number from a large one.
		case strings.Count(number, ".") > 1 || strings.Trim(number, ".") == "":
			return 0, fmt.Errorf("cannot read the duration %s, write one such as %s", quote(s), examples)
		case unit == "":
			return 0, fmt.Errorf("missing unit in duration %s, %s", quote(s), withUnits(s, number))
		case unknown != nil:
			return 0, fmt.Errorf("unknown unit %s in duration %s, write %s", quote(unit), quote(s), repaired(s))
		case err != nil || d > (math.MaxInt64-total)/times:
			return 0, fmt.Errorf("the duration %s is too long", quote(s))
		}
		total += d * times
	}
	return total, nil
}

const longestDuration = 64

const examples = `"30s", "5m", "4h" or "7d"`

// component is a number and its unit, such as 1h and 30m of "1h30m". One of them may be missing.
var component = regexp.MustCompile(`([0-9.]*)([^0-9.]*)`)

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
	for _, part := range component.FindAllStringSubmatch(strings.ReplaceAll(s, " ", ""), -1) {
		short := units[strings.ToLower(part[2])]
		if short == "" {
			return "one such as " + examples
		}
		better += part[1] + short
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
