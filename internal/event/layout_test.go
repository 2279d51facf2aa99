package event_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
)

const (
	flowEvent = "2024-03-05 09:07:03,021+0100 http-nio-8080-exec-7 ERROR admin 542x294x1 4eic3i 10.0.0.1 " +
		"/rest/oauth2-client/latest/config/flow/0f8fad5b-d9cb-469f-a165-70867728950e [c.a.o.c.rest.resource.ClientConfigurationResource] Error occurred. " +
		"The error message is: AADSTS28000: x"
	traceLine = "    Trace ID: e32c07cf-b6b5-46e0-a570-00f7bd524700"
	nextEvent = "2024-03-05 09:07:04,000+0100 Caesium-1-2 INFO ServiceRunner     [c.a.j.X] ok"
)

// Whatever a collector puts before each physical line, the lines are put
// together to the same events.
func TestCollectorPrefixes(t *testing.T) {
	for name, prefix := range map[string]func(n int) string{
		"none":                        func(int) string { return "" },
		"docker compose":              func(int) string { return "jira-1           | " },
		"docker compose, unpadded":    func(int) string { return "jira | " },
		"kubectl --timestamps":        func(n int) string { return "2024-03-05T08:07:0" + string(rune('3'+n)) + ".123456789Z " },
		"kubernetes files":            func(n int) string { return "2024-03-05T08:07:0" + string(rune('3'+n)) + ".12+01:00 stdout F " },
		"syslog, RFC 3164":            func(int) string { return "Mar  5 09:07:03 jira-node-1 catalina.sh[4711]: " },
		"journalctl -o short-precise": func(int) string { return "Mar 05 09:07:03.123456 jira-node-1 start-jira.sh[4711]: " },
		"kubectl --prefix":            func(int) string { return "[pod/jira-0/jira] " },
		"syslog with a priority":      func(int) string { return "<134>Mar 15 09:07:03 jira-node-1 jira: " },
		"syslog, RFC 5424":            func(int) string { return "<134>1 2024-03-05T09:07:03.003Z jira-node-1 jira 4711 - - " },
		"rsyslog's files":             func(int) string { return "2024-03-05T09:07:03.003012+01:00 jira-node-1 jira[4711]: " },
		"docker compose -t":           func(n int) string { return "jira-1  | 2024-03-05T08:07:0" + string(rune('3'+n)) + ".123456789Z " },
		"docker compose, colors":      func(int) string { return "\x1b[36mjira-1  | \x1b[0m" },
		"kubectl --prefix -t":         func(int) string { return "[pod/jira-0/jira] 2024-03-05T08:07:03.123Z " },
		"maven":                       func(int) string { return "[INFO] [talledLocalContainer] " },
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			for i, line := range []string{nextEvent, flowEvent, traceLine, "", "java.lang.IllegalStateException: x", "\tat a.B.c(B.java:1)", nextEvent} {
				lines = append(lines, prefix(i)+line)
			}
			want := []taken{
				{nextEvent, 1, 1},
				{flowEvent + "\n" + traceLine + "\n\njava.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)", 5, 6},
				{nextEvent, 1, 7},
			}
			if got := assembleLines(t, lines); !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
			h, message, ok := event.Parse(lines[1]+"\n"+lines[2], nil)
			if !ok || h.User != "admin" || h.Client != "10.0.0.1" || !h.Time.Equal(time.Date(2024, 3, 5, 8, 7, 3, 21e6, time.UTC)) ||
				!strings.HasPrefix(message, "Error occurred.") {
				t.Errorf("parsed as %+v %q %v", h, message, ok)
			}
		})
	}
}

// Jira's JSON layout is an event a line; it names the logger in full, and a
// time in UTC with milliseconds that are not padded.
func TestJSONLayout(t *testing.T) {
	const object = `{"timestamp":"2024-03-05T08:07:03,7Z","level":"ERROR","serviceId":"jira","product":"jira","hostname":"n1","env":"x",` +
		`"pid":1,"thread":"http-nio-8080-exec-7 url: /rest/oauth2-client/latest/config/flow/0f8fad5b-d9cb-469f-a165-70867728950e; user: admin",` +
		`"logger":"com.atlassian.oauth2.client.rest.resource.ClientConfigurationResource",` +
		`"message":"Error occurred. The error message is: AADSTS28000: x\r\nTrace ID: y","err":{"msg":"Connection reset",` +
		`"class":"java.net.SocketException","stack":[{"file":"a"}]},"ctx":{"requestId":"542x294x1","sessionId":"4eic3i","userKey":"JIRAUSER10000"},` +
		`"location":{"class":"X"},"ext":{}}`
	const bare = `{"timestamp":"2024-03-05T08:07:03,021Z","level":"INFO","thread":"main","logger":"com.atlassian.jira.X","message":"ok"}`
	if got, want := assembleLines(t, []string{bare, object, object}), []taken{{bare, 1, 1}, {object, 1, 2}, {object, 1, 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	h, message, ok := event.Parse(object, time.UTC)
	want := event.Header{
		Time: time.Date(2024, 3, 5, 8, 7, 3, 7e6, time.UTC), Thread: "http-nio-8080-exec-7 url: " +
			"/rest/oauth2-client/latest/config/flow/0f8fad5b-d9cb-469f-a165-70867728950e; user: admin",
		Level: "ERROR", User: "JIRAUSER10000", RequestID: "542x294x1", Session: "4eic3i",
		ThreadURL: "/rest/oauth2-client/latest/config/flow/0f8fad5b-d9cb-469f-a165-70867728950e",
		Logger:    "com.atlassian.oauth2.client.rest.resource.ClientConfigurationResource",
	}
	if !ok || h != want {
		t.Errorf("parsed\n got %+v %v\nwant %+v", h, ok, want)
	}
	if want := "Error occurred. The error message is: AADSTS28000: x\r\n    Trace ID: y\njava.net.SocketException: Connection reset"; message != want {
		t.Errorf("message %q, want %q", message, want)
	}
	if cut, message, ok := event.Parse(object[:strings.Index(object, `,"ctx"`)-5], time.UTC); !ok || cut.Logger != want.Logger ||
		!strings.HasSuffix(message, "Trace ID: y") {
		t.Errorf("cut off: %+v %q %v", cut, message, ok)
	}
	for _, broken := range []string{`{"timestamp":"x","logger":5}`, `{"timestamp": "x", "logger": "y"}`,
		// A level that is none: what would print it must not be asked to.
		`{"timestamp":"x","level":"\u001b[31mERROR","logger":"y"}`, `{"timestamp":"x","level":"ERROR\u202e","logger":"y"}`,
		`{"timestamp":"x","level":" ERROR","logger":"y"}`, `{"timestamp":"x","level":"ERROR ` +
			`WARN","logger":"y"}`, `{"timestamp":"x","level":"SEVERE","logger":"y"}`} {
		if h, message, ok := event.Parse(broken, time.UTC); ok || message != broken {
			t.Errorf("Parse(%q) = %+v %q", broken, h, message)
		}
	}
	if event.Begins([]byte(`{"error":"invalid_client","timestamp":"x"}`)) {
		t.Error("an answer of a provider begins an event")
	}
}
