package event

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

// Begins reports whether a line begins an event: with a date and the start of a time, such as
// "2021-11-16 12:35:" or "2021/11/16 12:35:", or with an object of Jira's JSON layout. The rest of
// the time is ignored, because web pages edit it and plugins shorten it. Prefixes from collectors
// and web pages are skipped, and JSON envelopes are opened.
func Begins(line []byte) bool {
	line = bare(line)
	if len(line) > 0 && line[0] == '{' {
		first, _, _ := bytes.Cut(line, []byte("\n"))
		line = unwrap(trimEnd(first), 0)
	}
	return begins(line)
}

// IsJira reports whether a line has a Jira header: a date, a level, and a logger that is a class
// name. Other programs also write the first two.
func IsJira(line []byte) bool {
	for line := range bytes.SplitSeq(unwrap(bare(trimEnd(line)), 0), []byte("\n")) {
		if line = Kept(line); !begins(line) {
			continue
		}
		if h, _, ok := Parse(string(line), time.UTC); ok && strings.Contains(h.Logger, ".") {
			return true
		}
	}
	return false
}

// begins is Begins of a line without a collector's prefix.
func begins(line []byte) bool {
	line = trimPasted(line)
	if len(line) > 0 && line[0] == '{' {
		return isJSON(line)
	}
	if !dated(line) {
		return false
	}
	// Jira writes no T. Collectors do, before each line: then it is the level
	// that distinguishes a header from a line of a stack trace.
	return line[len("dddd-dd-dd")] == ' ' || levelRE.Match(line[:min(len(line), maxHeader)])
}

// maxHeader is how far into a line its level is.
const maxHeader = 400

func dated(line []byte) bool { return Shaped(line, dateShape) }

// prefixes are what collectors put before each physical line: Kubernetes (also
// in its files), Docker Compose, syslog (RFC 3164 and 5424, and RFC 3164 with the time of
// RFC 3339, as rsyslog writes files), Maven. rsyslog's time has at most six decimals and an
// offset, that of Kubernetes Z or nine decimals.
var (
	kubernetes = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d) ` +
		`(?:(?:stdout|stderr) [FP] )?`)
	rsyslog = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d:\d\d \S{1,255} [^\s:]{1,64}: ?`)
	compose = regexp.MustCompile(`^(?:\x1b\[[\d;]{0,9}m)?[A-Za-z0-9][\w.-]{0,62} {0,40}\| ?(?:\x1b\[[\d;]{0,9}m)?`)
	syslog  = regexp.MustCompile(`^(?:<\d{1,3}>)?(?:` +
		`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})? \S{1,255} [^\s:]{1,48}: ?|` +
		`1 \S+ \S+ \S+ \S+ \S+ (?:-|\[[^\]]*\]) )`)
	// Maven, or kubectl logs --prefix.
	maven = regexp.MustCompile(`^\[(?:[A-Z]{4,7}\] \[[^\]]{1,40}|pod/[^\]\s]{1,320})\] `)
)

// maxPrefixes is how many collectors a line may have passed through.
const maxPrefixes = 3

// bare is a line without what collectors put before it, and without the zeros
// that it begins with where a log was truncated whose writer kept its offset.
func bare(line []byte) []byte {
	if len(line) > 0 && line[0] == 0 {
		line = bytes.TrimLeft(line, "\x00")
	}
	for range maxPrefixes {
		n := prefixed(line)
		if n == 0 {
			break
		}
		line = line[n:]
	}
	return line
}

// prefixed is the length of what a collector put before a line.
func prefixed(line []byte) int {
	if len(line) == 0 {
		return 0
	}
	var prefix []byte
	switch c := line[0]; {
	case c >= '0' && c <= '9':
		// Jira's own date is no prefix: it has no T, or a level after it.
		if len(line) > 10 && line[10] == 'T' {
			if prefix = rsyslog.Find(line); prefix == nil || begins(line) && !begins(line[len(prefix):]) {
				prefix = kubernetes.Find(line)
			}
			if rest := line[len(prefix):]; begins(line) && !begins(rest) && !bytes.HasPrefix(rest, []byte("{")) {
				prefix = nil
			}
		}
	case c == '\t' || c == ' ':
		return 0
	case c == '[':
		prefix = maven.Find(line)
	case c == '<' || len(line) > 3 && line[3] == ' ' && c >= 'A' && c <= 'Z':
		prefix = syslog.Find(line)
	}
	if prefix == nil && bytes.IndexByte(line[:min(len(line), 104)], '|') > 0 {
		prefix = compose.Find(line)
	}
	return len(prefix)
}

// pasted are the marks that word processors and web pages put before a line, and pastedFirst their first
// bytes: most lines begin with none.
var (
	pasted      = regexp.MustCompile("^(?:[\ufeff\u201c\u201d\u2018\u2019\"']|> )+")
	pastedFirst = []byte("\xef\xe2\"'>")
)

// trimPasted takes such marks away where a date follows them.
func trimPasted(line []byte) []byte {
	if len(line) == 0 || bytes.IndexByte(pastedFirst, line[0]) < 0 {
		return line
	}
	if rest := line[len(pasted.Find(line)):]; dated(rest) {
		return rest
	}
	return line
}

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
	return Kept(trimEnd(line))
}
