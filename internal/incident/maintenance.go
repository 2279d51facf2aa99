package incident

import (
	"cmp"
	"slices"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// Held is the maintenance that holds back an alert: the combined beginning and end of the windows
// that cover it.
type Held struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// and is the time of both.
func (h Held) and(other *Held) Held {
	if other == nil {
		return h
	}
	return Held{earliest(h.From, other.From), latest(h.To, other.To)}
}

// Maintenance is what holds back the alerts of an incident at the wall-clock time now, nil =
// nothing. Alerts about the watcher itself are never held back.
func (r *Rules) Maintenance(d alert.Data, now time.Time) (held *Held) {
	if ownCauses()[d.Cause.ID].Title != "" {
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

// InMaintenance reports whether any window is active at the wall-clock time now.
func (r *Rules) InMaintenance(now time.Time) bool {
	return slices.ContainsFunc(r.maintenance, func(m conf.Maintenance) bool {
		_, _, active := m.At(now)
		return active
	})
}

// HoldsBack is what holds back the alerts of an incident at the wall-clock time now, nil =
// nothing. A group is held back only by windows that cover all of its causes.
func (r *Rules) HoldsBack(s State, now time.Time) (held *Held) {
	if !s.IsGroup() {
		return r.Maintenance(s.Content, now)
	}
	for _, c := range s.Group.Causes {
		d := s.Content
		d.Cause.ID = c.ID
		h := r.Maintenance(d, now)
		if h == nil {
			return nil
		}
		held = new(h.and(held))
	}
	return held
}

// Hold is an incident whose alert is held back; the summary that follows names it. before is the
// state of the incident before that alert.
func (r *Rules) Hold(before, s State, h Held) State {
	s.Suppressed, s.Notified = true, nil
	if before.Open && before.ID() == s.ID() && before.Alerts > 0 {
		s.Suppressed, s.Notified = before.Suppressed, before.Notified
	}
	s.Held = new(h.and(before.Held))
	return s
}

// Release is a held incident at the wall-clock time now. It also reports whether the incident is
// no longer held back and is due to be named in a summary.
func (r *Rules) Release(s State, now time.Time) (State, bool) {
	if held := r.Maintenance(s.Content, now); held != nil {
		s.Held = new(held.and(s.Held))
		return s, false
	}
	if r.Muted(s) {
		s.LeaveGroup()
		return s, false
	}
	return s, true
}

// Summarize combines the incidents that maintenance has held back into one group, and returns its
// first alert. ended are the integrations whose incidents have ended in the meantime. now is the
// wall-clock time.
func (r *Rules) Summarize(members []State, ended []string, now time.Time) (State, []State, *alert.Alert) {
	var held *Held
	for _, m := range members {
		held = new(m.Held.and(held))
	}
	if held.To.After(now) { // the window was removed
		held.To = now.In(held.To.Location())
	}
	g, members := r.gather("maintenance-"+now.UTC().Format("20060102T150405.000Z"), members, now)
	g.Group.Held, g.Group.Ended, g.Group.EndedCount = *held, ended[:min(len(ended), maxNamed)], len(ended)
	g, a := r.raise(g, alert.Storm, now)
	g.Unnamed = time.Time{}
	g.LastAlert = g.Last.Add(max(now.Sub(g.Seen), 0)) // reminders come from now on
	return g, members, a
}

// Introduce is one alert about incidents that were open when a notifier was added. Its group is
// not kept: the incidents continue to be alerted to alone.
func (r *Rules) Introduce(open []State, notifier string, now time.Time) (State, *alert.Alert) {
	g, _ := r.gather(r.keyOf("added", notifier), open, now)
	g.First, g.Group.Added = now, notifier
	return r.raise(g, alert.Storm, now)
}

// gather makes a group of incidents that are open already.
func (r *Rules) gather(key string, members []State, now time.Time) (State, []State) {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b State) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Key, b.Key))
	})
	var g State
	for i, m := range members {
		seen := latest(m.Seen, g.Seen)
		g, members[i] = r.Join(g, key, Joining{State: m, Named: !m.Suppressed, At: m.First, Arrived: seen}, seen)
	}
	return g, members
}

// earliest is the earlier of two times; zero is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// latest is the later of two times.
func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
