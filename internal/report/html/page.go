package html

import (
	"fmt"
	"slices"
	"time"

	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/text"
)

const (
	maxNodes     = 30 // in the head
	maxProblems  = 20 // there
	maxConcerned = 50 // integrations that a cause names
	maxActors    = 20
	glance       = 20 // rows of a summary that is read first
)

// page is all that the page shows, in its order.
type page struct {
	Title    string
	Headline string
	Nothing  string // how much was read, where nothing was found
	Head     []pair
	Complete bool
	Problems []string
	LeftOut  string // what is only counted; "" = nothing

	Integrations []*integration
	Resolved     bool   // some are resolved
	Long         bool   // the summary is no longer one at a glance
	Unnamed      int    // whose integration the log does not show
	Unlisted     string // what the summary leaves out
	Undetailed   int    // integrations without a section
	Actors       []actor
	Overview     *chart
	Days         days
	Causes       []*cause
	Uncaused     int // causes without a section
	Files        []file
	Unread       int // files that are not listed
}

// actor is who has to do something, and for which causes.
type actor struct {
	Who    string
	Causes []*cause
}

type file struct {
	Path, Node, Problem string
	Bytes               int64
	From, To            time.Time
}

func newPage(r report.Report) *page {
	r, zone := inZone(r)
	p := &page{Complete: r.Complete, Integrations: integrations(r.Incidents)}
	var byID map[string]*cause
	p.Causes, byID = causes(p.Integrations)
	p.head(r, zone)
	p.files(r)
	logs := logsOf(r, p.Integrations)
	p.Overview = newChart("When which cause made failures", seriesOf(p.Integrations, byID), logs, maxBars)
	p.Days = newDays(p.Integrations, byID)
	p.summary()
	p.details(logs, byID)
	p.advise()
	return p
}

// logsOf is the time that all failures and all logs lie in.
func logsOf(r report.Report, all []*integration) window {
	w := window{whole: true}
	widen := func(times ...time.Time) {
		for _, t := range times {
			if t.IsZero() {
				continue
			}
			if w.from == 0 && w.to == 0 {
				w.from, w.to = local(t), local(t)
			}
			w.from, w.to = min(w.from, local(t)), max(w.to, local(t))
		}
	}
	widen(r.From, r.To)
	for _, in := range all {
		widen(in.First, in.Last)
	}
	return w
}

// head says what was read, and what came of it.
func (p *page) head(r report.Report, zone string) {
	open := 0
	for _, in := range p.Integrations {
		if in.Open {
			open++
		}
		if in.Unnamed {
			p.Unnamed++
		}
		p.Resolved = p.Resolved || in.Resolved
	}
	p.Headline = headline(len(p.Integrations), open, r.Complete)
	if len(p.Integrations) == 1 && p.Resolved {
		p.Headline = "1 mail integration failed, and works again"
	}
	p.Title = p.Headline
	if !r.From.IsZero() {
		p.Title += r.From.Format(", 2006-01-02") + r.To.Format(" to 2006-01-02")
	}
	add := func(name, value string) { p.Head = append(p.Head, pair{name, value}) }
	read := int64(0)
	for _, f := range r.Files {
		read += f.Bytes
		if f.Problem != "" {
			p.Problems = append(p.Problems, line(f.Path, maxFact)+": "+line(f.Problem, maxFact))
		}
	}
	if l := r.LeftOut; l != nil {
		p.LeftOut = fmt.Sprintf("At least %s with %s are only counted: a report of all of them would have no end.",
			text.Count(l.Incidents, "more incident"), text.Count(l.Failures, "failure"))
	}
	if more := len(p.Problems) - maxProblems; more > 0 {
		p.Problems = append(p.Problems[:maxProblems], "and "+text.Count(more, "more file"))
	}
	volume := text.Count(len(r.Files), "file") + ", " + text.Size(read)
	if r.From.IsZero() {
		p.Nothing = volume + ": nothing in there was written by Jira."
		add("Logs", "nothing that Jira wrote was found")
	} else {
		p.Nothing = volume + ", until " + clock(r.To) +
			": nothing in there is a failure of an OAuth 2.0 mail integration."
		add("Logs begin", clock(r.From))
		add("Logs end", fmt.Sprintf("%s (%s)", clock(r.To), long(seconds(r.From, r.To))))
	}
	if r.Since != nil {
		add("Asked for", "from "+clock(*r.Since))
	}
	if r.Until != nil {
		add("Asked for", "until "+clock(*r.Until))
	}
	add("Times", zone)
	add("Nodes", list(r.Nodes, maxNodes))
	add("Read", volume)
	add("Failures", text.Number(r.Failures))
	add("Made", clock(r.Made.At)+" by jira-oauth-watcher "+line(r.Made.Version, maxName))
}

func headline(n, open int, complete bool) string {
	where := "at the end of the logs"
	if !complete {
		where = "at the end of what was read"
	}
	what := text.Count(n, "mail integration") + " failed"
	switch {
	case n == 0 && !complete:
		return "No failure of a mail integration was found in what was read"
	case n == 0:
		return "No failure of a mail integration was found"
	case n == 1 && open == 1:
		return "1 mail integration failed, and still fails " + where
	case n == 1:
		return "1 mail integration failed, and is quiet " + where
	case open == 0:
		return what + ", none still fails " + where
	case open == 1:
		return what + ", 1 still fails " + where
	case open == n:
		return what + ", all still fail " + where
	}
	return what + ", " + text.Number(open) + " still fail " + where
}

func (p *page) files(r report.Report) {
	left := room(roomFiles)
	for i, f := range r.Files {
		one := file{line(f.Path, maxFact), line(f.Node, maxName), "", f.Bytes, f.From, f.To}
		if f.Problem != "" {
			one.Problem = line(f.Problem, maxFact)
		}
		if !left.take(250 + weight(one.Path, one.Node, one.Problem)) {
			p.Unread = len(r.Files) - i
			break
		}
		p.Files = append(p.Files, one)
	}
}

// ask records everyone who has a step to do for a cause.
func (p *page) ask(c *cause) {
	if c.Advice == nil {
		return
	}
	asked := map[string]bool{}
	for _, t := range c.Advice.Turns {
		if asked[t.Who] {
			continue
		}
		asked[t.Who] = true
		i := slices.IndexFunc(p.Actors, func(a actor) bool { return a.Who == t.Who })
		if i < 0 {
			i = len(p.Actors)
			p.Actors = append(p.Actors, actor{Who: t.Who})
		}
		p.Actors[i].Causes = append(p.Actors[i].Causes, c)
	}
}

// Concerned are the integrations that a cause names; More are the others.
func (c *cause) Concerned() []*integration {
	return c.Integrations[:min(len(c.Integrations), maxConcerned)]
}

// Still reports whether an integration still fails for this cause.
func (c *cause) Still(in *integration) bool { return in.Open && in.Cause == c }

// More is how many integrations a cause does not name.
func (c *cause) More() int { return max(len(c.Integrations)-maxConcerned, 0) }

// Short are the causes that an actor is shown with; the others are counted.
func (a actor) Short() []*cause { return a.Causes[:min(len(a.Causes), maxConcerned)] }
