package matchers

import (
	"bytes"
	"strings"
	"time"

	"jira-oauth-watcher/internal/event"
)

// Sighting is what decides about a failure: when it was, whose it is, and what
// caused it.
type Sighting struct {
	Time        time.Time // zero when the log's is impossible
	Integration Integration
	Logger      string
	Cause       *Cause
}

// Spotter recognises failures as Match does, and leaves out what only words
// need. It remembers which cause a text has, since in a storm the same few
// come again and again. It belongs to one goroutine.
type Spotter struct {
	set   func() *Set
	known map[string]*Cause
	size  int // bytes of the texts in known
	room  []byte
}

// Bounds of what a Spotter remembers, in bytes.
const (
	maxKnown = 1 << 20
	maxText  = 4 << 10 // of one text
)

// NewSpotter makes a Spotter that has seen nothing yet. It asks for the causes
// when it sees the first failure.
func NewSpotter(s func() *Set) *Spotter { return &Spotter{set: s, known: map[string]*Cause{}} }

// Spot takes an event apart; false when it is no failure of the flow. zone is
// that of timestamps without an offset.
func (p *Spotter) Spot(text string, zone *time.Location) (Sighting, bool) {
	h, message, ok := event.Parse(text, zone)
	if !ok {
		return Sighting{}, false
	}
	if ok, _ := ours(h); !ok {
		return Sighting{}, false
	}
	return Sighting{h.Time, integration(h), h.Logger, p.cause(message)}, true
}

// cause is what a report of the plugin says is wrong.
func (p *Spotter) cause(message string) *Cause {
	if len(message) > maxText {
		return p.set().cause(message)
	}
	p.room = append(p.room[:0], message...)
	if !p.set().changed { // an operator's pattern may look at anything
		blur(p.room)
	}
	if c, ok := p.known[string(p.room)]; ok {
		return c
	}
	c := p.set().cause(message)
	if p.size+len(p.room) > maxKnown {
		clear(p.known)
		p.size = 0
	}
	p.known[string(p.room)] = c
	p.size += len(p.room)
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

// blurred are the places of Microsoft's reports that are another for each
// failure: d stands for a digit, h for one of hexadecimal numbers. No pattern
// of the catalogue looks at them, see TestBlur.
var blurred = []struct {
	before []byte
	shape  string
}{
	{[]byte("Trace ID: "), "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"},
	{[]byte("Correlation ID: "), "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"},
	{[]byte("Timestamp: "), "dddd-dd-dd dd:dd:ddZ"},
}

// blur puts the shapes in their places.
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

func shaped(text []byte, shape string) bool {
	if len(text) < len(shape) {
		return false
	}
	for i, c := range text[:len(shape)] {
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

// flowURLs are where the requests of the flow begin, behind a context path of
// one segment if there is one.
var flowURLs = []string{"/rest/oauth2-client/", "/plugins/servlet/oauth2/client/callback"}

// isFlowURL tells whether a request belongs to the flow.
func isFlowURL(url string) bool {
	begins := func(url string) bool {
		return strings.HasPrefix(url, flowURLs[0]) || strings.HasPrefix(url, flowURLs[1])
	}
	if begins(url) {
		return true
	}
	if len(url) < 2 || url[0] != '/' {
		return false
	}
	i := strings.IndexByte(url[1:], '/')
	return i > 0 && !strings.ContainsAny(url[1:1+i], " \t\n\f\r?;#") && begins(url[1+i:])
}

// inFlow stands before the UUID of a flow.
const inFlow = "config/flow/"

// flowID is the UUID of the flow in a URL, "" when there is none.
func flowID(url string) string {
	for {
		_, rest, ok := strings.Cut(url, inFlow)
		if !ok {
			return ""
		}
		if shape := blurred[0].shape; shaped([]byte(rest[:min(len(rest), len(shape))]), shape) {
			return rest[:len(shape)]
		}
		url = rest
	}
}
