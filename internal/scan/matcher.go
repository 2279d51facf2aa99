package scan

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

// finding is what one event says: a failure as far as counting it needs, or a probe, or a
// request.
type finding struct {
	at    time.Time // zero when the log's is impossible
	dated bool      // at is the log's
	probe *matchers.Probe
	click *matchers.Click

	// Of a failure:
	key      string          // of its incident
	cause    *matchers.Cause // nil = it is none
	text     string
	impact   matchers.Impact
	callback string            // see matchers.Integration
	shown    *matchers.Failure // without its texts, where several logs are put together; else nil
}

// findings are what a part of a log holds.
type findings struct {
	in          *input
	size        int64     // bytes, unpacked
	headed      bool      // there is an event in it
	first, last time.Time // of the first and last event with a possible time
	all         []finding
	problem     string
	whole       bool // its part of the log was read to its end
	end         bool // nothing of the log follows
}

// matcher finds failures in the text of logs. It belongs to one goroutine.
type matcher struct {
	fast   *matchers.FastMatcher
	zone   *time.Location
	access *regexp.Regexp
	rules  func(node string) *incident.Rules
	events event.Assembler
	found  findings
}

func newMatcher(set func() *matchers.Set, o Options) *matcher {
	return &matcher{fast: matchers.NewFastMatcher(set), zone: o.Zone, access: o.Access, rules: o.Rules}
}

// start begins a part of a log.
func (m *matcher) start(in *input) {
	m.found = findings{in: in}
	m.events.Flush(func(event.Event) {})
	m.events.Find, m.events.Lines = matchers.Finder(in.Kind), in.Kind.Lines()
}

// add takes whole lines, which continue the ones before, and notes when the first and the
// last event were.
func (m *matcher) add(text []byte) {
	if len(text) == 0 {
		return
	}
	m.events.Block(tailer.Block{Text: text}, m.take)
	if m.events.Lines {
		m.found.first = cmp.Or(m.found.first, matchers.FirstTime(text))
		m.found.last = cmp.Or(matchers.LastTime(text), m.found.last)
		m.found.headed = m.found.headed || !m.found.last.IsZero()
		return
	}
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

// begins is the offset at which the first event of a text begins, -1 = none does.
func (m *matcher) begins(text []byte) int {
	if m.events.Lines {
		return min(len(text), 1) - 1
	}
	return event.FirstHeader(text)
}

// full reports whether further lines without a header would belong to no event that has
// one.
func (m *matcher) full() bool {
	open, _ := m.events.Pending()
	line, _, _ := bytes.Cut(open.Text, []byte("\n"))
	return !event.Begins(line)
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
	in := m.found.in
	switch {
	case in.Kind.Lines() && !in.joined: // alone, it shows nothing
	case in.Kind == conf.KindDiagnostics:
		if p, ok := matchers.ProbeIn(ev.Text); ok {
			m.found.all = append(m.found.all, finding{at: p.At, probe: &p})
		}
	case in.Kind == conf.KindAccess:
		if c, ok := matchers.ClickIn(ev.Text, m.access, m.zone); ok {
			m.found.all = append(m.found.all, finding{at: c.At, click: &c})
		}
	default:
		m.failure(ev)
	}
}

// failure takes an event that may be a failure, or the beginning of a test.
func (m *matcher) failure(ev event.Event) {
	text, joined := string(ev.Text), m.found.in.joined
	s, ok := m.fast.Match(text, m.zone)
	if !ok {
		if c, ok := matchers.TestedIn(ev, m.zone); joined && ok {
			c.Request = strings.Clone(c.Request)
			m.found.all = append(m.found.all, finding{at: c.At, click: &c})
		}
		return
	}
	f := finding{
		at: s.Time, key: m.key(s), cause: s.Cause, text: text,
		impact: s.Impact, callback: strings.Clone(s.Integration.Callback),
	}
	if joined {
		f.shown = shown(s, f.callback)
	}
	m.found.all = append(m.found.all, f)
}

// shown is what a failure shows of its integration, without holding its whole text.
func shown(s matchers.Failure, callback string) *matchers.Failure {
	f := &matchers.Failure{
		Time: s.Time, Integration: s.Integration, Cause: s.Cause, Impact: s.Impact,
		Header: event.Header{
			Session: strings.Clone(s.Header.Session), RequestID: strings.Clone(s.Header.RequestID),
			URL: strings.Clone(s.Header.URL), Logger: strings.Clone(s.Header.Logger),
		},
	}
	is := &f.Integration
	is.ID, is.Flow, is.Callback = strings.Clone(is.ID), strings.Clone(is.Flow), callback
	for _, id := range s.Known {
		f.Known = append(f.Known, strings.Clone(id))
	}
	return f
}

// key is the key of a failure's incident, without holding the whole text of the failure.
func (m *matcher) key(s matchers.Failure) string {
	f := matchers.Failure{Integration: s.Integration, Header: event.Header{Logger: s.Header.Logger}}
	return strings.Clone(m.rules(m.found.in.Node).Key(f))
}
