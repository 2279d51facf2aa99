package event_test

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/tailer"
)

// in is a line as the member of an object.
func in(format, line string) string {
	text, _ := json.Marshal(line)
	return fmt.Sprintf(format, text)
}

// Whatever envelope a collector puts around each line, and whatever it
// escapes, the lines are put together to the same events; the text that only
// looks for something finds it too.
func TestEnvelopes(t *testing.T) {
	asBytes := func(line string) string {
		text, _ := json.Marshal(strings.Split(fmt.Sprint([]byte(line)), " "))
		return strings.NewReplacer(`"`, "", "[[", "[", "]]", "]").Replace(string(text))
	}
	for name, wrap := range map[string]func(line string) string{
		"docker json-file": func(l string) string {
			return in(`{"log":%s,"stream":"stdout","time":"2024-03-05T08:07:03.1Z"}`, l+"\n")
		},
		"fluent bit":               func(l string) string { return in(`{"date":1.5,"kubernetes":{"labels":{"message":"x"}},"log":%s}`, l) },
		"vector":                   func(l string) string { return in(`{"file":"x","host":"n1","message":%s,"timestamp":"2024"}`, l) },
		"spaces":                   func(l string) string { return in(`{ "message" : %s }`, l) },
		"escaped slashes":          func(l string) string { return strings.ReplaceAll(in(`{"message":%s}`, l), "/", `\/`) },
		"filebeat, event.original": func(l string) string { return in(`{"message":"ok","event":{"original":%s}}`, l) },
		"event.original, flat":     func(l string) string { return in(`{"event.original":%s}`, l) },
		"journalctl":               func(l string) string { return in(`{"MESSAGE":%s,"PRIORITY":"6"}`, l) },
		"journalctl, not UTF-8":    func(l string) string { return `{"PRIORITY":"6","MESSAGE":` + asBytes(l) + `}` },
		"journalctl, older":        func(l string) string { return `{ "MESSAGE" : ` + strings.ReplaceAll(asBytes(l), ",", ", ") + ` }` },
		"opentelemetry":            func(l string) string { return in(`{"body":{"stringValue":%s}}`, l) },
		"opentelemetry, a file": func(l string) string {
			return in(`{"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":%s}}]}]}]}`, l)
		},
		"gelf":                   func(l string) string { return in(`{"version":"1.1","short_message":"x","full_message":%s}`, l) },
		"search result":          func(l string) string { return in(`{"_source":{"message":%s}}`, l) },
		"an envelope in another": func(l string) string { return in(`{"log":%s}`, in(`{"msg":%s}`, l)+"\n") },
		"in a kubernetes file":   func(l string) string { return "2024-03-05T08:07:03.12Z stdout F " + in(`{"line":%s}`, l) },
		"cut off":                func(l string) string { return strings.TrimSuffix(in(`{"log":%s`, l), `"`) },
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			for _, line := range []string{nextEvent, flowEvent, traceLine, "java.lang.IllegalStateException: x", nextEvent} {
				lines = append(lines, wrap(line))
			}
			failure := flowEvent + "\n" + traceLine + "\njava.lang.IllegalStateException: x"
			if got, want := assembleLines(t, lines), []taken{{nextEvent, 1, 1}, {failure, 3, 4}, {nextEvent, 1, 5}}; !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
			if got := assemble(t, &event.Assembler{Find: found}, &cuts{text: ended(lines)}); len(got) != 1 || got[0].Text != failure {
				t.Errorf("looking for a word takes %+v", got)
			}
			if h, _, ok := event.Parse(lines[1], nil); !ok || h.User != "admin" || !event.IsJira([]byte(lines[1])) {
				t.Errorf("parsed as %+v %v", h, ok)
			}
		})
	}
}

