package html

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/report"
)

// integration is all that happened to one integration: one incident or more.
type integration struct {
	Number    int
	Name      string
	Unnamed   bool // the log does not show which one it is
	Open      bool
	Resolved  bool // it is known to have worked again after its last failure
	Failures  int
	First     time.Time
	Last      time.Time
	Nodes     string
	Cause     *cause // of its last failure
	Others    int    // how many other causes it had
	Incidents []incident
	Findings  []finding
	Chart     *chart
	Row       bool // it is in the summary
	Section   bool // it has a section
	Hidden    int  // rows of its incidents that are not shown
	Timeline  []report.Moment
	Unlined   int // entries that are not in it

	key   string
	from  []report.Incident // by time
	nodes []string
}

// incident is one time that the integration was failing.
type incident struct {
	Number   int
	Open     bool
	Resolved bool
	Spells   []spell
}

type spell struct {
	Cause    *cause
	Failures int
	First    time.Time
	Last     time.Time
	Long     string
}

// cause is what was wrong, with all integrations that it was wrong for.
type cause struct {
	Letter       string
	Color        int
	ID           string
	Title        string
	Severity     string
	Failures     int
	First        time.Time
	Last         time.Time
	Integrations []*integration
	Open         int // integrations that still fail for it
	Advice       *advice
	Section      bool
}

// integrations gathers incidents by integration: those that still fail first,
// then the most severe, then those that failed first.
func integrations(incidents []report.Incident) []*integration {
	byKey := map[string]*integration{}
	for _, i := range incidents {
		k := report.Key(i)
		if byKey[k] == nil {
			byKey[k] = &integration{key: k}
		}
		byKey[k].from = append(byKey[k].from, i)
	}
	all := slices.Collect(maps.Values(byKey))
	for _, in := range all {
		in.gather()
	}
	slices.SortFunc(all, func(a, b *integration) int {
		return cmp.Or(
			-compareBool(a.Open, b.Open),
			-cmp.Compare(a.lastData().Cause.Severity, b.lastData().Cause.Severity),
			a.First.Compare(b.First),
			strings.Compare(a.key, b.key))
	})
	for n, in := range all {
		in.Number = n + 1
	}
	return all
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// gather sums up the incidents of an integration.
func (in *integration) gather() {
	slices.SortStableFunc(in.from, func(a, b report.Incident) int {
		return a.Data.Failures.First.Compare(b.Data.Failures.First)
	})
	var nodes []string
	for _, i := range in.from {
		f := i.Data.Failures
		in.Open = in.Open || i.Open
		in.Failures += f.Count
		if in.First.IsZero() || f.First.Before(in.First) {
			in.First = f.First
		}
		if !f.Last.Before(in.Last) {
			in.Last, in.Resolved = f.Last, i.State() == "resolved"
		}
		nodes = append(nodes, i.Nodes...)
	}
	slices.Sort(nodes)
	in.nodes = slices.Compact(nodes)
	in.Nodes = list(in.nodes, 5)
	in.Resolved = in.Resolved && !in.Open
	d := in.lastData()
	in.Name, in.Unnamed = line(d.Integration.ID, maxName), d.Integration.KnownBy == alert.ByNothing
	if in.Unnamed {
		in.Name = line(in.key, maxName)
	}
	if n := d.Integration.Name; n != nil && *n != "" {
		in.Name = line(*n, maxName)
	}
}

// causes gathers what was wrong: first what most integrations still fail for.
func causes(all []*integration) (sorted []*cause, byID map[string]*cause) {
	byID = map[string]*cause{}
	for _, in := range all {
		had := map[string]bool{}
		for _, i := range in.from {
			for _, s := range spellsOf(i) {
				c := byID[s.Cause]
				if c == nil {
					c = &cause{ID: line(s.Cause, maxName), Title: line(s.Title, maxTitle), First: s.First}
					byID[s.Cause] = c
				}
				c.count(s)
				if !had[s.Cause] {
					had[s.Cause] = true
					c.Integrations = append(c.Integrations, in)
				}
			}
		}
		last := in.lastData().Cause
		in.Cause, in.Others = byID[last.ID], len(had)-1
		if in.Open {
			in.Cause.Open++
		}
	}
	sorted = slices.SortedFunc(maps.Values(byID), func(a, b *cause) int {
		return cmp.Or(
			-cmp.Compare(a.Open, b.Open),
			-cmp.Compare(len(a.Integrations), len(b.Integrations)),
			-cmp.Compare(a.Failures, b.Failures),
			strings.Compare(a.ID, b.ID))
	})
	for n, c := range sorted {
		c.Letter, c.Color = letter(n), min(n, maxColors)
	}
	for _, in := range all {
		in.describe(byID)
	}
	return sorted, byID
}

func (c *cause) count(s report.Spell) {
	c.Failures += s.Failures
	if s.First.Before(c.First) {
		c.First = s.First
	}
	if s.Last.After(c.Last) {
		c.Last = s.Last
	}
}

// spellsOf are the causes of an incident, its last one always among them.
func spellsOf(i report.Incident) []report.Spell {
	d := i.Data
	if slices.ContainsFunc(i.Causes, func(s report.Spell) bool { return s.Cause == d.Cause.ID }) {
		return i.Causes
	}
	f := d.Failures
	return append(slices.Clone(i.Causes), report.Spell{
		Cause: d.Cause.ID, Title: d.Cause.Title, Failures: f.Count, First: f.First, Last: f.Last,
	})
}

// letter names the causes A to Z, AA to AZ and so on.
func letter(n int) string {
	s := ""
	for n++; n > 0; n = (n - 1) / 26 {
		s = string(rune('A'+(n-1)%26)) + s
	}
	return s
}
