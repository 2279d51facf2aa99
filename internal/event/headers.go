package event

import (
	"bytes"
	"time"
)

// FirstHeader is the offset of the first line that begins an event, -1 = none.
func FirstHeader(text []byte) int {
	at := 0
	for line := range bytes.Lines(text) {
		if Begins(headerLine(line)) {
			return at
		}
		at += len(line)
	}
	return -1
}

// LastHeader is the offset of the last line that begins an event, -1 = none.
func LastHeader(text []byte) int {
	for end := len(text); end > 0; {
		at := bytes.LastIndexByte(text[:end-1], '\n') + 1
		if Begins(headerLine(text[at:end])) {
			return at
		}
		end = at
	}
	return -1
}

// HeaderTime is the time of the event at the beginning of a text, zero if it is impossible.
func HeaderTime(text []byte, zone *time.Location) time.Time {
	h, _, _ := Parse(string(headerLine(text)), zone)
	return h.Time
}

// headerLine is the first line of a text without its end, as far as an event
// takes it.
func headerLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	return Kept(line)
}
