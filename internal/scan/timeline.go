package scan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/report"
)

// Bounds of the time line of one incident.
const (
	maxTurns = 40 // changes of the cause
	maxNotes = 7  // of what ended it
)

// timeline is what happened to an incident, where the logs of a node are put together.
type timeline struct {
	jira     *jira // of the node that failed last, nil = each log counts alone
	failing  []string
	turns    []report.Moment
	notes    []report.Moment
	resolved time.Time // when it was known to work again; zero = it is not
	twin     string    // the failure as another log has it

	uncountedTurns int
}

// fails notes that a node has seen a failure.
func (t *timeline) fails(node string) {
	if !slices.Contains(t.failing, node) {
		t.failing = append(t.failing, node)
	}
}

// works notes that a node has seen that it works, and reports whether all have.
func (t *timeline) works(node string) bool {
	t.failing = slices.DeleteFunc(t.failing, func(s string) bool { return s == node })
	return len(t.failing) == 0
}

// turn notes the title of a failure's cause, if it differs from that of the failure before.
func (t *timeline) turn(at time.Time, title string) {
	switch n := len(t.turns); {
	case n == 0:
		t.turns = append(t.turns, report.Moment{At: at, What: "failed", Text: title})
	case t.turns[n-1].Text == title:
	case n >= maxTurns:
		t.uncountedTurns++
	default:
		t.turns = append(t.turns, report.Moment{At: at, What: "changed", Text: title})
	}
}

func (t *timeline) note(at time.Time, what, text string) {
	if len(t.notes) < maxNotes {
		t.notes = append(t.notes, report.Moment{At: at, What: what, Text: text})
	}
}

// witness notes what the diagnostics say of the incident's mail servers, at its end.
func (e *entry) witness() {
	if e.jira == nil {
		return
	}
	servers := e.jira.evidence.Witnesses(e.state)
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		direction, server, _ := strings.Cut(name, "/")
		of := strings.TrimSpace(direction + " mail server " + e.rules.Mask(server))
		if len(e.jira.jiras) > 1 {
			of += " on " + e.jira.rules.Node()
		}
		s := servers[name]
		e.note(s.Lost, "lost", "Diagnostics: no connection to "+of)
		if s.Connected {
			e.note(s.Back, "back", "Diagnostics: connected again to "+of)
		}
	}
}

// moments is the time line, nil where each log counts alone. end is that of the logs.
func (e *entry) moments(end time.Time) (all []report.Moment) {
	if e.jira == nil {
		return nil
	}
	all = slices.Concat(e.turns, e.notes)
	last := report.Moment{At: end, What: "failing", Text: "Still failing at the end of the logs"}
	switch {
	case !e.resolved.IsZero():
		last = report.Moment{At: e.resolved, What: "resolved", Text: "Resolved"}
	case !e.state.Open:
		last = report.Moment{At: e.state.Last.Add(e.rules.QuietAfter()), What: "quiet", Text: "Quiet: no more failures since"}
	}
	all = append(all, last)
	if up := e.state.GivesUp; !up.IsZero() && (e.state.Open || up.Before(last.At)) {
		text := "Jira gives up refreshing the token at this time at the latest; after that, only Authorize in Jira helps"
		all = append(all, report.Moment{At: up, What: "gives_up", Text: text})
	}
	slices.SortStableFunc(all, func(a, b report.Moment) int { return a.At.Compare(b.At) })
	return all
}
