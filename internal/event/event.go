// Package event assembles the lines of a log into events: Jira's header line with the
// continuation lines that follow it.
package event

import (
	"bytes"

	"jira-oauth-watcher/tailer"
)

// MaxText is the maximum number of bytes kept of one event. An event that exceeds it is complete
// as it is. Its further lines form an event without a header, which is not a failure.
const MaxText = 64 << 10

// Kept is the part of a line that is kept: half of the maximum event, so that there is room for
// the stack trace after a message of any length. A line in JSON is a complete event and may use
// all of it.
func Kept(line []byte) []byte {
	if len(line) > 0 && line[0] == '{' {
		return line[:min(len(line), MaxText)]
	}
	return line[:min(len(line), MaxText/2)]
}

// Event is one log entry with its continuation lines.
type Event struct {
	Text []byte // its lines, joined by '\n'; valid until the Assembler is called again
}

// Assembler assembles lines into events. The zero value is ready to use. Every line becomes part
// of exactly one event, in order.
type Assembler struct {
	// Find returns the offset of the first sign in a text that its event matters, or -1. If it is
	// nil, every event matters. In the text of an event, it must find whatever it finds in the
	// same lines with their line ends.
	//
	// Find makes reading a backlog fast: single lines are examined only around what it finds.
	Find func(text []byte) int

	// Lines makes each line a separate event, as in an access log.
	Lines bool

	open    []byte
	started bool            // there is an open event; its first line may be empty
	begin   tailer.Position // where the open event begins
	end     tailer.Position // after the last line taken
}

// Block takes the next complete lines. It calls take for each event that matters and that the
// lines show to be complete: because another event begins, or because the event has reached its
// maximum size.
//
// Late lines, which belong to the previous file, are separate events.
func (a *Assembler) Block(b tailer.Block, take func(Event)) {
	if b.Late {
		a.complete(take)
		defer a.complete(take)
	}
	for at := 0; at < len(b.Text); {
		if !a.started {
			at = a.skip(b.Text, at)
			a.begin = b.Position(at)
		}
		end := len(b.Text)
		if i := bytes.IndexByte(b.Text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		text := unwrap(bare(trimEnd(b.Text[at:end])), 0)
		first, rest, more := bytes.Cut(text, []byte("\n"))
		first = Kept(first)
		if a.shut(first) {
			a.end = b.Position(at)
			a.complete(take)
			continue
		}
		a.add(first)
		at = end
		switch {
		case a.Lines:
			a.end = b.Position(end)
			a.complete(take)
		case more:
			a.several(rest, b, end, take)
		}
	}
	if len(b.Text) > 0 {
		a.end = b.Position(len(b.Text))
	}
}

// shut reports whether a line does not belong to the open event.
func (a *Assembler) shut(line []byte) bool {
	return a.started && (begins(line) || len(a.open)+1+len(line) > MaxText)
}

// several takes the further lines of an envelope. No position is within the
// line of the log that holds the envelope: where its lines begin an event, that
// ends with the envelope.
func (a *Assembler) several(text []byte, b tailer.Block, end int, take func(Event)) {
	apart := false
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		line = Kept(line)
		if a.shut(line) {
			begin := a.begin
			a.end, apart = b.Position(end), true
			a.complete(take)
			a.begin = begin
		}
		a.add(line)
	}
	if apart {
		a.complete(take)
	}
}

// skip passes over events that do not matter, from an offset where one begins: to
// the event of the first sign, or to the last event, which is still open.
func (a *Assembler) skip(text []byte, from int) int {
	if a.Find == nil {
		return from
	}
	at := len(text)
	if i := a.Find(text[from:]); i >= 0 {
		at = from + i + 1
	}
	if text[from] == '{' { // a collector's: it may write a line as numbers
		if i := bytes.Index(text[from:at], inBytes); i >= 0 {
			at = from + i + 1
		}
	}
	for {
		start := from + bytes.LastIndexByte(text[from:max(at-1, from)], '\n') + 1
		if start == from || a.Lines || Begins(text[start:]) {
			return start
		}
		at = start
	}
}

func (a *Assembler) add(line []byte) {
	if a.started {
		a.open = append(a.open, '\n')
	}
	a.open = append(a.open, line...)
	a.started = true
}

// complete ends the open event.
func (a *Assembler) complete(take func(Event)) {
	if a.started && (a.Find == nil || a.Find(a.open) >= 0) {
		take(Event{Text: a.open})
	}
	a.open, a.started, a.begin = a.open[:0], false, a.end
}

// Pending is the open event, which stays open; false if there is none.
func (a *Assembler) Pending() (Event, bool) {
	return Event{Text: a.open}, a.started
}

// Flush completes the open event at the end of the input, and calls take if the event matters. It
// must not be called because of silence, an error or a shutdown, because the remaining lines may
// still arrive.
func (a *Assembler) Flush(take func(Event)) { a.complete(take) }

// Complete is the position after the last complete event.
func (a *Assembler) Complete() tailer.Position { return a.begin }

// trimEnd is a line without its end.
func trimEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}
