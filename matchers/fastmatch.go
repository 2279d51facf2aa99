package matchers

import (
	"bytes"
	"time"

	"jira-oauth-watcher/internal/event"
)

// FastMatch is a failure without its text: when it was, which integration failed,
// and what caused it.
type FastMatch struct {
	Time        time.Time // zero when the log's is impossible
	Integration Integration
	Logger      string
	Cause       *Cause
}

// FastMatcher recognizes failures as Match does, without what only an alert's text
// needs. It caches which cause a text has, since in a storm the same few repeat. It
// belongs to one goroutine.
type FastMatcher struct {
	set     func() *Set
	cache   map[string]*Cause
	size    int // bytes of the keys of cache
	blurred []byte
}

// Bounds of a FastMatcher's cache, in bytes.
const (
	maxCache  = 1 << 20
	maxCached = 4 << 10 // of one text
)

// NewFastMatcher makes a FastMatcher with an empty cache. It asks for the causes at
// the first failure.
func NewFastMatcher(s func() *Set) *FastMatcher {
	return &FastMatcher{set: s, cache: map[string]*Cause{}}
}

// Match parses an event; false when it is no failure of the flow. zone is that of
// timestamps without an offset.
func (p *FastMatcher) Match(text string, zone *time.Location) (FastMatch, bool) {
	h, message, ok := event.Parse(text, zone)
	if !ok {
		return FastMatch{}, false
	}
	if ok, _ := ours(h); !ok {
		return FastMatch{}, false
	}
	return FastMatch{h.Time, integration(h), h.Logger, p.cause(message)}, true
}

// cause is the cause that a report of the plugin shows.
func (p *FastMatcher) cause(message string) *Cause {
	if len(message) > maxCached {
		return p.set().cause(message)
	}
	p.blurred = append(p.blurred[:0], message...)
	if !p.set().changed { // an operator's pattern may match anything
		blur(p.blurred)
	}
	if c, ok := p.cache[string(p.blurred)]; ok {
		return c
	}
	c := p.set().cause(message)
	if p.size+len(p.blurred) > maxCache {
		clear(p.cache)
		p.size = 0
	}
	p.cache[string(p.blurred)] = c
	p.size += len(p.blurred)
	return c
}

// cause is that of the failure which Diagnose makes of a message.
func (s *Set) cause(text string) *Cause {
	m := payload(text)
	if found := s.candidates(m, m.codes()); len(found) > 0 {
		return found[0].cause
	}
	return s.unknown
}

const uuidShape = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"

// blurred are the parts of Microsoft's reports that differ in each failure: d is a
// digit, h a hexadecimal one. No pattern of the catalogue matches them, see
// TestBlur.
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
		for rest := text; ; {
			i := bytes.Index(rest, b.before)
			if i < 0 {
				break
			}
			rest = rest[i+len(b.before):]
			if shaped(rest, b.shape) {
				copy(rest, b.shape)
			}
		}
	}
}

func shaped[T string | []byte](text T, shape string) bool {
	if len(text) < len(shape) {
		return false
	}
	for i := range len(shape) {
		c := text[i]
		digit := c >= '0' && c <= '9'
		switch shape[i] {
		case 'd':
			if !digit {
				return false
			}
		case 'h':
			if !digit && (c|0x20 < 'a' || c|0x20 > 'f') {
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
