package html

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// A page is written as far as its budget of bytes reaches. What something costs is
// estimated before: our own words by a generous constant, the words of a log by their
// length after escaping.

// weight is how many bytes texts take at most once they are escaped.
func weight(texts ...string) int {
	n := 0
	for _, s := range texts {
		n += len(s)
		for _, special := range []string{"<", ">", "&", "'", `"`, "+"} {
			n += 4 * strings.Count(s, special)
		}
	}
	return n
}

// room is how many bytes may still be written.
type room int

// take reports whether n bytes fit, and takes them. Once something did not
// fit, nothing does: what is left out is always the end.
func (r *room) take(n int) bool {
	*r -= room(n)
	return *r >= 0
}

// summary decides which integrations have a row.
func (p *page) summary() {
	p.Long = len(p.Integrations) > glance
	left := room(roomRows)
	for i, in := range p.Integrations {
		if i < maxRows && left.take(450+weight(in.Name, in.Cause.Title, in.Nodes)) {
			in.Row = true
			continue
		}
		open := 0
		for _, rest := range p.Integrations[i:] {
			if rest.Open {
				open++
			}
		}
		p.Unlisted = fmt.Sprintf("Not listed: %s, %s of them still failing.",
			text.Count(len(p.Integrations)-i, "more integration"), text.Number(open))
		break
	}
}

// details decides which integrations have a section, and draws their time
// lines.
func (p *page) details(logs window, byID map[string]*cause) {
	left := room(roomDetails)
	perLine := min(max(allBars/max(min(len(p.Integrations), maxSections), 1), minBars), maxBars)
	for i, in := range p.Integrations {
		if i < maxSections {
			w := around(in.First, in.Last, logs)
			in.Chart = newChart("When integration "+text.Number(in.Number)+" failed",
				seriesOf([]*integration{in}, byID), w, perLine)
			in.Chart.place(w)
		}
		if i >= maxSections || !left.take(in.weight()) {
			p.Undetailed = len(p.Integrations) - i
			return
		}
		in.Section = true
	}
}

func (in *integration) weight() int {
	n := 1000 + weight(in.Name, in.Nodes)
	if in.Chart != nil {
		n += 1700 + 2*weight(in.Chart.Desc)
		for _, l := range in.Chart.Lanes {
			n += 350 + weight(l.Path, l.Name)
		}
	}
	for _, i := range in.Incidents {
		for _, s := range i.Spells {
			n += 350 + weight(s.Cause.Title)
		}
	}
	for _, m := range in.Timeline {
		n += 80 + weight(m.Text)
	}
	for _, f := range in.Findings {
		n += 500 + weight(f.Cause.Title, f.Diagnosis, f.Path, f.Excerpt) + weightOf(f.Turns)
		for _, fact := range f.Facts {
			n += 40 + weight(fact.Name, fact.Value)
		}
	}
	return n
}

func weightOf(turns []turn) int {
	n := 0
	for _, t := range turns {
		n += 100 + weight(t.Who)
		for _, s := range t.Steps {
			n += 20 + weight(s)
		}
	}
	return n
}

// advise decides which causes have a section, and who has to act for them.
func (p *page) advise() {
	left := room(roomCauses)
	for i, c := range p.Causes {
		n := 1000 + weight(c.ID, c.Title) + 120*min(len(c.Integrations), maxConcerned)
		if a := c.Advice; a != nil {
			n += weight(a.Diagnosis, a.Confirm, a.Codes) + weightOf(a.Turns)
			n += (1 + len(a.Turns)) * (200 + weight(c.Title)) // in the legend, and with each who has to act
			for _, l := range a.Links {
				n += 80 + weight(l.Title) + 3*weight(l.URL)
			}
		}
		if !left.take(n) {
			p.Uncaused = len(p.Causes) - i
			break
		}
		c.Section = true
		p.ask(c)
	}
	// Who can end most failures comes first.
	slices.SortStableFunc(p.Actors, func(x, y actor) int { return cmp.Compare(len(y.Causes), len(x.Causes)) })
	p.Actors = p.Actors[:min(len(p.Actors), maxActors)]
}
