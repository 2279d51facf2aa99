// Package event puts the lines of a log together into log events: Jira's
// header line with the continuation lines that follow it.
package event

import (
	"bytes"

	"jira-oauth-watcher/tailer"
)

// MaxText is how much of one event is kept, in bytes. An event that grows
// past it is complete as it is; its further lines are an event without a
// header, which is nobody's.
const MaxText = 64 << 10

// Event is one log entry with its continuation lines.
type Event struct {
	Text  []byte          // its lines, joined by '\n'; valid until the Assembler is called again
	Lines int             // how many
	End   tailer.Position // just behind its last line
}

// Assembler puts lines together. The zero value is ready. Every line lands in
// exactly one event, in order.
type Assembler struct {
	open, spare []byte
	lines       int
	end         tailer.Position
}

// Add takes the next line. It returns the event before it when the line shows
// that one to be complete: the line begins a new event, or there is no more
// room.
func (a *Assembler) Add(l tailer.Line) (Event, bool) {
	text := l.Text
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	var done Event
	var complete bool
	if a.lines > 0 && (Begins(text) || len(a.open)+1+len(text) > MaxText) {
		done, complete = a.Flush()
	}
	if a.lines > 0 {
		a.open = append(a.open, '\n')
	}
	a.open = append(a.open, text...)
	a.lines++
	a.end = l.End
	return done, complete
}

// Pending is the event being put together; false when there is none. It stays
// open.
func (a *Assembler) Pending() (Event, bool) {
	return Event{Text: a.open, Lines: a.lines, End: a.end}, a.lines > 0
}

// Flush completes the event being put together: after a silence or at the end
// of the input, never because of an error or a shutdown (its remaining lines
// may still come).
func (a *Assembler) Flush() (Event, bool) {
	e, ok := a.Pending()
	a.open, a.spare = a.spare[:0], a.open
	a.lines = 0
	return e, ok
}

// Begins tells whether a line begins an event: with a date and the start of a
// time, such as "2021-11-16 12:35:" or "2021/11/16 12:35:". The rest of the
// time is not looked at, since pages edit it and plugins shorten it. A byte
// order mark or a quotation mark that was pasted in front is passed over.
func Begins(line []byte) bool {
	line = trimPasted(line)
	const shape = "dddd-dd-dd dd:dd:"
	if len(line) < len(shape) || line[0] < '0' || line[0] > '9' {
		return false
	}
	for i := range len(shape) {
		c := line[i]
		switch shape[i] {
		case 'd':
			if c < '0' || c > '9' {
				return false
			}
		case '-':
			if c != '-' && c != '/' {
				return false
			}
		case ' ':
			if c != ' ' && c != 'T' {
				return false
			}
		default:
			if c != shape[i] {
				return false
			}
		}
	}
	return true
}

// pasted are the marks that word processors and web pages put before a line.
var pasted = [][]byte{[]byte("\ufeff"), []byte("\u201c"), []byte("\u201d"), []byte("\u2018"), []byte("\u2019"), []byte(`"`), []byte("'"), []byte("> ")}

func trimPasted(line []byte) []byte {
	for i := 0; i < len(pasted) && len(line) > 0 && (line[0] < '0' || line[0] > '9'); i++ {
		if rest, ok := bytes.CutPrefix(line, pasted[i]); ok {
			line, i = rest, -1 // there may be several, in any order
		}
	}
	return line
}
