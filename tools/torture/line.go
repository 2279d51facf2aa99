package main

import (
	"bytes"
	"strconv"
	"time"
)

// Every line has the same length, so that a torn or merged one cannot pass for
// whole: header, text, when it was written, its number.
const (
	header   = " http-nio-8080-exec-7 INFO admin 600x1x1 4eic3i 10.0.0.1 /browse/A [c.a.j.torture] "
	text     = "ran"
	lineSize = len("2026-01-02 15:04:05,000+0000") + len(header) + len(text) + len(timeMark) + 19 + len(seqMark) + 10 + 1

	timeMark = " at="
	seqMark  = " seq="
)

// appendLine appends line number seq, written now.
func appendLine(b []byte, seq int64, now time.Time) []byte {
	b = now.AppendFormat(b, "2006-01-02 15:04:05,000-0700")
	b = append(b, header+text+timeMark...)
	b = strconv.AppendInt(b, now.UnixNano(), 10)
	b = append(b, seqMark...)
	digits := strconv.AppendInt(nil, 10_000_000_000+seq, 10)
	return append(append(b, digits[1:]...), '\n')
}

// parseLine returns the number of a whole line and when it was written. line has
// no line end.
func parseLine(line []byte) (seq int64, at time.Time, ok bool) {
	if len(line) != lineSize-1 || line[0] != '2' {
		return 0, time.Time{}, false
	}
	rest, digits := line[:len(line)-10], line[len(line)-10:]
	rest, marked := bytes.CutSuffix(rest, []byte(seqMark))
	seq, err1 := strconv.ParseInt(string(digits), 10, 64)
	nanos, err2 := strconv.ParseInt(string(rest[len(rest)-19:]), 10, 64)
	if !marked || err1 != nil || err2 != nil || !bytes.Contains(rest, []byte("[c.a.j.torture]")) {
		return 0, time.Time{}, false
	}
	return seq, time.Unix(0, nanos), true
}
