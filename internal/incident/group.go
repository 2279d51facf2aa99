package incident

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Named is the maximum time until an alert names an incident of a group.
const Named = groupLatest

const (
	stormWindow  = time.Minute       // incidents that open within it are a storm
	groupSettles = 15 * time.Second  // without a further member, a group is alerted to
	groupLatest  = 100 * time.Second // after an incident joined, its group names it
	maxNamed     = 300               // integrations that a group names, and incidents
	maxCounted   = 20                // causes of a group that are counted
)

// Group is the additional state of an incident that alerts for others, its members: for a burst of
// one cause or application, for a storm, or for incidents that maintenance has held back.
type Group struct {
	// Added is the notifier to which the group introduces incidents that were already open, "" =
	// none.
	Added string `json:"added,omitempty"`
	// Held is the maintenance after which the group began; zero = none.
	Held
	// Causes is how many members had each cause when they joined, the most frequent cause first.
	Causes []GroupCause `json:"causes"`
	// Attempts is how many of the members are identified only by a flow: each of these is a test,
	// and several may be of one integration.
	Attempts int `json:"attempts,omitempty"`
	// Active is how many of the members are still failing for the reason for which they joined.
	Active int `json:"active,omitempty"`
	// Over are the IDs of the members that ended without an alert to people; only the last ones are kept.
	// Resolved is how many members are known to work again.
	Over     []string `json:"over,omitempty"`
	Resolved int      `json:"resolved,omitempty"`

	// Ended are the integrations that failed during the maintenance and were quiet when it was
	// over, as far as they are named. EndedCount is their total number.
	Ended      []string `json:"ended,omitempty"`
	EndedCount int      `json:"ended_count,omitempty"`
}

// GroupCause is the number of members with a cause.
type GroupCause struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Count int    `json:"count"`
}

// IsGroup reports whether the incident alerts for others.
func (s State) IsGroup() bool { return s.Members > 0 }

// group is a copy of the additional state.
func (s State) group() (of Group) {
	if s.Group != nil {
		of = *s.Group
	}
	return of
}

// Joining is an incident that becomes a member of a group.
type Joining struct {
	State
	Named   bool      // it has had a separate alert
	Was     string    // the group that it has left because of another cause, "" = none
	At      time.Time // of the failure with which it joins
	Arrived time.Time // when that failure was read, by the wall clock
}

// Join adds an incident to a group, which is opened if necessary. It returns the new states of
// both. The content of an incident that was never alerted to alone is not kept, because the group
// reports it. seen is the wall-clock time.
func (r *Rules) Join(g State, key string, m Joining, seen time.Time) (State, State) {
	s := m.State
	if !g.Open {
		g = r.begin(key, s.First, s.First)
	}
	g.Joined, g.Arrived = latest(g.Joined, m.At), seen
	g = g.admit(s, m.Was == key).shareProbe(s)
	if !m.Named && (g.Unnamed.IsZero() || m.Arrived.Before(g.Unnamed)) {
		g.Unnamed = m.Arrived
	}
	g.Count += s.Count - 1
	g.NewFailures += s.Count - 1
	g = grow(g, s, seen)
	s.Storm, s.Held, s.Suppressed = g.Key, nil, !m.Named
	return g, brief(s)
}

// admit counts a new or returning member.
func (g State) admit(s State, again bool) State {
	of := g.group()
	of.Active++
	of.Causes = counted(of.Causes, s.Content.Cause)
	g.Group = &of
	if again {
		return g
	}
	g.Members++
	if s.Content.Integration.KnownBy == alert.ByFlow {
		of.Attempts++
	}
	// The newest ones are named; the earlier ones have been.
	g.Named = added(g.Named, s.Content.Integration.ID, maxNamed)
	return g
}

// counted counts one more member with a cause. Causes beyond the first maxCounted are counted
// together, in a last entry without an ID.
func counted(causes []GroupCause, c alert.Cause) []GroupCause {
	causes = slices.Clone(causes)
	id, title := c.ID, c.Title
	i := slices.IndexFunc(causes, func(of GroupCause) bool { return of.ID == id })
	if i < 0 && len(causes) >= maxCounted {
		id, title = "", ""
		i = slices.IndexFunc(causes, func(of GroupCause) bool { return of.ID == "" })
	}
	if i < 0 {
		causes = append(causes, GroupCause{ID: id, Title: title})
		i = len(causes) - 1
	}
	causes[i].Count++
	slices.SortStableFunc(causes, func(a, b GroupCause) int {
		return cmp.Or(cmp.Compare(min(len(b.ID), 1), min(len(a.ID), 1)), cmp.Compare(b.Count, a.Count))
	})
	return causes
}

// Left is a group after a member has left it, because it has ended or is alerted to alone from now
// on. covered reports that people get no separate alert about this.
func (g State) Left(m State, covered bool) State {
	of := g.group()
	of.Active = max(of.Active-1, 0)
	if !m.Resolved.IsZero() {
		of.Resolved++
	}
	if covered {
		of.Over = added(of.Over, string(m.ID()), maxNamed)
	}
	g.Group = &of
	return g
}

// Emptied ends a group if all of its members are known to work again. since is when the last of
// them recovered, zero = not known.
func (r *Rules) Emptied(g State, since time.Time) (State, *alert.Alert) {
	if g.Group.Resolved < g.Members || since.IsZero() {
		return g, nil
	}
	return r.Resolve(g, latest(since, g.Last))
}

// brief is a state without what a group reports for it, because a group may have thousands of
// members.
func brief(s State) State {
	if c := s.Content; s.Suppressed {
		s.Content = alert.Data{Node: c.Node, Integration: c.Integration, Cause: c.Cause, Phase: c.Phase}
		s.Content.Log.Name, s.Content.Log.Path = c.Log.Name, c.Log.Path
	}
	return s
}

