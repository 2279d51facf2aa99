package html

import (
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/report"
)

const (
	maxSteps    = 20
	maxFacts    = 50
	maxFindings = 3  // causes of one integration with their evidence
	maxSpells   = 50 // rows of one integration
	maxMoments  = 50 // of its time line
)

// advice is what a cause means and what to do.
type advice struct {
	Diagnosis string
	Turns     []turn
	Confirm   string
	Links     []alert.Link
	Codes     string
	RootCause int // 0 = not in Atlassian's article
	Certainty string
	From      int  // number of the integration whose words they are
	Varies    bool // other integrations have other words

	steps []message.Step
}

// turn is steps that the same people do, one after the other.
type turn struct {
	Who   string
	Start int
	Steps []string
}

// finding is what the last failure for one cause said.
type finding struct {
	Cause     *cause
	Diagnosis string // "" = as said of the cause
	Turns     []turn // the steps that differ
	Facts     []pair
	Path      string
	Excerpt   string
}

type pair struct{ Name, Value string }

func newAdvice(d alert.Data, number int) *advice {
	m := report.Message(d)
	a := &advice{
		Diagnosis: line(d.Diagnosis, maxText),
		Confirm:   line(d.Confirm, maxText),
		Codes:     list(d.Cause.Codes, 10),
		Certainty: line(d.Cause.Confidence, maxName),
		From:      number,
		steps:     m.Steps[:min(len(m.Steps), maxSteps)],
	}
	a.Turns = turns(a.steps, nil)
	if d.Cause.RootCause != nil {
		a.RootCause = *d.Cause.RootCause
	}
	for _, l := range m.Links {
		a.Links = append(a.Links, alert.Link{Title: line(l.Title, maxTitle), URL: l.URL})
	}
	return a
}

// turns groups steps by who does them, in order, those left out that are the
// same in other steps.
func turns(steps, other []message.Step) []turn {
	var all []turn
	steps = slices.DeleteFunc(slices.Clone(steps), func(s message.Step) bool {
		return len(steps) == len(other) && s == other[s.Number-1]
	})
	for _, of := range message.Turns(steps) {
		t := turn{Who: line(of[0].Who, maxName), Start: of[0].Number}
		for _, s := range of {
			t.Steps = append(t.Steps, lines(s.Text, maxStep))
		}
		all = append(all, t)
	}
	return all
}

// lastData is what the last failure of an integration said.
func (in *integration) lastData() alert.Data {
	return report.Last(in.from)
}

// describe notes the integration's incidents, and what was found for each cause
// that an incident ended with. The words of the first integration with a cause
// are shown with the cause.
func (in *integration) describe(byID map[string]*cause) {
	rows := 0
	last := map[string]alert.Data{}
	var order []string
	for n, i := range in.from {
		one := incident{Number: n + 1, Open: i.Open, Resolved: i.State() == "resolved"}
		for _, s := range spellsOf(i) {
			if rows++; rows <= maxSpells {
				lasted := long(seconds(s.First, s.Last))
				one.Spells = append(one.Spells, spell{byID[s.Cause], s.Failures, s.First, s.Last, lasted})
			}
		}
		if len(one.Spells) > 0 {
			in.Incidents = append(in.Incidents, one)
		}
		in.line(i)
		id := i.Data.Cause.ID
		order = append(slices.DeleteFunc(order, func(s string) bool { return s == id }), id)
		last[id] = i.Data
	}
	in.Hidden = max(rows-maxSpells, 0)
	slices.Reverse(order)
	for _, id := range order {
		c, d := byID[id], last[id]
		if c.Advice == nil {
			c.Advice = newAdvice(d, in.Number)
			c.Severity = d.Cause.Severity.String()
		}
		if len(in.Findings) < maxFindings {
			in.Findings = append(in.Findings, newFinding(c, d))
		}
	}
}

// line adds what happened in an incident to the time line.
func (in *integration) line(i report.Incident) {
	in.Unlined += i.UncountedMoments
	for _, m := range i.Timeline {
		if len(in.Timeline) >= maxMoments {
			in.Unlined++
			continue
		}
		if m.Text = line(m.Text, maxFact); m.What == "changed" {
			m.Text = "The cause changes: " + m.Text
		}
		in.Timeline = append(in.Timeline, m)
	}
}

func newFinding(c *cause, d alert.Data) finding {
	m := report.Message(d)
	f := finding{
		Cause: c, Facts: facts(m),
		Path: line(d.Log.Path, maxFact), Excerpt: lines(d.Log.Excerpt, maxExcerpt),
	}
	if own := line(d.Diagnosis, maxText); own != c.Advice.Diagnosis {
		f.Diagnosis = own
	}
	f.Turns = turns(m.Steps[:min(len(m.Steps), maxSteps)], c.Advice.steps)
	c.Advice.Varies = c.Advice.Varies || f.Diagnosis != "" || len(f.Turns) > 0
	return f
}

func seconds(from, to time.Time) int64 { return max(to.Unix()-from.Unix(), 0) }

// facts are what a log shows, with the request at the end.
func facts(m message.Message) []pair {
	var pairs []pair
	for _, f := range slices.Concat(m.Facts, m.Details, m.Request) {
		if f.Label != "Integration" && len(pairs) < maxFacts { // the section is about it
			pairs = append(pairs, pair{line(f.Label, maxName), line(strings.Join(f.Values, " "), maxFact)})
		}
	}
	return pairs
}
