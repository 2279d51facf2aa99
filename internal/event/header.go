package event

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Header holds the fields that Jira's layout writes before the message of an event:
//
//	date thread level user request-id session-id addresses url [logger] message
//
// Jira's mail logs have other fields, which are in the message:
//
//	date level [mail server] thread user message
//
// A field that is not in the log is empty. A masked field is kept as it is.
type Header struct {
	Time      time.Time // zero if the timestamp in the log is impossible
	Thread    string
	Level     string // TRACE, DEBUG, INFO, WARN, ERROR or FATAL
	User      string
	RequestID string
	Session   string
	Client    string // address, or a comma-separated list of them, nearest proxy last
	URL       string // path of the request
	ThreadURL string // path in a thread name such as "exec-214 url: /rest/x; user: y"
	Logger    string // as the layout shortens it
	MailLog   bool   // the fields are those of a mail log
}

// Parse splits an event into header and message. zone applies to timestamps without an offset. ok
// is false if the text does not begin with a header; the message is then the complete text.
//
// The header may be wrapped over several lines, as in pasted logs. Fields are distinguished by
// their shape, not by counting spaces, because unset fields leave runs of spaces, and thread names
// may contain anything.
func Parse(text string, zone *time.Location) (h Header, message string, ok bool) {
	line := text
	if !ordinary(text) {
		own := bare([]byte(text))
		if len(own) > 0 && own[0] == '{' {
			first, rest, _ := bytes.Cut(own, []byte("\n"))
			own = bytes.TrimSuffix(bytes.Join([][]byte{unwrap(trimEnd(first), 0), rest}, []byte("\n")), []byte("\n"))
		}
		line = string(trimPasted(own))
	}
	if len(line) > 0 && line[0] == '{' && isJSON([]byte(line)) {
		return parseJSON(line)
	}
	at, rest, ok := parseTime(line, zone)
	if !ok || !ordinary(line) && !begins([]byte(line)) {
		return Header{}, text, false
	}
	from, to, ok := levelOf(rest)
	if !ok {
		return Header{}, text, false
	}
	h.Time = at
	h.Thread = joined(rest[:from])
	h.Level = rest[from:to]
	rest = rest[to:]
	h.ThreadURL = urlIn(h.Thread)
	h.MailLog = h.Thread == "" && isMailLog(rest)
	from, to, ok = loggerOf(rest)
	if !ok || h.MailLog {
		return h, strings.TrimSpace(rest), true
	}
	h.Logger = rest[from+1 : to-1]
	h.request(strings.Fields(rest[:from]))
	return h, strings.TrimSpace(rest[to:]), true
}

// ordinary reports whether a text begins as Jira writes it: there is nothing in
// front of it that had to be taken off.
func ordinary(text string) bool {
	return Shaped(text, dateShape) && text[len("dddd/dd/dd")] == ' '
}

var (
	levelRE   = regexp.MustCompile(`(?:^|\s)(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?:\s|$)`)
	threadURL = regexp.MustCompile(`\burl:\s*(/[^\s;]*)`)
)

// urlIn is the URL in the name of a thread, "" when it has none.
func urlIn(thread string) string {
	if !strings.Contains(thread, "url:") {
		return ""
	}
	if m := threadURL.FindStringSubmatch(thread); m != nil {
		return m[1]
	}
	return ""
}

// parseTime reads the timestamp at the start of a line:
//
//	^(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d+)(?:[,.](\d+))?(?:\s?(Z|[+-]\d\d:?\d\d)(?:\s|$))?
//
// An offset may be missing (Jira 7 and older). A time that cannot be, such as minute 72, is
// the zero time: the event is one all the same.
func parseTime(line string, zone *time.Location) (t time.Time, rest string, ok bool) {
	if !Shaped(line, dateShape+"d") {
		return time.Time{}, line, false
	}
	end := len(dateShape) + digits(line, len(dateShape))
	if end < len(line) && (line[end] == ',' || line[end] == '.') {
		if n := digits(line, end+1); n > 0 {
			end += 1 + n
		}
	}
	var room [64]byte
	moment := append(room[:0], line[:end]...) // time.Parse takes a fraction after either mark
	moment[4], moment[7], moment[10] = '-', '-', ' '
	at := end
	if at < len(line) && isSpace(line[at]) {
		at++
	}
	n := offset(line[at:])
	if n == 0 {
		t, _ = time.ParseInLocation(time.DateTime, string(moment), cmp.Or(zone, time.Local))
		return t, line[end:], true
	}
	layout := time.DateTime + "Z07:00"
	if n == len("+dddd") {
		layout = time.DateTime + "Z0700"
	}
	t, _ = time.Parse(layout, string(append(moment, line[at:at+n]...)))
	return t, line[min(at+n+1, len(line)):], true
}

// request sorts the fields between level and logger: user, request ID, session
// ID, addresses, URL. Any of them may be missing.
func (h *Header) request(fields []string) {
	if n := len(fields); n > 0 && strings.HasPrefix(fields[n-1], "/") {
		h.URL = fields[n-1]
		fields = fields[:n-1]
	}
	if n := len(fields); n > 1 && isAddress(fields[n-1]) {
		first := n - 1
		for first > 1 && strings.HasSuffix(fields[first-1], ",") {
			first-- // a list with spaces, or one that was wrapped
		}
		h.Client = strings.Join(fields[first:], " ")
		fields = fields[:first]
	}
	if at := idField(fields); at >= 0 {
		h.RequestID = fields[at]
		if at+1 < len(fields) {
			h.Session = fields[at+1]
		}
		if at+2 < len(fields) && h.Client == "" {
			h.Client = strings.Join(fields[at+2:], " ") // by its position: masked, or of another form
		}
		fields = fields[:at]
	}
	h.User = strings.Join(fields, " ")
}

// idField is the index of the request ID among user, request ID and session ID, -1 when
// it is not there. Where all three are masked alike, only their number shows.
func idField(fields []string) int {
	for _, shape := range []func(string) bool{isRequestID, isMaskedID} {
		if at := slices.IndexFunc(fields, shape); at >= 0 {
			return at
		}
	}
	masked := func(s string) bool { return strings.Trim(s, "Xx*") == "" }
	if len(fields) == 3 && masked(fields[0]) && masked(fields[1]) && masked(fields[2]) {
		return 1
	}
	return -1
}