// grow counts a further failure of one of the group's members.
func grow(g, s State, seen time.Time) State {
	g.Count++
	g.NewFailures++
	g.Seen = seen
	g.Last = latest(g.Last, s.Last)
	g.GivesUp = earliest(g.GivesUp, s.GivesUp)
	before := g.Content
	leads := s.Content.Cause.ID == g.Group.Causes[0].ID || before.Diagnosis == ""
	if s.Content.Diagnosis != "" && leads {
		g.Content, g.ContentAt = s.Content, s.Last
		if g.Content.Cause.Previous = nil; g.Members > 1 {
			g.Content.Mailbox = nil
		}
		g.Content.Integration = alert.Integration{ID: alert.Many, KnownBy: alert.ByNothing}
	}
	if before.Cause.ID == "" {
		return g
	}
	g.Content.Cause.Severity = max(before.Cause.Severity, s.Content.Cause.Severity)
	if g.Content.Phase = before.Phase; before.Phase != s.Content.Phase {
		g.Content.Phase = ""
	}
	return g
}

// StepGroup applies a failure of a member to the group. It returns the new states of both, and the
// alert that it raises, if any.
func (r *Rules) StepGroup(g, s State, seen time.Time) (State, State, *alert.Alert) {
	g, a := r.AlertGroup(grow(g, s, seen), seen)
	return g, brief(s), a
}

// AlertGroup raises the alert of a group if no further incident has joined for some seconds, if an
// unnamed member joined some time ago, or if a reminder is due. now is the wall-clock time.
func (r *Rules) AlertGroup(g State, now time.Time) (State, *alert.Alert) {
	switch waited := now.Sub(g.Unnamed).Abs(); { // negative: the clock was set back
	case !g.Open || !g.IsGroup() || r.groupMuted(g) || r.HoldsBack(g, now) != nil:
		return g, nil
	case !g.Unnamed.IsZero() && (waited >= groupLatest || g.Alerts == 0 && now.Sub(g.Arrived).Abs() >= groupSettles),
		g.Alerts > 0 && g.Group.Active > 0 && r.reminderDue(g, g.Last.Add(max(now.Sub(g.Seen), 0)), now):
		g, a := r.raise(g, alert.Storm, g.Last)
		g.Unnamed = time.Time{}
		return g, a
	}
	return g, nil
}

// groupMuted reports whether the operator wants no alert for any cause of a group.
func (r *Rules) groupMuted(g State) bool {
	if len(g.Group.Causes) < 2 {
		return r.Muted(g)
	}
	return !slices.ContainsFunc(g.Group.Causes, func(c GroupCause) bool {
		return !r.mutes(c.ID, g.Content.Cause.Severity)
	})
}

const maxGroupCauses = 5 // that a group's alert names

//go:embed group.tmpl
var groupText string

// groupTemplate makes the text of a group's alert. It is parsed when it is first needed.
var groupTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("group.tmpl").Funcs(template.FuncMap{
		"members": text.Members, "plural": text.Plural[int], "time": text.Time,
		"maxCauses": func() int { return maxGroupCauses },
		"minus":     func(a, b int) int { return a - b },
	}).Parse(groupText))
})

// groupData is the content of a group's alert: the last failure with its most frequent cause, for
// all members.
func (g State) groupData() alert.Data {
	d, of := g.Content, g.Group
	if len(of.Causes) > 1 { // only what applies to all members
		d.Facts, d.Fix = map[string]any{}, slices.Clone(d.Fix)
		of.addOthers(&d)
	}
	d.Facts = with[any](d.Facts, "integrations", slices.Clone(g.Named))
	d.Facts["integrations_count"] = fmt.Sprint(g.Members)
	if of.Attempts > 0 {
		d.Facts["attempts_count"] = fmt.Sprint(of.Attempts)
	}
	if len(of.Over) > 0 {
		d.Facts["incidents"] = slices.Clone(of.Over)
	}
	switch {
	case of.Added != "":
		d.Facts["notifier_added"] = of.Added
	case !of.To.IsZero():
		d.Facts["maintenance_from"], d.Facts["maintenance_to"] = of.From.Format(time.RFC3339), of.To.Format(time.RFC3339)
		if len(of.Ended) > 0 {
			d.Facts["ended_meanwhile"] = slices.Clone(of.Ended)
		}
	}
	var said strings.Builder
	if err := groupTemplate().Execute(&said, g); err != nil {
		panic(err)
	}
	d.Diagnosis = said.String() + d.Diagnosis
	return d
}

// addOthers adds to the content of a failure with the most frequent cause where to find the steps
// for the other causes.
func (g Group) addOthers(d *alert.Data) {
	others := g.Causes[1:]
	d.Cause.Title += ", and " + text.Plural(len(others), "other cause", "other causes")
	for _, c := range others[:min(len(others), maxGroupCauses-1)] { // the entry without an ID is beyond them
		which := "the incident"
		if c.Count > 1 {
			which = fmt.Sprintf("the %d incidents", c.Count)
		}
		d.Fix = append(d.Fix, host(fmt.Sprintf("Show the steps for %s with the cause “%s”:\n"+
			"```\njira-oauth-watcher causes %s\n```", which, c.Title, c.ID)))
	}
}

// Names adds the IDs of the incidents that the alert of a group is about.
func (g State) Names(a *alert.Alert, open []string) {
	all := append(slices.Clone(g.Group.Over), open...)
	a.Data.Facts = with[any](a.Data.Facts, "incidents", all[max(len(all)-maxNamed, 0):])
}
