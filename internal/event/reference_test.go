package event_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
)

// The header as regular expressions take it apart: what Parse does by hand.
var (
	stampRE   = regexp.MustCompile(`^(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d+)(?:[,.](\d+))?(?:\s?(Z|[+-]\d\d:?\d\d)(?:\s|$))?`)
	levelRE   = regexp.MustCompile(`(?:^|\s)(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?:\s|$)`)
	loggerRE  = regexp.MustCompile(`\s\[([A-Za-z0-9_.$-]*)\](?:\s|$)`)
	gluedRE   = regexp.MustCompile(`\s\[([A-Za-z][A-Za-z0-9_$-]*\.[A-Za-z0-9_.$-]*)\]`)
	threadURL = regexp.MustCompile(`\burl:\s*(/[^\s;]*)`)
	requestID = regexp.MustCompile(`^\d+x\d+x\d+$`)
	maskedID  = regexp.MustCompile(`^[0-9X]+x[0-9X]+x[0-9X]+$`)
	space     = regexp.MustCompile(`[ \t\n\f\r]+`)
	mailLog   = regexp.MustCompile(`^ *\[([^\]]*)\](?:\s+(Caesium-|QuartzScheduler_|scheduler_))?`)
	loggerish = regexp.MustCompile(`^[A-Za-z0-9_.$-]*\.[A-Za-z0-9_.$-]*$`)
	address   = regexp.MustCompile(`^[0-9A-Fa-fXx.:,%\[\]-]*[.:][0-9A-Fa-fXx.:,%\[\]-]*$`)
)

func parseSlowly(text string, zone *time.Location) (h event.Header, message string, ok bool) {
	line := event.Stripped(text)
	m := stampRE.FindStringSubmatch(line)
	if m == nil {
		return event.Header{}, text, false
	}
	if line[len("dddd-dd-dd")] == 'T' && !levelRE.MatchString(line[:min(len(line), 400)]) {
		return event.Header{}, text, false
	}
	rest := line[len(m[0]):]
	level := levelRE.FindStringSubmatchIndex(rest)
	if level == nil {
		return event.Header{}, text, false
	}
	h.Time = timeSlowly(m, zone)
	h.Thread = strings.Join(strings.Fields(rest[:level[0]]), " ")
	h.Level = rest[level[2]:level[3]]
	rest = rest[level[3]:]
	if m := threadURL.FindStringSubmatch(h.Thread); m != nil {
		h.ThreadURL = m[1]
	}
	if m := mailLog.FindStringSubmatch(rest); h.Thread == "" && m != nil && (m[2] != "" || !loggerish.MatchString(m[1])) {
		h.MailLog = true
		return h, strings.TrimSpace(rest), true
	}
	var logger []int
	for from := 0; logger == nil; {
		m := loggerRE.FindStringSubmatchIndex(rest[from:])
		if m == nil {
			break
		}
		for i := range m {
			m[i] += from
		}
		if !slices.Contains([]string{"user", "session", "ip", "host", "redacted", "opaque"}, rest[m[2]:m[3]]) && !inUserSlowly(rest[:m[0]], rest[m[3]+1:]) {
			logger = m
		}
		from = m[3] + 1
	}
	if logger == nil {
		logger = gluedRE.FindStringSubmatchIndex(rest)
	}
	if logger == nil {
		return h, strings.TrimSpace(rest), true
	}
	h.Logger = rest[logger[2]:logger[3]]
	requestSlowly(&h, strings.Fields(rest[:logger[0]]))
	return h, strings.TrimSpace(rest[logger[1]:]), true
}

func inUserSlowly(before, after string) bool {
	split := func(s string) []string { return space.Split(strings.Trim(s, " \t\n\f\r"), -1) }
	words := split(after)
	id := slices.IndexFunc(words[:min(len(words), 3)], requestID.MatchString)
	if id < 0 || slices.ContainsFunc(split(before), requestID.MatchString) {
		return false
	}
	return slices.ContainsFunc(words[id+1:min(len(words), id+4)], func(w string) bool {
		return strings.HasPrefix(w, "/") || address.MatchString(w)
	})
}

func timeSlowly(m []string, zone *time.Location) time.Time {
	text, layout := m[1]+"-"+m[2]+"-"+m[3]+" "+m[4], time.DateTime
	if fraction := m[5][:min(len(m[5]), 9)]; fraction != "" {
		text += "." + fraction
		layout += "." + strings.Repeat("0", len(fraction))
	}
	var t time.Time
	var err error
	switch offset := strings.ReplaceAll(m[6], ":", ""); offset {
	case "":
		t, err = time.ParseInLocation(layout, text, zone)
	case "Z":
		t, err = time.ParseInLocation(layout, text, time.UTC)
	default:
		t, err = time.Parse(layout+"-0700", text+offset)
	}
	if err != nil {
		return time.Time{}
	}
	return t
}

