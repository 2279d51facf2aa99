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

// failure is a failure, as far as counting it needs.
type failure struct {
	at    time.Time // zero when the log's is impossible
	dated bool      // at is the log's
	key   string    // of its incident
	cause *matchers.Cause
	text  string

	impact   matchers.Impact
	callback string // see matchers.Integration
}

// findings are what a part of a log holds.
type findings struct {
	in          *input
	size        int64     // bytes, unpacked
	headed      bool      // there is an event in it
	first, last time.Time // of the first and last event with a possible time
	failures    []failure
	problem     string
	whole       bool // its part of the log was read to its end
	end         bool // nothing of the log follows
}

// matcher finds failures in the text of logs. It belongs to one goroutine.
type matcher struct {
	fast   *matchers.FastMatcher
	zone   *time.Location
	rules  func(node string) *incident.Rules
	keys   map[string]string
	events event.Assembler
	found  findings
}

func newMatcher(set func() *matchers.Set, o Options) *matcher {
	m := &matcher{fast: matchers.NewFastMatcher(set), zone: o.Zone, rules: o.Rules, keys: map[string]string{}}
	m.events.Find = matchers.Find
	return m
}

// start begins a part of a log.
func (m *matcher) start(in *input) {
	m.found = findings{in: in}
	m.events.Flush(func(event.Event) {})
}

// add takes whole lines, which continue the ones before.
func (m *matcher) add(text []byte) {
	if len(text) == 0 {
		return
	}
	m.events.Block(tailer.Block{Text: text}, m.take)
	// The last event is the one that is open: its header need not be searched for.
	if line, ok := m.header(); ok && !m.found.first.IsZero() {
		if t := event.HeaderTime(line, m.zone); !t.IsZero() {
			m.found.last = t
			return
		}
	}
	m.times(text)
}

// header is the header of the open event, if it has one.
func (m *matcher) header() (line []byte, ok bool) {
	open, _ := m.events.Pending()
	line, _, _ = bytes.Cut(open.Text, []byte("\n"))
	return line, event.Begins(line)
}

// times notes when the first and the last event of a text were.
func (m *matcher) times(text []byte) {
	for end := len(text); end > 0; {
		at := event.LastHeader(text[:end])
		if at < 0 {
			return
		}
		m.found.headed = true
		if t := event.HeaderTime(text[at:], m.zone); !t.IsZero() {
			m.found.last = t
			break
		}
		end = at
	}
	for rest := text; m.found.first.IsZero(); {
		next := event.FirstHeader(rest)
		if next < 0 {
			return
		}
		m.found.first = event.HeaderTime(rest[next:], m.zone)
		_, rest, _ = bytes.Cut(rest[next:], []byte("\n"))
	}
}

// full reports whether further lines without a header would belong to no event that has
// one.
func (m *matcher) full() bool {
	_, ok := m.header()
	return !ok
}

// drain is what was found since the last one.
func (m *matcher) drain() findings {
	found := m.found
	m.found = findings{in: found.in}
	return found
}

// flush completes the last event.
func (m *matcher) flush() { m.events.Flush(m.take) }

func (m *matcher) take(ev event.Event) {
	text := string(ev.Text)
	if s, ok := m.fast.Match(text, m.zone); ok {
		m.found.failures = append(m.found.failures, failure{
			at: s.Time, key: m.key(s), cause: s.Cause, text: text,
			impact: s.Impact, callback: strings.Clone(s.Integration.Callback),
		})
	}
}

// maxKeys bounds the keys that are remembered.
const maxKeys = 1 << 14

// key is the key of a failure's incident. It is kept, so that it does not hold
// the whole text of each failure.
func (m *matcher) key(s matchers.FastMatch) string {
	name := s.Integration.ID
	if name == matchers.Unknown {
		name = m.found.in.Node + "\x00" + s.Logger
	}
	if key, known := m.keys[name]; known {
		return key
	}
	if len(m.keys) >= maxKeys {
		clear(m.keys)
	}
	key := strings.Clone(s.Integration.ID)
	if key == matchers.Unknown {
		f := matchers.Failure{Integration: s.Integration}
		f.Header.Logger = s.Logger
		key = m.rules(m.found.in.Node).Key(f)
	}
	m.keys[strings.Clone(name)] = key
	return key
}