// An envelope with several lines holds what they are; events that end within it
// end with it, since no position is within a line.
func TestEnvelopeOfSeveral(t *testing.T) {
	one := in(`{"log":%s}`, flowEvent+"\r\n"+traceLine)
	three := in(`{"log":%s}`, traceLine+"\n"+nextEvent+"\n"+flowEvent)
	want := []taken{{flowEvent + "\n" + traceLine + "\n" + traceLine, 3, 2}, {nextEvent, 1, 2}, {flowEvent, 1, 2}, {nextEvent, 1, 3}}
	if got := assembleLines(t, []string{one, three, nextEvent}); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// What is no envelope stays as it is: an answer of a provider, and an event
// that was taken apart, whose message may be a user's text.
func TestNoEnvelope(t *testing.T) {
	for _, line := range []string{
		`{"error":"invalid_client","message":"` + nextEvent + `"}`,
		`{"timestamp":"2024-03-05T08:07:03,7Z","level":"INFO","logger":"root","message":"` + nextEvent + `"}`,
		`{"time":"x","log.logger":"com.example.X","message":"` + nextEvent + `"}`,
		`{"a":1}`, `{"log":7}`, `{}`, `{`, `{"log`, strings.Repeat(`{"log":`, 200) + `"` + nextEvent + `"` + strings.Repeat("}", 200),
	} {
		if got := event.Unwrapped(line); got != line {
			t.Errorf("%s\nbecomes %q", line, got)
		}
	}
}

// Jira's header is told from that of other logs that begin with a date.
func TestIsJira(t *testing.T) {
	for line, want := range map[string]bool{
		flowEvent: true, nextEvent: true, "jira-1 | " + nextEvent: true, in(`{"log":%s}`, traceLine+"\n"+nextEvent): true,
		`{"timestamp":"2024-03-05T08:07:03,7Z","level":"INFO","logger":"com.atlassian.X","message":"ok"}`: true,
		"2024-03-05 09:07:03.021  INFO 1 --- [main] o.s.Boot : x":                                         false,
		"2024/03/05 09:07:03 [error] 1#1: x":                                                              false, "2024-03-05 09:07:03,021 - root - ERROR - " +
			"x": false,
		"05-Mar-2024 09:07:03.021 INFO [main] org.apache.catalina.X.y z": false, traceLine: false, "": false,
	} {
		if got := event.IsJira([]byte(line)); got != want {
			t.Errorf("IsJira(%q) = %v", line, got)
		}
	}
}

// pasted are the events of a text that a person hands over.
func pasted(t *testing.T, text string) (list []string) {
	t.Helper()
	var a event.Assembler
	var p event.Paste
	take := func(e event.Event) {
		if strings.TrimSpace(string(e.Text)) != "" {
			list = append(list, strings.TrimRight(string(e.Text), "\n"))
		}
	}
	blocks(t, event.Pasted(strings.NewReader(text)), func(b tailer.Block) {
		for line := range strings.Lines(string(b.Text)) {
			if text, apart := p.Line([]byte(line)); apart {
				a.Flush(take)
			} else {
				a.Block(tailer.Block{Text: append(text, '\n')}, take)
			}
		}
	})
	a.Flush(take)
	return list
}

// However lines were copied, they are the same events.
func TestPaste(t *testing.T) {
	each := func(f func(n int, line string) string) string {
		text := ""
		for i, line := range []string{flowEvent, traceLine, "7 lines", nextEvent} {
			text += f(i+9, line) + "\n"
		}
		return text
	}
	grep := func(name string) string {
		return each(func(n int, line string) string {
			if line == flowEvent || line == nextEvent {
				return fmt.Sprintf("%s%d:%s", name, n, line)
			}
			return fmt.Sprintf("%s%d-%s", strings.TrimSuffix(name, ":")+strings.Repeat("-", min(len(name), 1)), n, line)
		})
	}
	wide := func(text string, at, by int) string {
		b := []byte{}
		for _, c := range utf16.Encode([]rune("\ufeff" + text)) {
			two := [2]byte{}
			two[at], two[by] = byte(c), byte(c>>8)
			b = append(b, two[:]...)
		}
		return string(b)
	}
	plain := each(func(_ int, line string) string { return line })
	objects := each(func(_ int, line string) string { return in(`{"a":{"message":%s}}`, line) })
	for name, text := range map[string]string{
		"plain": plain, "CRLF": strings.ReplaceAll(plain, "\n", "\r\n"), "UTF-16, little": wide(plain, 0, 1), "UTF-16, big": wide(plain, 1,
			0), "UTF-8 with a mark": "\ufeff" + plain,
		"no-break spaces": strings.Replace(plain, " http-nio", "\u00a0http-nio", 1), "colors": "\x1b[35m" +
			strings.Replace(plain, "ERROR", "\x1b[31mERROR\x1b[0m", 1),
		"grep -n":       each(func(n int, line string) string { return fmt.Sprintf("%d:%s", n, line) }),
		"grep -nA":      grep(""),
		"grep -HnA":     grep("log/atlassian-jira-1.log.2:"),
		"grep -H":       each(func(_ int, line string) string { return "a-1.log:" + line }),
		"Select-String": grep(`C:\Jira Home\log\atlassian-jira.log:`),
		"Select-String -Context": each(func(n int, line string) string {
			return map[bool]string{true: "> ", false: "  "}[line[0] == '2'] + fmt.Sprintf(`C:\jira.log:%d:%s`, n, line)
		}),
		"cat -n":            each(func(n int, line string) string { return fmt.Sprintf("%6d\t%s", n, line) }),
		"page with numbers": each(func(n int, line string) string { return fmt.Sprintf("%d %s", n, line) }),
		"all numbers first": "1 2 3 4 " + plain,
		"indented":          each(func(_ int, line string) string { return "    " + line }),
		"journal export":    each(func(_ int, line string) string { return "__CURSOR=s=1\n_PID=1\nMESSAGE=" + line + "\nPRIORITY=6\n" }),
		"journal, verbose":  each(func(_ int, line string) string { return "    _PID=1\n    MESSAGE=" + line }),
		"JSON lines":        objects,
		"JSON, one array":   "[" + strings.ReplaceAll(strings.TrimSpace(objects), "\n", ",\n") + "]",
		"JSON over lines":   strings.ReplaceAll(strings.ReplaceAll(objects, `{"`, "{\n  \""), "}\n", "\n}\n"),
	} {
		got := pasted(t, text)
		if len(got) == 3 && strings.Contains(got[0], "_PID=1") { // before the journal is known to be one
			got = got[1:]
		}
		for i, e := range got { // prefixes of what a header has begun are gone, and so are blank lines
			got[i] = strings.Join(strings.FieldsFunc(e, func(r rune) bool { return r == '\n' || r == '\r' }), "\n")
		}
		if name == "indented" {
			got[0] = strings.ReplaceAll(strings.ReplaceAll(got[0], "        ", "    "), "\n    7", "\n7")
		}
		if want := []string{flowEvent + "\n" + traceLine + "\n7 lines", nextEvent}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: events\n%q\nwant\n%q", name, got, want)
		}
	}
}

// In a log as Jira wrote it nothing but a line's beginning is a header, and a
// separator is one only where grep wrote it.
func TestPasteLeavesLogs(t *testing.T) {
	text := nextEvent + "\n    a.log:3:" + flowEvent + "\n    3 " + flowEvent + "\nb:" + flowEvent + "\n--\n407 x"
	if got := pasted(t, text); len(got) != 1 || got[0] != text {
		t.Errorf("events %q", got)
	}
	if got := pasted(t, "1:"+nextEvent+"\n--\nsomething else"); len(got) != 2 {
		t.Errorf("events %q", got)
	}
}

// FuzzPaste: no text takes long or ends the program, and none is dropped but
// marks and the journal's fields.
func FuzzPaste(f *testing.F) {
	f.Add("[{\"log\":\"x\"},1]")
	f.Add("\xff\xfe2\x000\xd8\xd8")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := io.ReadAll(event.Pasted(strings.NewReader(text)))
		if err != nil {
			t.Fatal(err)
		}
		var p event.Paste
		for line := range strings.Lines(string(all)) {
			p.Line([]byte(line))
		}
	})
}
