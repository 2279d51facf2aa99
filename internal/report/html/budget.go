package html

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// What is written is what there is room for. How much something takes is
// reckoned before: the words of the page around it by a number that is not too
// low, what others wrote as long as it gets by escaping.

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
func (b *page) summary() {
	b.Long = len(b.Integrations) > glance
	left := room(roomRows)
	for i, in := range b.Integrations {
		if i < maxRows && left.take(450+weight(in.Name, in.Cause.Title, in.Nodes)) {
			in.Row = true
			continue
		}
		open := 0
		for _, rest := range b.Integrations[i:] {
			if rest.Open {
				open++
			}
		}
		b.Unlisted = fmt.Sprintf("Not listed: %s, %s of them still failing.", text.Count(len(b.Integrations)-i, "more integration"), text.Number(open))
		break
	}
}

// details decides which integrations have a section, and draws their time
// lines.
func (b *page) details(logs window, byID map[string]*cause) {
	left := room(roomDetails)
	perLine := min(max(allBars/max(min(len(b.Integrations), maxSections), 1), minBars), maxBars)
	for i, in := range b.Integrations {
		if i < maxSections {
			w := around(in.First, in.Last, logs)
			in.Chart = newChart("When integration "+text.Number(in.Number)+" failed", seriesOf([]*integration{in}, byID), w, perLine)
			in.Chart.place(w)
		}
		if i >= maxSections || !left.take(in.weight()) {
			b.Undetailed = len(b.Integrations) - i
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
	for _, f := range in.Findings {
		n += 500 + weight(f.Cause.Title, f.Diagnosis, f.Path, f.Excerpt) + weightOf(f.Turns)
		for _, p := range f.Facts {
			n += 40 + weight(p.Name, p.Value)
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
func (b *page) advise() {
	left := room(roomCauses)
	for i, c := range b.Causes {
		n := 1000 + weight(c.ID, c.Title) + 120*min(len(c.Integrations), maxConcerned)
		if a := c.Advice; a != nil {
			n += weight(a.Diagnosis, a.Confirm, a.Codes) + weightOf(a.Turns)
			n += (1 + len(a.Turns)) * (200 + weight(c.Title)) // in the legend, and with each who has to act
			for _, l := range a.Links {
				n += 80 + weight(l.Title) + 3*weight(l.URL)
			}
		}
		if !left.take(n) {
			b.Uncaused = len(b.Causes) - i
			break
		}
		c.Section = true
		b.ask(c)
	}
	// Who can end most failures comes first.
	slices.SortStableFunc(b.Actors, func(x, y actor) int { return cmp.Compare(len(y.Causes), len(x.Causes)) })
	b.Actors = b.Actors[:min(len(b.Actors), maxActors)]
}
