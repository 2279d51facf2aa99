package event

import (
	"regexp"
	"strings"
	"time"
)

// Header is what Jira's layout puts before the message of an event:
//
//	date thread level user request-id session-id addresses url [logger] message
//
// A field that the log does not give, or gives masked beyond use, is empty.
type Header struct {
	Time      time.Time // zero when the log's own is impossible
	Thread    string
	Level     string // TRACE, DEBUG, INFO, WARN, ERROR or FATAL
	User      string
	RequestID string
	Session   string
	Client    string // address, or a comma-separated list of them, nearest proxy last
	URL       string // path of the request
	ThreadURL string // path in a thread name such as "exec-214 url: /rest/x; user: y"
	Logger    string // as the layout shortens it
}

// Parse takes an event apart. zone is that of timestamps that name none. It
// returns false when the text does not begin with a header; the message is
// then the whole text.
//
// The header may be wrapped over several lines, as pasted logs are. Fields are
// told apart by their shape, not by counting spaces: unset ones leave runs of
// spaces, and thread names hold anything.
func Parse(text string, zone *time.Location) (h Header, message string, ok bool) {
	line := string(trimPasted([]byte(text)))
	at, rest, ok := parseTime(line, zone)
	if !ok {
		return Header{}, text, false
	}
	level := levelRE.FindStringSubmatchIndex(rest)
	if level == nil {
		return Header{}, text, false
	}
	h.Time = at
	h.Thread = strings.TrimSpace(rest[:level[0]])
	h.Level = rest[level[2]:level[3]]
	rest = rest[level[3]:]
	if m := threadURL.FindStringSubmatch(h.Thread); m != nil {
		h.ThreadURL = m[1]
	}
	logger := loggerRE.FindStringSubmatchIndex(rest)
	if logger == nil {
		return h, strings.TrimSpace(rest), true
	}
	h.Logger = rest[logger[2]:logger[3]]
	h.request(strings.Fields(rest[:logger[0]]))
	return h, strings.TrimSpace(rest[logger[1]:]), true
}

var (
	stampRE   = regexp.MustCompile(`^(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d\d)(?:[,.](\d{1,9}))?\s?(Z\b|[+-]\d\d:?\d\d)?`)
	levelRE   = regexp.MustCompile(`(?:^|\s)(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?:\s|$)`)
	loggerRE  = regexp.MustCompile(`\s\[([A-Za-z0-9_.$-]*)\](?:\s|$)`)
	threadURL = regexp.MustCompile(`\burl:\s?(/[^\s;]*)`)
	requestID = regexp.MustCompile(`^[0-9Xx]+x[0-9Xx]+x[0-9Xx]+$`)
	address   = regexp.MustCompile(`^[0-9A-Fa-fXx.:,%\[\]-]*[.:][0-9A-Fa-fXx.:,%\[\]-]*$`)
)

// parseTime reads the timestamp at the start of a line. An offset may be
// missing (Jira 7 and older). A time that cannot be, such as minute 72, is the
// zero time: the event is one all the same.
func parseTime(line string, zone *time.Location) (t time.Time, rest string, ok bool) {
	m := stampRE.FindStringSubmatch(line)
	if m == nil {
		return time.Time{}, line, false
	}
	if zone == nil {
		zone = time.Local
	}
	stamp := m[1] + "-" + m[2] + "-" + m[3] + " " + m[4]
	layout := time.DateTime
	if m[5] != "" {
		stamp += "." + m[5]
		layout += "." + strings.Repeat("0", len(m[5]))
	}
	var err error
	switch offset := strings.ReplaceAll(m[6], ":", ""); offset {
	case "":
		t, err = time.ParseInLocation(layout, stamp, zone)
	case "Z":
		t, err = time.ParseInLocation(layout, stamp, time.UTC)
	default:
		t, err = time.Parse(layout+"-0700", stamp+offset)
	}
	if err != nil {
		t = time.Time{}
	}
	return t, line[len(m[0]):], true
}

// request sorts the fields between level and logger: user, request ID, session
// ID, addresses, URL. Any of them may be missing.
func (h *Header) request(fields []string) {
	if n := len(fields); n > 0 && strings.HasPrefix(fields[n-1], "/") {
		h.URL = fields[n-1]
		fields = fields[:n-1]
	}
	if n := len(fields); n > 1 && address.MatchString(fields[n-1]) {
		h.Client = fields[n-1]
		fields = fields[:n-1]
	}
	for i := len(fields) - 1; i >= 0; i-- {
		if !requestID.MatchString(fields[i]) {
			continue
		}
		h.RequestID = fields[i]
		if i+1 < len(fields) {
			h.Session = fields[i+1]
		}
		fields = fields[:i]
		break
	}
	h.User = strings.Join(fields, " ")
}
