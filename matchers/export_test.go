package matchers

import (
	"slices"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
)

// Proved is the built-in catalogue after every sample has been tried on it.
func Proved() (*Set, error) {
	l, err := read("", nil)
	if err != nil {
		return nil, err
	}
	return l.set(true)
}

// Match diagnoses an event that an Assembler with Find takes; false when it is no failure of the flow.
func (s *Set) Match(e event.Event, zone *time.Location) (Failure, bool) {
	if Find(e.Text) < 0 {
		return Failure{}, false
	}
	v := s.Diagnose(string(e.Text), zone)
	return v.Failure, v.Ours
}

// Proofs are the events and texts that the cause must explain.
func (c *Cause) Proofs() (logs, texts []string) {
	for _, s := range c.Samples {
		switch {
		case s.Match && s.Log != "":
			logs = append(logs, s.Log)
		case s.Match:
			texts = append(texts, s.Text)
		}
	}
	return logs, texts
}

// TierName is the name of the cause's tier.
func (c *Cause) TierName() string {
	if c.ID == Unknown {
		return Unknown
	}
	return c.Tier
}

// IsFlowURL and FlowID look at a request's URL.
var (
	IsFlowURL = isFlowURL
	FlowID    = flowID
)

// FactNames are the names of all facts.
func FactNames() []string { return factNames }

// Computed reports whether a fact is not from the log.
func Computed(name string) bool { return kindOf(name) == kinds["computed"] }

// Strict reports whether a value fits the grammar of its fact, so that it is what
// it is called, such as a GUID or a host name, and no free text.
func Strict(fact, value string) bool {
	k := kindOf(fact)
	return k != nil && (k == kinds["computed"] || k.grammar != nil) && k.fits(value)
}

// Expressions are the regular expressions of a catalogue and of the facts.
func Expressions(s *Set) (all []string) {
	for _, c := range s.causes {
		for _, e := range slices.Concat(c.patterns, c.words) {
			all = append(all, e.String())
		}
	}
	for _, fact := range factTable {
		for _, e := range fact.wordings {
			all = append(all, e.String())
		}
	}
	return all
}

// Matcher compiles an expression: it matches a text, and the text had to be tried.
func Matcher(t testing.TB, text string) func(string) (matches, tried bool) {
	t.Helper()
	e := mustExpression(text)
	return func(text string) (matches, tried bool) {
		s := newSubject(text)
		return e.matches(s), e.possible(s)
	}
}

// KnownHost reports whether the catalogue has a host.
func KnownHost(name string) bool { return knownHost(name) }
