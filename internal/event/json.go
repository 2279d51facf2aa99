package event

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"strconv"
	"strings"
	"time"
)

// isJSON reports whether a line is an event in Jira's JSON layout
// (com.atlassian.logging.log4j.layout.JsonLayout and AtlassianJsonLayout): one object
// per line.
func isJSON(line []byte) bool {
	return bytes.HasPrefix(line, []byte(`{"`)) && bytes.Contains(line, []byte(`"timestamp":`)) &&
		bytes.Contains(line, []byte(`"logger":`))
}

// parseJSON takes an event in Jira's JSON layout apart, as far as it goes: a
// long one is cut off. It names no request URL, and the logger in full. Message and
// throwable come out as Jira's other layouts print them: further lines of the
// message are indented.
func parseJSON(line string) (h Header, message string, ok bool) {
	e := maps.Collect(Members(line))
	var thrown struct {
		Msg, Class string
		Stack      json.RawMessage
	}
	_ = json.Unmarshal(e["err"], &thrown)
	var ctx struct{ RequestID, SessionID, UserKey string }
	_ = json.Unmarshal(e["ctx"], &ctx)
	level, logger := strings.ToUpper(textOf(e, "level")), textOf(e, "logger")
	if from, to, known := levelOf(level); !known || to-from != len(level) || logger == "" {
		return Header{}, line, false
	}
	h = Header{
		Time: jsonTime(textOf(e, "timestamp")), Level: level, Logger: logger,
		Thread:    strings.Join(strings.Fields(textOf(e, "thread")), " "),
		RequestID: ctx.RequestID, Session: ctx.SessionID, User: ctx.UserKey,
	}
	h.ThreadURL = urlIn(h.Thread)
	indented := func(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ") }
	message = indented(textOf(e, "message"))
	var stack string
	switch _ = json.Unmarshal(thrown.Stack, &stack); { // a list of frames stays out
	case thrown.Class != "" && strings.HasPrefix(stack, thrown.Class):
		lead := thrown.Class + ": " // the exception's message may look like a stack trace
		if rest, ok := strings.CutPrefix(stack, lead+thrown.Msg); ok && thrown.Msg != "" {
			stack = lead + indented(thrown.Msg) + rest
		}
		message += "\n" + strings.TrimSpace(stack)
	case thrown.Class != "":
		message += strings.TrimRight("\n"+thrown.Class+": "+indented(thrown.Msg)+"\n"+stack, ": \r\n")
	case thrown.Msg != "":
		message = indented(textOf(e, "message") + "\n" + thrown.Msg)
	}
	return h, message, true
}

// textOf is the text of a member, "" if it is missing or of another type.
func textOf(members map[string]json.RawMessage, name string) (text string) {
	_ = json.Unmarshal(members[name], &text)
	return text
}

// Members are the members of an object, which may be cut off: its last one then has no value.
func Members(object string) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		d := json.NewDecoder(strings.NewReader(object))
		if start, err := d.Token(); err != nil || start != json.Delim('{') {
			return
		}
		for d.More() {
			var value json.RawMessage
			name, err := d.Token()
			if err != nil {
				return
			}
			cut := d.Decode(&value) != nil
			if !yield(name.(string), value) || cut {
				return
			}
		}
	}
}

// jsonTime reads a timestamp of UTC with a comma before milliseconds that are
// not padded, such as 2024-03-05T09:07:03,7Z, which means 7 ms.
func jsonTime(s string) time.Time {
	whole, fraction, _ := strings.Cut(strings.TrimSuffix(s, "Z"), ",")
	t, err := time.ParseInLocation("2006-01-02T15:04:05", whole, time.UTC)
	if err != nil {
		t, _, _ = parseTime(s, time.UTC)
		return t
	}
	ms, _ := strconv.ParseUint(fraction[:min(len(fraction), 3)], 10, 16)
	return t.Add(time.Duration(ms) * time.Millisecond)
}
