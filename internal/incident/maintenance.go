package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Held is the maintenance that holds back an alert: what the windows for it have in
// common begins and ends then.
type Held struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// and is the time of both.
func (h Held) and(other *Held) Held {
	if other == nil {
		return h
	}
	if other.From.Before(h.From) {
		h.From = other.From
	}
	if other.To.After(h.To) {
		h.To = other.To
	}
	return h
}

// Summary is what a storm says that alerts for what maintenance held back: its members
// have several causes.
type Summary struct {
	Held
	Causes []SummaryCause `json:"causes"` // the most frequent one first

	// Ended are the integrations that failed during the maintenance and have been quiet
	// since, as far as they are named; EndedCount is how many there are.
	Ended      []string `json:"ended,omitempty"`
	EndedCount int      `json:"ended_count,omitempty"`
}

// SummaryCause is how many of the members have a cause.
type SummaryCause struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Count int    `json:"count"`
}

// Maintenance is what holds back the alerts of an incident at the wall clock's now, nil
// when nothing does. Alerts about the watcher itself are never held back.
func (r *Rules) Maintenance(d alert.Data, now time.Time) (held *Held) {
	if ownCauses[d.Cause.ID].title != "" {
		return nil
	}
	name := ""
	if d.Integration.Name != nil {
		name = *d.Integration.Name
	}
	for _, m := range r.maintenance {
		if from, to, active := m.At(now); active && m.Covers(d.Cause.ID, d.Integration.ID, name) {
			held = new(Held{from, to}.and(held))
		}
	}
	return held
}

// Hold is an incident whose alert is held back: it is named in the summary that follows.
// before is what it was before that alert, and notNotified are the notifiers to which
// it was not severe enough then.
func (r *Rules) Hold(before, s State, h Held, notNotified []string) State {
	s.Suppressed, s.NotNotified = true, nil
	if before.Open && before.ID() == s.ID() && before.Alerts > 0 {
		s.Suppressed, s.NotNotified = before.Suppressed, before.NotNotified
		if before.Held == nil && !before.Suppressed {
			s.NotNotified = append(slices.Clip(s.NotNotified), notNotified...)
		}
	}
	s.Held = new(h.and(before.Held))
	return s
}

// Release is a held incident at the wall clock's now, and whether it is no longer held back
// and is due to be named in a summary.
func (r *Rules) Release(s State, now time.Time) (State, bool) {
	if held := r.Maintenance(s.Content, now); held != nil {
		s.Held = new(held.and(s.Held))
		return s, false
	}
	if r.muted(s.Content) {
		s.LeaveStorm()
		return s, false
	}
	return s, true
}

// Summarize makes one incident of those that maintenance has held back, which alerts for
// them from now on as a storm does, and its first alert. ended are the integrations whose
// incidents have ended meanwhile. now is the wall clock.
func (r *Rules) Summarize(members []State, ended []string, now time.Time) (State, []State, *alert.Alert) {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b State) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Key, b.Key))
	})
	s := State{
		Key:  "maintenance-" + now.UTC().Format("20060102T150405.000Z"),
		Open: true, First: members[0].First, StormAlert: now, Members: len(members),
	}
	var held *Held
	for _, m := range members {
		held = new(m.Held.and(held))
		s.Count += m.Count
		s.NewFailures += m.Count
		if m.Last.After(s.Last) {
			s.Last = m.Last
		}
		if m.Seen.After(s.Seen) {
			s.Seen = m.Seen
		}
		if len(s.Named) < maxNamed {
			s.Named = append(s.Named, m.Content.Integration.ID)
		}
	}
	if held.To.After(now) { // the window was removed
		held.To = now.In(held.To.Location())
	}
	s.Summary = &Summary{
		Held: *held, Causes: causesOf(members), Ended: ended[:min(len(ended), maxNamed)], EndedCount: len(ended),
	}
	s.Content = summaryContent(members, s.Summary.Causes)
	for i, m := range members {
		s.GivesUp = earliest(s.GivesUp, m.GivesUp)
		m.Held, m.Storm = nil, s.Key
		members[i] = brief(m)
	}
	s, a := r.raise(s, alert.Storm, now)
	s.LastAlert = s.Last.Add(max(now.Sub(s.Seen), 0)) // reminders come from now on
	return s, members, a
}

