package matchers

import (
	"bytes"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
)

// FastMatcher recognizes failures as Diagnose does, without what only an alert's text
// needs. It caches which cause a text has, since in a storm the same few repeat. It
// belongs to one goroutine.
type FastMatcher struct {
	set     func() *Set
	cache   map[string]seen
	size    int // bytes of the keys of cache
	blurred []byte
}

// seen is what a message shows, without its header.
type seen struct {
	cause    *Cause
	impact   Impact
	identity *identity // nil = not looked for
}

// Bounds of a FastMatcher's cache, in bytes.
const (
	maxCache  = 1 << 20
	maxCached = 4 << 10 // of one text
)

// NewFastMatcher makes a FastMatcher with an empty cache. It asks for the causes at
// the first failure.
func NewFastMatcher(s func() *Set) *FastMatcher {
	return &FastMatcher{set: s, cache: map[string]seen{}}
}

// Match parses an event; false when it is no failure of the flow, and of no mailbox that a mail
// log tells of. The failure has its time, integration, header, cause and impact, and without a
// flow what its integration is known by. zone is that of timestamps without an offset.
func (p *FastMatcher) Match(text string, zone *time.Location) (f Failure, ok bool) {
	h, message, ok := event.Parse(text, zone)
	if !ok {
		return f, false
	}
	r, ours := reportOf(h, text, message, false, p.set)
	if !ours {
		return f, false
	}
	x := p.look(r)
	f = Failure{Time: h.Time, Header: h, Cause: x.cause, Impact: x.impact, Integration: integration(r, x.identity, x.cause)}
	if f.Integration.Flow == "" {
		f.Known = x.identity.known
	}
	return f, true
}

// look is what a report of the plugin shows.
func (p *FastMatcher) look(r report) seen {
	if len(r.message) > maxCached || r.phase == alert.PhaseRefresh || r.phase == alert.PhaseMail {
		return p.set().look(r) // mailboxes differ by the header too, and such failures do not come in storms
	}
	p.blurred = append(p.blurred[:0], r.message...)
	if !p.set().changed { // an operator's pattern may match anything
		blur(p.blurred)
	}
	x, ok := p.cache[string(p.blurred)]
	if ok && x.impact.Phase == r.phase && (x.identity != nil || !needsIdentity(r, x.cause)) {
		return x
	}
	x = p.set().look(r)
	if p.size+len(p.blurred) > maxCache {
		clear(p.cache)
		p.size = 0
	}
	p.cache[string(p.blurred)] = x
	p.size += len(p.blurred)
	return x
}

// look is what Diagnose makes of a report.
func (s *Set) look(r report) seen {
	d := s.decide(r)
	x := seen{cause: d.found[0].cause}
	x.impact = impact(r.phase, x.cause, d.codes, r.thrown)
	if needsIdentity(r, x.cause) {
		of := identityOf(d.facts(), mailbox(r.header, r.message))
		x.identity = &of
	}
	return x
}

const uuidShape = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"

// blurred are the parts of Microsoft's reports that differ in each failure, see
// event.Shaped. No pattern of the catalogue matches them, see TestBlur.
var blurred = []struct {
	before []byte
	shape  string
}{
	{[]byte("Trace ID: "), uuidShape},
	{[]byte("Correlation ID: "), uuidShape},
	{[]byte("Timestamp: "), "dddd-dd-dd dd:dd:ddZ"},
}

// blur replaces these parts by their shapes.
func blur(text []byte) {
	for _, b := range blurred {
		for _, rest, found := bytes.Cut(text, b.before); found; _, rest, found = bytes.Cut(rest, b.before) {
			if event.Shaped(rest, b.shape) {
				copy(rest, b.shape)
			}
		}
	}
}
