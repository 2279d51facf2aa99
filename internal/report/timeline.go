package report

import (
	"cmp"
	"fmt"
	"slices"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// maxTimeLines is how many integrations have a time line on the terminal.
const maxTimeLines = 50

// timeLines has what happened to each integration, where several logs tell of it.
func (p *page) timeLines(list []Incident) {
	var order []string
	of := map[string][]Incident{}
	for _, i := range list {
		key := Key(i)
		if len(i.Timeline) == 0 {
			continue
		}
		if of[key] == nil {
			order = append(order, key)
		}
		of[key] = append(of[key], i)
	}
	short := shortener(list)
	for _, key := range order[:min(len(order), maxTimeLines)] {
		p.Gap()
		p.timeLine(of[key], short)
	}
	if n := len(order) - maxTimeLines; n > 0 {
		p.Gap()
		p.Wrap("", "", fmt.Sprintf("%s without a timeline here; --format json has all.", text.Count(n, "more integration")))
	}
}

// timeLine has what happened to one integration.
func (p *page) timeLine(all []Incident, short func(string) string) {
	last := all[len(all)-1]
	p.heading(fmt.Sprintf("%s: %s", nameOf(last.Data, short), p.sinceWhen(last)))
	for _, i := range all {
		for _, m := range i.Timeline {
			said := text.Printable(m.Text)
			if m.What == "changed" {
				said = "The cause changes: " + said
			}
			p.Wrap("  "+p.clock(m.At)+"  ", "                    ", said)
		}
		if n := i.UncountedMoments; n > 0 {
			p.Wrap("  ", "  ", fmt.Sprintf("and %s of the cause", text.Count(n, "more change")))
		}
	}
}

// sinceWhen says from when to when an integration was failing last.
func (p *page) sinceWhen(i Incident) string {
	word, f := "failing", i.Data.Failures
	if i.Data.Phase == alert.PhaseRefresh || i.Data.Phase == alert.PhaseMail {
		word = "down"
	}
	switch i.State() {
	case "failing":
		return fmt.Sprintf("%s since %s", word, p.clock(f.First))
	case "resolved":
		return fmt.Sprintf("%s from %s to %s, resolved", word, p.clock(f.First), p.clock(i.ResolvedAt))
	}
	return fmt.Sprintf("%s from %s to %s, then quiet", word, p.clock(f.First), p.clock(f.Last))
}

// nameOf is what people call an integration, with its ID as the table has it.
func nameOf(d alert.Data, short func(string) string) string {
	id := called(d, short)
	if d.Mailbox == nil || d.Integration.Name != nil {
		return id
	}
	name := clip(text.Printable(cmp.Or(d.Mailbox.Server, d.Mailbox.Handler)), maxCalled)
	if slices.Contains([]string{"", id}, name) {
		return id
	}
	return name + " (" + id + ")"
}

// Key identifies the integration of an incident. Where a log shows none, its failures are
// distinguished by the key of their incident.
func Key(i Incident) string {
	if i.Data.Integration.KnownBy != alert.ByNothing {
		return i.Data.Integration.ID
	}
	return cmp.Or(i.Data.ID.Key(), i.Data.Integration.ID)
}
