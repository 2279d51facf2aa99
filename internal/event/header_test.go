package event_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
)

const (
	flow   = "/rest/oauth2-client/latest/config/flow/0f8fad5b-d9cb-469f-a165-70867728950e"
	logger = "c.a.o.c.rest.resource.ClientConfigurationResource"
)

// full is the header of most cases, without thread and time.
func full(change func(*event.Header)) event.Header {
	h := event.Header{
		Time: time.Date(2024, 3, 5, 9, 7, 3, 21e6, time.UTC), Thread: "http-nio-8080-exec-7", Level: "ERROR", User: "mira",
		RequestID: "547x294x1", Session: "4eic3i", Client: "10.0.0.7", URL: flow, Logger: logger,
	}
	if change != nil {
		change(&h)
	}
	return h
}

// Every form of header that is written or pasted is taken apart by the shape of
// its fields.
func TestParse(t *testing.T) {
	const (
		stamp = "2024-03-05 09:07:03,021+0000 "
		start = stamp + "http-nio-8080-exec-7 ERROR "
		mid   = "mira 547x294x1 4eic3i 10.0.0.7 "
		end   = flow + " [" + logger + "] It failed."
	)
	paris := time.FixedZone("Paris", 3600)
	at := func(h, m int) func(*event.Header) {
		return func(e *event.Header) { e.Time = time.Date(2024, 3, 5, h, m, 3, 21e6, time.UTC) }
	}
	thread := func(name string) func(*event.Header) { return func(h *event.Header) { h.Thread = name } }
	user := func(name string) func(*event.Header) { return func(h *event.Header) { h.User = name } }
	client := func(list string) func(*event.Header) { return func(h *event.Header) { h.Client = list } }
	timed := func(stamp string) string { return stamp + " http-nio-8080-exec-7 ERROR " + mid + end }
	noTime := func(h *event.Header) { h.Time = time.Time{} }
	bare := func(thread, level, user, logger string) event.Header {
		return event.Header{Time: time.Date(2024, 3, 5, 9, 7, 3, 21e6, time.UTC), Thread: thread, Level: level, User: user, Logger: logger}
	}
	tests := []struct {
		name, text string
		want       event.Header
		message    string // "It failed." when empty
	}{
		{"standard", start + mid + end, full(nil), ""},
		{"URL and user in the thread", stamp + "http-nio-8080-exec-7 url: " + flow + "; user: mira ERROR " + mid + end, full(func(h *event.Header) {
			h.Thread, h.ThreadURL = "http-nio-8080-exec-7 url: "+flow+"; user: mira", flow
		}), ""},
		{"URL in the thread without blank or user", stamp + "http-nio-8080-exec-7 url:/rest/oau...flow/1 ERROR " + mid + end, full(func(h *event.Header) {
			h.Thread, h.ThreadURL = "http-nio-8080-exec-7 url:/rest/oau...flow/1", "/rest/oau...flow/1"
		}), ""},
		{"URL wrapped in the thread", stamp + "http-nio-8080-exec-7 url:\n    " + flow + ";\nuser: mira ERROR " + mid + end, full(func(h *event.Header) {
			h.Thread, h.ThreadURL = "http-nio-8080-exec-7 url: "+flow+"; user: mira", flow
		}), ""},
		{"wrapped over two lines", strings.Replace(start+mid+end, " /rest", "\n/rest", 1), full(nil), ""},
		{"wrapped over four lines", start + "mira\n547x294x1 4eic3i 10.0.0.7\n" + flow + "\n[" + logger + "] It failed.", full(nil), ""},
		{"wrapped over six lines", strings.TrimSpace(stamp) + "\nhttp-nio-8080-exec-7\nERROR mira\n547x294x1\n4eic3i 10.0.0.7 " + flow + "\n[" + logger +
			"]\nIt failed.", full(nil), ""},
		{"wrapped and indented", start + "mira\n\t547x294x1 4eic3i 10.0.0.7\n    " + flow + " [" + logger + "]\n    It failed.", full(nil), ""},
		{"CRLF between wrapped lines", start + "mira\r\n547x294x1 4eic3i 10.0.0.7\r\n" + flow + "\r\n[" + logger + "]\r\nIt failed.\r\n", full(nil), ""},
		{"lone carriage return", start + mid + flow + "\r[" + logger + "]\rIt failed.", full(nil), ""},
		{"user missing, double space", start + " 547x294x1 4eic3i 10.0.0.7 " + end, full(user("")), ""},
		{"user absent", start + "547x294x1 4eic3i 10.0.0.7 " + end, full(user("")), ""},
		{"user with dots and capitals", start + "Mira.K.Berg 547x294x1 4eic3i 10.0.0.7 " + end, full(user("Mira.K.Berg")), ""},
		{"user with blanks", start + "mira k berg 547x294x1 4eic3i 10.0.0.7 " + end, full(user("mira k berg")), ""},
		{"user like an address", start + "10.0.0.9 547x294x1 4eic3i 10.0.0.7 " + end, full(user("10.0.0.9")), ""},
		{"user like a mail address", start + "mira@corp.example 547x294x1 4eic3i 10.0.0.7 " + end, full(user("mira@corp.example")), ""},
		{"session unset", start + "mira 547x294x1 - 10.0.0.7 " + end, full(func(h *event.Header) { h.Session = "-" }), ""},
		{"session missing", start + "mira 547x294x1  10.0.0.7 " + end, full(func(h *event.Header) { h.Session = "" }), ""},
		{"IPv6", start + "mira 547x294x1 4eic3i 2001:db8:0:0:0:0:0:1 " + end, full(client("2001:db8:0:0:0:0:0:1")), ""},
		{"IPv6 with zone", start + "mira 547x294x1 4eic3i fe80:0:0:0:1:2:3:4%eth0 " + end, full(client("fe80:0:0:0:1:2:3:4%eth0")), ""},
		{"addresses mixed", start + "mira 547x294x1 4eic3i 192.0.2.9,[2001:db8::1]:4431,0:0:0:0:0:0:0:1 " + end,
			full(client("192.0.2.9,[2001:db8::1]:4431,0:0:0:0:0:0:0:1")), ""},
		{"addresses with blanks", start + "mira 547x294x1 4eic3i 192.0.2.9, 10.0.0.7, 127.0.0.1 " + end, full(client("192.0.2.9, 10.0.0.7, 127.0.0.1")), ""},
		{"addresses wrapped behind a comma", start + "mira 547x294x1 4eic3i 192.0.2.9,\n10.0.0.7 " + end, full(client("192.0.2.9, 10.0.0.7")), ""},
		{"no request ID", start + "mira 192.0.2.9, 10.0.0.7 " + end, full(func(h *event.Header) {
			h.RequestID, h.Session, h.Client = "", "",
				"192.0.2.9, 10.0.0.7"
		}), ""},
		{"user masked like a request ID", start + "XXXxXXxXX 547x294x1 4eic3i 10.0.0.7 " + end, full(user("XXXxXXxXX")), ""},
		{"address masked with stars", start + "mira 547x294x1 4eic3i *** " + end, full(client("***")), ""},
		{"masked", start + "xxx XXXxXXXXxX XXXXX XX.XX.XXX.XX,XX.X.X.X /rest/oauth2-client/latest/config/flow/XXXXXXXX [" + logger + "] It failed.",
			full(func(h *event.Header) {
				h.User, h.RequestID, h.Session, h.Client = "xxx", "XXXxXXXXxX", "XXXXX", "XX.XX.XXX.XX,XX.X.X.X"
				h.URL = "/rest/oauth2-client/latest/config/flow/XXXXXXXX"
			}), ""},
		{"session masked like a request ID", start + "xxx 547x294x1 xxxxxxx xxx.xxx.xxx.xxx " + end, full(func(h *event.Header) {
			h.User, h.Session, h.Client = "xxx", "xxxxxxx", "xxx.xxx.xxx.xxx"
		}), ""},
		{"all masked alike", start + "xxxxxx xxxxxx xxxxxx xxx.xxx.xxx.xxx " + end, full(func(h *event.Header) {
			h.User, h.RequestID, h.Session, h.Client = "xxxxxx", "xxxxxx", "xxxxxx", "xxx.xxx.xxx.xxx"
		}), ""},
		{"offset +0100", timed("2024-03-05 10:07:03,021+0100"), full(at(9, 7)), ""},
		{"offset -0500", timed("2024-03-05 04:07:03,021-0500"), full(at(9, 7)), ""},
		{"offset +05:30", timed("2024-03-05 14:37:03,021+05:30"), full(at(9, 7)), ""},
		{"offset behind a blank", timed("2024-03-05 10:07:03,021 +0100"), full(at(9, 7)), ""},
		{"offset Z", timed("2024-03-05T09:07:03.021Z"), full(at(9, 7)), ""},
		{"no offset: the log's zone", timed("2024-03-05 10:07:03,021"), full(at(9, 7)), ""},
		{"thread like an offset", "2024-03-05 10:07:03,021 Z-worker ERROR " + mid + end, full(thread("Z-worker")), ""},
		{"no milliseconds", timed("2024-03-05 10:07:03"), full(func(h *event.Header) { h.Time = time.Date(2024, 3, 5, 9, 7, 3, 0, time.UTC) }), ""},
		{"nanoseconds", timed("2024-03-05T09:07:03.021000456Z"), full(func(h *event.Header) { h.Time = h.Time.Add(456) }), ""},
		{"more digits than a nanosecond has", timed("2024-03-05T09:07:03.0210004567Z"), full(func(h *event.Header) { h.Time = h.Time.Add(456) }), ""},
		{"slashes", timed("2024/03/05 09:07:03,021+0000"), full(nil), ""},
		{"seconds of three digits", timed("2024-03-05 07:07:072,777"), full(noTime), ""},
		{"minute 72", timed("2024-03-05 07:72:07,777"), full(noTime), ""},
		{"month 13", timed("2024-13-05 07:07:07,777+0000"), full(noTime), ""},
		{"offset of 99 hours", timed("2024-03-05 07:07:07,777+9900"), full(noTime), ""},
		{"thread with blanks and a colon", stamp + "indexer:thread - 0 ERROR " + mid + end, full(thread("indexer:thread - 0")), ""},
		{"thread with colons", stamp + "TaskExecutor::Thread 31 ERROR " + mid + end, full(thread("TaskExecutor::Thread 31")), ""},
		{"thread in brackets", stamp + "[scheduler_Worker-3] [x] ERROR " + mid + end, full(thread("[scheduler_Worker-3] [x]")), ""},
		{"thread with an address", stamp + "ajp-nio-127.0.0.1-8009-exec-10 ERROR " + mid + end, full(thread("ajp-nio-127.0.0.1-8009-exec-10")), ""},
		{"thread whose name holds a level", stamp + "ERROR-poller WARNING ERROR " + mid + end, full(thread("ERROR-poller WARNING")), ""},
		{"no thread", stamp + "ERROR " + mid + end, full(thread("")), ""},
		{"empty logger", start + mid + flow + " [] It failed.", full(func(h *event.Header) { h.Logger = "" }), ""},
		{"unset fields leave spaces", stamp + "JIRA-Bootstrap INFO      [c.a.jira.startup.Launcher] It failed.",
			bare("JIRA-Bootstrap", "INFO", "", "c.a.jira.startup.Launcher"), ""},
		{"only the user is set", stamp + "Caesium-1-3 WARN ServiceRunner     [c.a.s.Scheduler$1] It failed.",
			bare("Caesium-1-3", "WARN", "ServiceRunner", "c.a.s.Scheduler$1"), ""},
		{"only the user, with dots", stamp + "Caesium-1-3 WARN ada.bee     [c.a.s.Scheduler] It failed.",
			bare("Caesium-1-3", "WARN", "ada.bee", "c.a.s.Scheduler"), ""},
		{"user and words of a queue", stamp + "Sending mailitem INFO ServiceRunner Mail Queue Service    [c.a.mail.Queue] It failed.",
			bare("Sending mailitem", "INFO", "ServiceRunner Mail Queue Service", "c.a.mail.Queue"), ""},
		{"FATAL", stamp + "main FATAL      [c.a.j.Checker] It failed.", bare("main", "FATAL", "", "c.a.j.Checker"), ""},
		{"first of two loggers", start + mid + end + " [c.a.j.Other] x", full(nil), "It failed. [c.a.j.Other] x"},
		{"no logger", stamp + "main ERROR It failed.", bare("main", "ERROR", "", ""), ""},
		{"header alone", start + mid + flow + " [" + logger + "]", full(nil), "-"},
		{"message on further lines", start + mid + flow + " [" + logger + "]\nIt\n\tfailed.", full(nil), "It\n\tfailed."},
		{"byte order mark", "\ufeff" + start + mid + end, full(nil), ""},
		{"curly quote", "\u201d" + start + mid + end, full(nil), ""},
		{"byte order mark and quote", "\ufeff\"" + start + mid + end, full(nil), ""},
		{"quote and byte order mark", "'\ufeff" + start + mid + end, full(nil), ""},
		{"quoted mail", "> " + start + mid + end, full(nil), ""},
		{"context path", start + mid + "/jira" + end, full(func(h *event.Header) { h.URL = "/jira" + flow }), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.message
			switch want {
			case "":
				want = "It failed."
			case "-":
				want = ""
			}
			h, message, ok := event.Parse(tt.text, paris)
			if !h.Time.IsZero() {
				h.Time = h.Time.UTC()
			}
			if !ok || !reflect.DeepEqual(h, tt.want) || message != want {
				t.Errorf("Parse(%q)\n got %+v, %q, %v\nwant %+v, %q, true", tt.text, h, message, ok, tt.want, want)
			}
			if first, _, _ := strings.Cut(tt.text, "\n"); !event.Begins([]byte(first)) {
				t.Errorf("Begins(%q) is false: the event would be put to the one before it", first)
			}
		})
	}
}