func requestSlowly(h *event.Header, fields []string) {
	if n := len(fields); n > 0 && strings.HasPrefix(fields[n-1], "/") {
		h.URL = fields[n-1]
		fields = fields[:n-1]
	}
	if n := len(fields); n > 1 && address.MatchString(fields[n-1]) {
		first := n - 1
		for first > 1 && strings.HasSuffix(fields[first-1], ",") {
			first--
		}
		h.Client = strings.Join(fields[first:], " ")
		fields = fields[:first]
	}
	at := slices.IndexFunc(fields, requestID.MatchString)
	if at < 0 {
		at = slices.IndexFunc(fields, maskedID.MatchString)
	}
	masked := func(s string) bool { return strings.Trim(s, "Xx*") == "" }
	if at < 0 && len(fields) == 3 && masked(fields[0]) && masked(fields[1]) && masked(fields[2]) {
		at = 1
	}
	if at >= 0 {
		h.RequestID = fields[at]
		if at+1 < len(fields) {
			h.Session = fields[at+1]
		}
		if at+2 < len(fields) && h.Client == "" {
			h.Client = strings.Join(fields[at+2:], " ")
		}
		fields = fields[:at]
	}
	h.User = strings.Join(fields, " ")
}

// sameHeader compares Parse with the expressions.
func sameHeader(t *testing.T, text string) {
	t.Helper()
	if event.IsJSON(event.Stripped(text)) {
		return
	}
	zone := time.FixedZone("Paris", 3600)
	h, message, ok := event.Parse(text, zone)
	wantH, wantMessage, wantOK := parseSlowly(text, zone)
	same := h.Time.Equal(wantH.Time) && h.Time.String() == wantH.Time.String()
	h.Time, wantH.Time = time.Time{}, time.Time{}
	if !same || h != wantH || message != wantMessage || ok != wantOK {
		t.Fatalf("Parse(%q)\n got %+v %q %v\nwant %+v %q %v", text, h, message, ok, wantH, wantMessage, wantOK)
	}
}

// Parse takes a header apart as the regular expressions do, over random
// mixtures of what headers are made of.
func TestShapes(t *testing.T) {
	pieces := []string{
		"2024-03-05 09:07:03,021+0000", "2024/03/05T09:07:03.021Z", "2024-03-05 09:07:03", "2024-03-05 09:07:072,7", "2024-13-05 " +
			"09:72:03,0210004567+9900", "2024-03-05 09:07:03,", ",021", ".5",
		"+0100", "+05:30", "-0500", "+1", "+12345", "Z", "Z-worker", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\x85", "\v", "\x00",
		"http-nio-8080-exec-7", "url: " +
			"/rest/x;", "url:/rest/oau...flow/1", "user:", "ERROR", "WARN", "WARNING", "[ERROR]", "INFO", "mira", "547x294x1", "XXXxXXXXxX", "1x2",
		"1x2x3x4", "xx", "***", "4eic3i", "-",
		"10.0.0.7", "10.0.0.7,", "fe80:0:0:0:1:2:3:4%eth0", "[2001:db8::1]:4431", "XX.XX", "/rest/oauth2-client/x", "[c.a.o.c.X]", "[]", "[c " +
			"a]", "[c.a.o.c.X]]", "[c.a.o.c.X", "[c.a$1-b_c]", "[c.a.o.c.X]It failed.", "[10.0.0.7]x", "[X]y", "It failed.", "é", "> ", "\u201c",
		"jira-1 | ", "[INFO] [x] ", "[session]", "[user]", "[ip]",
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 200_000 {
		var b strings.Builder
		if random.IntN(4) > 0 {
			b.WriteString(pieces[random.IntN(6)])
		}
		for range random.IntN(14) {
			b.WriteString(pieces[random.IntN(len(pieces))])
			if random.IntN(5) > 0 {
				b.WriteByte(' ')
			}
		}
		sameHeader(t, b.String())
	}
}

// FuzzShapes: Parse takes a header apart as the regular expressions do.
func FuzzShapes(f *testing.F) {
	f.Add("2024-03-05 09:07:03,021+0000 http-nio-8080-exec-7 url: /a; user: mira ERROR mira 547x294x1 4eic3i 10.0.0.7 " +
		"/rest/oauth2-client/latest/config/flow/1 [c.a.o.c.X] It failed.")
	f.Add("2024/03/05T09:07:03.5 +05:30\tx\nFATAL XX XxXxX [2001::1], 10.0.0.1 [] ")
	f.Fuzz(sameHeader)
}

// BenchmarkParse is the header of a failure.
func BenchmarkParse(b *testing.B) {
	text := "2024-03-05 09:07:03,021+0000 http-nio-8080-exec-7 ERROR mira 547x294x1 4eic3i 10.0.0.7 " + flow + " [" + logger + "] " +
		strings.Repeat("It failed. ", 40)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := event.Parse(text, time.UTC); !ok {
			b.Fatal("no header")
		}
	}
}