// earliest is the earlier of two times; zero is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// causesOf are the causes of incidents, the most frequent one first.
func causesOf(members []State) []SummaryCause {
	by := map[string]SummaryCause{}
	for _, m := range members {
		c := m.Content.Cause
		by[c.ID] = SummaryCause{ID: c.ID, Title: c.Title, Count: by[c.ID].Count + 1}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b SummaryCause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
}

const maxSummaryCauses = 5 // that a summary names

// summaryContent is what the last failure for the most frequent cause says, and where the
// steps for the others are.
func summaryContent(members []State, causes []SummaryCause) alert.Data {
	var last State
	severity, phase := members[0].Content.Cause.Severity, members[0].Content.Phase
	for _, m := range members {
		severity = max(severity, m.Content.Cause.Severity)
		if m.Content.Phase != phase {
			phase = ""
		}
		if m.Content.Cause.ID == causes[0].ID && (last.Key == "" || m.Last.After(last.Last)) {
			last = m
		}
	}
	d := last.Content
	d.Cause.Severity, d.Cause.Previous, d.Phase = severity, nil, phase
	d.Integration = alert.Integration{ID: alert.Many, KnownBy: alert.ByNothing}
	if len(members) > 1 {
		d.Mailbox = nil
	}
	others := causes[1:]
	if len(others) == 0 {
		return d
	}
	d.Cause.Title += fmt.Sprintf(", and %s", text.Plural(len(others), "other cause", "other causes"))
	d.Facts = map[string]any{}
	d.Fix = slices.Clone(d.Fix)
	for _, c := range others[:min(len(others), maxSummaryCauses-1)] {
		which := "the integration"
		if c.Count > 1 {
			which = fmt.Sprintf("the %d integrations", c.Count)
		}
		d.Fix = append(d.Fix, host(fmt.Sprintf("Show the steps for %s with the cause “%s”:\n"+
			"```\njira-oauth-watcher causes %s\n```", which, c.Title, c.ID)))
	}
	return d
}

// summaryData is what a summary of maintenance says, of a storm's data.
func (s State) summaryData(d alert.Data) alert.Data {
	m := s.Summary
	d.Facts["maintenance_from"], d.Facts["maintenance_to"] = m.From.Format(time.RFC3339), m.To.Format(time.RFC3339)
	if len(m.Ended) > 0 {
		d.Facts["ended_meanwhile"] = slices.Clone(m.Ended)
	}
	said := fmt.Sprintf("Maintenance from %s to %s is over. %s", text.Time(m.From), text.Time(m.To),
		text.Plural(s.Members, "integration failed during it and still fails",
			"integrations failed during it and still fail"))
	if len(m.Causes) > 1 {
		said += ": " + m.causes()
	}
	said += "."
	if m.EndedCount > 0 {
		said += " " + text.Plural(m.EndedCount, "other failed during it and has been quiet since.",
			"others failed during it and have been quiet since.")
	}
	said += " The last failure"
	if len(m.Causes) > 1 {
		said += " with the most frequent cause"
	}
	if d.Cause.Confidence == "likely" {
		said += ", likely"
	}
	d.Diagnosis = said + ": " + d.Diagnosis
	return d
}

// causes lists the causes, each with how many of the members have it.
func (m Summary) causes() string {
	var all []string
	for _, c := range m.Causes[:min(len(m.Causes), maxSummaryCauses)] {
		all = append(all, fmt.Sprintf("%d × %s", c.Count, c.Title))
	}
	if more := len(m.Causes) - maxSummaryCauses; more > 0 {
		all = append(all, text.Plural(more, "other cause", "other causes"))
	}
	return strings.Join(all, "; ")
}