// What has no header is no event of Jira's, and its message is all of it.
func TestParseNoHeader(t *testing.T) {
	for _, text := range []string{
		"", " ", "\ufeff", "x", "2024", "2024-03-05", "2024-03-05 09:07", "2024-03-05 09:07:", "2024-03-05 09:07:03,021+0000",
		"2024/03/05 18:29:06 java.io.IOException: no segments file", "\tat com.example.Main.main(Main.java:25)",
		" 2024-03-05 09:07:03,021+0000 main ERROR      [c.a.j.Checker] indented", "Caused by: ERROR x [c.a.o.c.X] y",
		"10.0.0.7 547x294x1 mira [05/Mar/2024:09:07:03 +0000] \"GET / HTTP/1.1\" 200", "2024-03-05 09:07:03,021+0000 main WARNING x [c.a.j.Checker] x",
	} {
		if h, message, ok := event.Parse(text, nil); ok || message != text || h != (event.Header{}) {
			t.Errorf("Parse(%q) = %+v, %q, %v, want no header", text, h, message, ok)
		}
	}
}

// A timestamp without offset is of the zone that the log is said to have, also
// on the two nights when the offset changes.
func TestParseZone(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Skip(err)
	}
	for stamp, want := range map[string]string{
		"2024-01-15 12:00:00,000": "2024-01-15T11:00:00Z",
		"2024-07-15 12:00:00,000": "2024-07-15T10:00:00Z",
		"2024-03-31 03:00:00,000": "2024-03-31T01:00:00Z",
		"2024-10-27 03:00:00,000": "2024-10-27T02:00:00Z",
	} {
		h, _, _ := event.Parse(stamp+" main ERROR      [c.a.j.X] x", paris)
		if got := h.Time.UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s in Paris is %s, want %s", stamp, got, want)
		}
	}
}

