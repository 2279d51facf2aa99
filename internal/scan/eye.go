package scan

import (
	"bytes"
	"strings"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

// sighting is a failure, as far as counting it needs.
type sighting struct {
	at    time.Time // zero when the log's is impossible
	dated bool      // at is the log's
	key   string    // of its incident
	cause *matchers.Cause
	text  string
}

// result is what a part of a log holds.
type result struct {
	in          *input
	size        int64     // bytes, unpacked
	headed      bool      // there is an event in it
	first, last time.Time // of the first and last event whose time can be
	sightings   []sighting
	problem     string
	whole       bool // its part of the log was read to its end
	end         bool // nothing of the log follows
}

// eye looks at the text of logs. It belongs to one goroutine.
type eye struct {
	spot   *matchers.FastMatcher
	zone   *time.Location
	rules  func(node string) *incident.Rules
	keys   map[string]string
	events event.Assembler
	seen   result
}

func newEye(set func() *matchers.Set, o Options) *eye {
	e := &eye{spot: matchers.NewFastMatcher(set), zone: o.Zone, rules: o.Rules, keys: map[string]string{}}
	e.events.Find = matchers.Find
	return e
}

// begin begins a part of a log.
func (e *eye) begin(in *input) {
	e.seen = result{in: in}
	e.events.Flush(func(event.Event) {})
}

// look takes whole lines, which continue the ones before.
func (e *eye) look(text []byte) {
	if len(text) == 0 {
		return
	}
	e.events.Block(blockOf(text), e.take)
	// The last event is the one that is open: its header need not be looked for.
	if line, ok := e.header(); ok && !e.seen.first.IsZero() {
		if t := event.HeaderTime(line, e.zone); !t.IsZero() {
			e.seen.last = t
			return
		}
	}
	e.times(text)
}

// header is the header of the open event, if it has one.
func (e *eye) header() (line []byte, ok bool) {
	open, _ := e.events.Pending()
	line, _, _ = bytes.Cut(open.Text, []byte("\n"))
	return line, event.Begins(line)
}

// times notes when the first and the last event of a text were.
func (e *eye) times(text []byte) {
	for end := len(text); end > 0; {
		at := event.LastHeader(text[:end])
		if at < 0 {
			return
		}
		e.seen.headed = true
		if t := event.HeaderTime(text[at:], e.zone); !t.IsZero() {
			e.seen.last = t
			break
		}
		end = at
	}
	for rest := text; e.seen.first.IsZero(); {
		next := event.FirstHeader(rest)
		if next < 0 {
			return
		}
		e.seen.first = event.HeaderTime(rest[next:], e.zone)
		_, rest, _ = bytes.Cut(rest[next:], []byte("\n"))
	}
}

// full tells whether further lines without a header would belong to no event
// that has one.
func (e *eye) full() bool {
	_, ok := e.header()
	return !ok
}

// result is what was seen since the last one.
func (e *eye) result() result {
	r := e.seen
	e.seen = result{in: r.in}
	return r
}

// flush completes the last event.
func (e *eye) flush() { e.events.Flush(e.take) }

func (e *eye) take(ev event.Event) {
	text := string(ev.Text)
	if s, ours := e.spot.Match(text, e.zone); ours {
		e.seen.sightings = append(e.seen.sightings, sighting{at: s.Time, key: e.key(s), cause: s.Cause, text: text})
	}
}

// maxKeys bounds the keys that are remembered.
const maxKeys = 1 << 14

// key is the key of a failure's incident. It is kept, so that it does not hold
// the whole text of each failure.
func (e *eye) key(s matchers.FastMatch) string {
	name := s.Integration.ID
	if name == matchers.Unknown {
		name = e.seen.in.Node + "\x00" + s.Logger
	}
	if key, known := e.keys[name]; known {
		return key
	}
	if len(e.keys) >= maxKeys {
		clear(e.keys)
	}
	key := strings.Clone(s.Integration.ID)
	if key == matchers.Unknown {
		f := matchers.Failure{Integration: s.Integration}
		f.Header.Logger = s.Logger
		key = e.rules(e.seen.in.Node).Key(f)
	}
	e.keys[strings.Clone(name)] = key
	return key
}

func blockOf(lines []byte) tailer.Block { return tailer.Block{Text: lines} }
