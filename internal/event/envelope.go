package event

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// maxNesting is how deep a line is searched for within an envelope: the deepest is
// OpenTelemetry's, from resourceLogs to body.
const maxNesting = 10

// lineKeys are the members that hold the line, by the tool that writes them:
// event.original (Elastic), log (Docker, Fluent Bit), event (Splunk), message
// (Vector, Filebeat, CloudWatch), msg, MESSAGE (journalctl -o json), line
// (Loki), body (OpenTelemetry), full_message (GELF). The first that a record has counts, unless
// another one begins an event.
var lineKeys = []string{
	"event.original", "original", "log", "event", "message", "msg", "MESSAGE", "line",
	"body", "stringValue", "textPayload", "_raw", "full_message", "short_message",
}

// inBytes is before a line of the journal, which writes one that is not UTF-8
// as its bytes in numbers: no word is found in them.
var inBytes = []byte(`"MESSAGE"`)

// unwrap is the text in a collector's JSON envelope, which may be several
// lines; a line that is none stays as it is.
func unwrap(line []byte, depth int) []byte {
	if len(line) < 2 || line[0] != '{' || depth > maxNesting {
		return line
	}
	whole := line
	if !json.Valid(line) {
		whole = append(slices.Clip(line), `"}`...) // one that was cut off in its text
	}
	if text, ok := record(whole, depth); ok {
		return text
	}
	return line
}

// record is the text in one JSON value: of an object its line, of an array
// the lines of all elements.
func record(value []byte, depth int) (text []byte, ok bool) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 || depth > maxNesting {
		return nil, false
	}
	switch value[0] {
	case '{':
		return inObject(value, depth)
	case '[':
		if json.Unmarshal(value, &text) == nil && len(text) > 0 { // see inBytes
			return logical(string(text), depth), true
		}
		var all []json.RawMessage
		_ = json.Unmarshal(value, &all)
		var lines [][]byte
		for _, v := range all {
			if line, ok := record(v, depth+1); ok {
				lines = append(lines, line)
			}
		}
		return bytes.Join(lines, []byte("\n")), len(lines) > 0
	}
	return nil, false
}

func inObject(object []byte, depth int) (text []byte, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return nil, false
	}
	if members["error"] != nil || members["error_description"] != nil {
		return nil, false // what a provider said
	}
	if structured(members) {
		return slices.Clone(object), depth > 0 && isJSON(object)
	}
	keys := slices.Concat(lineKeys, slices.Sorted(maps.Keys(members)))
	for i, key := range keys {
		value, there := members[key]
		var line string
		var found []byte
		switch {
		case !there:
			continue
		case i < len(lineKeys) && json.Unmarshal(value, &line) == nil:
			found = logical(line, depth)
		default:
			var nested bool
			if found, nested = record(value, depth+1); !nested {
				continue
			}
		}
		if !ok || begins(found) {
			text, ok = found, true
		}
		if begins(found) {
			break
		}
	}
	return text, ok
}

// structured reports whether a record is an event that has been taken apart, as in
// Jira's JSON layout. What is left in its message is never a line: it may be untrusted
// text in the form of one.
func structured(members map[string]json.RawMessage) bool {
	for _, name := range []string{"logger", "logger_name", "log.logger"} {
		if strings.Contains(textOf(members, name), ".") {
			return true
		}
	}
	return textOf(members, "timestamp") != "" && textOf(members, "level") != "" && textOf(members, "logger") != ""
}

// logical is a collector's text without what other collectors put before and
// around each of its lines.
func logical(text string, depth int) []byte {
	var lines [][]byte
	for line := range bytes.SplitSeq([]byte(strings.TrimRight(text, "\r\n")), []byte("\n")) {
		lines = append(lines, unwrap(bare(bytes.TrimSuffix(line, []byte("\r"))), depth+1))
	}
	return bytes.Join(lines, []byte("\n"))
}