// FuzzParse: whatever the text, the message is its end, and the fields of the
// header stand before it.
func FuzzParse(f *testing.F) {
	f.Add("2024-03-05 09:07:03,021+0000 http-nio-8080-exec-7 url: " + flow + "; user: mira ERROR mira 547x294x1 4eic3i 10.0.0.7 " + flow + " [" + logger +
		"] It failed.")
	f.Add("\ufeff2024/13/05T07:07:072,777-0500 a [b] FATAL      []\r\nx\n")
	f.Add("2024-03-05T09:07:03,021 " + strings.Repeat("a line of a collector ", 20) + " ERROR [a.b]") // too far for a header
	f.Add("> 2024-03-05 09:07:03.1Z WARN xxxxx xxxxx xxxxx *** 1.2.3.4, \n::1 /x [a$b]")
	f.Fuzz(func(t *testing.T, text string) {
		h, message, ok := event.Parse(text, time.UTC)
		if !ok {
			if message != text || h != (event.Header{}) {
				t.Errorf("Parse(%q) = %+v, %q without a header", text, h, message)
			}
			return
		}
		if !event.Begins([]byte(text)) {
			t.Errorf("Parse(%q) finds a header where no event begins", text)
		}
		head, whole := strings.CutSuffix(strings.TrimSpace(text), message)
		if !whole {
			t.Fatalf("the message %q is not the end of %q", message, text)
		}
		for _, field := range []string{h.Level, h.RequestID, h.Session, h.URL, h.ThreadURL, h.Logger} {
			if !strings.Contains(head, field) || strings.ContainsAny(field, " \r\n\t") {
				t.Errorf("the field %q is not in the header %q", field, head)
			}
		}
		for _, words := range []string{h.Thread, h.User, h.Client} {
			if !strings.Contains(strings.Join(strings.Fields(head), " "), words) {
				t.Errorf("the words %q are not in the header %q", words, head)
			}
		}
	})
}
