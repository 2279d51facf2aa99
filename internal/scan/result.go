package scan

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/matchers"
)

// report says what was read and what was found.
func (s *scanner) report(ctx context.Context, sources []*source, l *incidents) report.Report {
	r := report.Report{Schema: 1, Complete: true, Nodes: []string{}, Files: []report.File{}, Failures: l.failed}
	if o := s.options; !o.Since.IsZero() {
		r.Since = &o.Since
	}
	if o := s.options; !o.Until.IsZero() {
		r.Until = &o.Until
	}
	end := time.Time{}
	inZone(sources)
	for _, src := range sources {
		name := s.options.Rules(src.node).Node()
		for _, in := range src.inputs {
			if in.read > 0 || in.Problem == "" {
				r.Nodes = append(r.Nodes, name)
			}
			f := report.File{Path: in.Path, Node: name, Bytes: in.read, From: in.from, To: in.to}
			f.Problem = in.verdict(ctx.Err() != nil)
			r.Files = append(r.Files, f)
			r.Complete = r.Complete && f.Problem == ""
			if !f.From.IsZero() && (r.From.IsZero() || f.From.Before(r.From)) {
				r.From = f.From
			}
			r.To = latest(r.To, f.To)
		}
		end = latest(end, src.clock)
	}
	end = latest(end, r.To)
	if until := s.options.Until; !until.IsZero() && until.Before(end) {
		end = until
	}
	slices.Sort(r.Nodes)
	r.Nodes = slices.Compact(r.Nodes)
	all := l.finish(end)
	r.Advice = advice(all)
	r.Incidents = s.describe(all, end)
	r.Arrange()
	if l.left.Failures > 0 {
		r.LeftOut = &l.left
		r.LeftOut.Causes = spells(l.leftOf)
	}
	return r
}

// inZone gives times of logs that have no offset that of the last log which has one.
func inZone(sources []*source) {
	var last *input
	for _, src := range sources {
		for _, in := range src.inputs {
			if in.Kind != conf.KindDiagnostics && (last == nil || in.to.After(last.to)) {
				last = in
			}
		}
	}
	for _, src := range sources {
		for _, in := range src.inputs {
			if last != nil && in.Kind == conf.KindDiagnostics && !in.to.IsZero() {
				in.from, in.to = in.from.In(last.to.Location()), in.to.In(last.to.Location())
			}
		}
	}
}

// describe says of each incident what its last failure means. That takes longer
// than all else where there are many, so each core does some.
func (s *scanner) describe(all []*entry, end time.Time) []report.Incident {
	list := make([]report.Incident, len(all))
	var next atomic.Int64
	var describers sync.WaitGroup
	for range min(s.options.Cores, len(all)) {
		describers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				list[i] = s.incident(all[i], end)
				all[i] = nil
			}
		})
	}
	describers.Wait()
	return list
}

// advice is what the catalogue says in general of the causes that incidents had.
func advice(all []*entry) map[string]alert.Data {
	known := map[string]alert.Data{}
	for _, e := range all {
		for _, one := range e.spell {
			if c := one.cause; known[c.ID].Cause.ID == "" {
				f := unidentified(c)
				f.Codes, f.Links = c.Codes, c.Links
				known[c.ID] = e.rules.Explain(f, incident.Source{})
			}
		}
	}
	return known
}

// unidentified is a failure of which no more than the cause is known.
func unidentified(c *matchers.Cause) matchers.Failure {
	return matchers.Failure{
		Integration: matchers.Integration{ID: matchers.Unknown, KnownBy: alert.ByNothing},
		Cause:       c, Confidence: c.Confidence, Facts: matchers.Facts{},
	}
}

// incident is one as a report has it.
func (s *scanner) incident(e *entry, end time.Time) report.Incident {
	from := incident.Source{Name: e.in.Name(), Path: e.in.Path}
	f, ok := s.match(e.text)
	if !ok { // it matched before it was cut
		f = unidentified(e.cause)
		f.Text = e.text
	}
	data := e.rules.Summary(e.state, e.alert, f, from)
	if f, ok := s.match(e.twin); ok {
		data = e.rules.Learn(incident.State{Content: data}, f).Content
	}
	i := report.Incident{
		Data: data, Open: e.state.Open, ResolvedAt: e.resolved,
		Timeline: e.moments(end), UncountedMoments: e.uncountedTurns,
		Nodes:  slices.Sorted(slices.Values(e.nodes)),
		Causes: spells(e.spell), Hours: append([]report.Hour{}, e.hours...),
		UncountedHours: e.uncountedHours, UncountedCauses: e.uncountedCauses,
	}
	slices.SortFunc(i.Hours, func(a, b report.Hour) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Cause, b.Cause))
	})
	return i
}

// match diagnoses a failure in full.
func (s *scanner) match(text string) (matchers.Failure, bool) {
	v := s.set().Diagnose(text, s.options.Zone)
	return v.Failure, v.Ours
}

// spells are causes by their first failure.
func spells(all []spell) []report.Spell {
	list := []report.Spell{}
	for _, s := range all {
		list = append(list, report.Spell{
			Cause: s.cause.ID, Title: s.cause.Title, Failures: s.failures, First: s.first, Last: s.last,
		})
	}
	slices.SortStableFunc(list, func(a, b report.Spell) int {
		return cmp.Or(a.First.Compare(b.First), strings.Compare(a.Cause, b.Cause))
	})
	return list
}
