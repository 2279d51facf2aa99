package matchers

import (
	"bytes"
	"regexp"
	"strconv"
	"time"
)

// lineTime is the time in a line of an access log, or of the diagnostics.
var lineTime = regexp.MustCompile(`\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]|` +
	ipd + `\{[^}]{0,200}"timestamp" ?: ?"?(\d{1,12})\b`)

// maxTries is how many lines are tried for a time.
const maxTries = 100

// FirstTime is the time of the first line of a text, of a log in which each line is an event;
// zero when none of its first lines shows one.
func FirstTime(text []byte) time.Time {
	for n := 0; n < maxTries && len(text) > 0; n++ {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		if t := timeOfLine(line); !t.IsZero() {
			return t
		}
		text = rest
	}
	return time.Time{}
}

// LastTime is FirstTime of the last line.
func LastTime(text []byte) time.Time {
	for n := 0; n < maxTries && len(text) > 0; n++ {
		at := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
		if t := timeOfLine(text[at:]); !t.IsZero() {
			return t
		}
		text = text[:at]
	}
	return time.Time{}
}

func timeOfLine(line []byte) time.Time {
	m := lineTime.FindSubmatch(line[:min(len(line), maxProbe)])
	switch {
	case m == nil:
		return time.Time{}
	case m[1] != nil:
		return clickTime(string(m[1]), nil)
	}
	seconds, _ := strconv.ParseInt(string(m[2]), 10, 64)
	return time.Unix(seconds, 0).UTC()
}
