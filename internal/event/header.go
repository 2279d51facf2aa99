package event

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Header is what Jira's layout puts before the message of an event:
//
//	date thread level user request-id session-id addresses url [logger] message
//
// A field that the log does not give is empty; one that somebody has masked
// stands as it is.
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
	line := string(trimPasted(bare([]byte(text))))
	if isJSON([]byte(line)) {
		return parseJSON(line)
	}
	at, rest, ok := parseTime(line, zone)
	if !ok {
		return Header{}, text, false
	}
	level := levelRE.FindStringSubmatchIndex(rest)
	if level == nil {
		return Header{}, text, false
	}
	h.Time = at
	h.Thread = strings.Join(strings.Fields(rest[:level[0]]), " ")
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
	stampRE   = regexp.MustCompile(`^(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d+)(?:[,.](\d+))?(?:\s?(Z|[+-]\d\d:?\d\d)(?:\s|$))?`)
	levelRE   = regexp.MustCompile(`(?:^|\s)(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?:\s|$)`)
	loggerRE  = regexp.MustCompile(`\s\[([A-Za-z0-9_.$-]*)\](?:\s|$)`)
	threadURL = regexp.MustCompile(`\burl:\s*(/[^\s;]*)`)
	requestID = regexp.MustCompile(`^\d+x\d+x\d+$`)
	maskedID  = regexp.MustCompile(`^[0-9X]+x[0-9X]+x[0-9X]+$`)
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
	if fraction := m[5][:min(len(m[5]), 9)]; fraction != "" {
		stamp += "." + fraction
		layout += "." + strings.Repeat("0", len(fraction))
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
		first := n - 1
		for first > 1 && strings.HasSuffix(fields[first-1], ",") {
			first-- // a list with blanks, or one that was wrapped
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
			h.Client = strings.Join(fields[at+2:], " ") // by its place: masked, or of a form of its own
		}
		fields = fields[:at]
	}
	h.User = strings.Join(fields, " ")
}

// idField is the place of the request ID among user, request ID and session
// ID, -1 when it is not there. Where all three are masked alike, only their
// number tells.
func idField(fields []string) int {
	for _, shape := range []*regexp.Regexp{requestID, maskedID} {
		if at := slices.IndexFunc(fields, shape.MatchString); at >= 0 {
			return at
		}
	}
	masked := func(s string) bool { return strings.Trim(s, "Xx*") == "" }
	if len(fields) == 3 && masked(fields[0]) && masked(fields[1]) && masked(fields[2]) {
		return 1
	}
	return -1
}
