package pipeline

import (
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

// opened queues the alert of a newcomer or adds the newcomer to a group: to an open one, or to one
// that begins because there are too many.
func (r *Recorder) opened(tx *store.Tx, n incident.Joining, a *alert.Alert, now time.Time) {
	app, _ := n.Content.Facts["app_id"].(string)
	lanes := r.Rules.Lanes(n.Content.Cause.ID, app)
	for _, lane := range lanes {
		g := tx.Incident(lane.Group)
		if stale, _ := r.Rules.Stale(g, n.At, now); lane.IsOn(stale, n.At) {
			r.join(tx, lane.Group, g, n, a, []incident.Opening{{Key: n.Key}}, now)
			return
		}
	}
	for _, lane := range lanes {
		o, joining := lane.Note(tx.Openings(lane.Name), n.State, n.At)
		tx.SetOpenings(lane.Name, o)
		if len(joining) > 0 {
			r.join(tx, lane.Group, tx.Incident(lane.Group), n, a, joining, now)
			return
		}
	}
	r.save(tx, n.State, a)
}

// join adds to a group a newcomer and those that opened shortly before it.
func (r *Recorder) join(tx *store.Tx, group string, g incident.State, n incident.Joining, a *alert.Alert,
	joining []incident.Opening, now time.Time) {
	g = r.endStale(tx, g, n.At, now)
	if g.Open && !g.IsGroup() { // an integration whose key is like that of a group
		r.save(tx, n.State, a)
		return
	}
	for _, opening := range joining {
		m := n
		if opening.Key != n.Key {
			m = incident.Joining{State: tx.Incident(opening.Key), At: opening.At, Arrived: now.Add(min(opening.At.Sub(n.At), 0))}
			if !m.Open || !m.Alone() || m.At.Before(m.First) {
				continue
			}
			// An opened that still waits in a queue is withdrawn.
			m.Notified = slices.DeleteFunc(m.Notified, func(name string) bool { return tx.Withdraw(name, m.ID()) })
			m.Named = len(m.Notified) > 0
		}
		var member incident.State
		g, member = r.Rules.Join(g, group, m, now)
		r.set(tx, member)
	}
	g, a = r.Rules.AlertGroup(g, now)
	r.save(tx, g, a)
}

// end stores an incident that is over and queues its last alert. The end of a member by silence is
// reported by its group.
func (r *Recorder) end(tx *store.Tx, s incident.State, a *alert.Alert, now time.Time) {
	g := tx.Incident(s.Storm)
	switch {
	case s.IsGroup() && s.Resolved.IsZero():
		r.endGroup(tx, s.Key, now)
	case s.EndUnsaid(): // only what is kept for it is closed
		r.cover(tx, s, s, a)
		r.set(tx, s)
	case !g.Open:
		r.holdOrSave(tx, s, a, now)
	default:
		covered := a == nil || a.Data.Kind != alert.Resolved
		g, a = r.Rules.Emptied(r.left(tx, g, s, a, covered, now), s.Resolved)
		r.holdOrSave(tx, g, a, now)
	}
}

// left stores a member that has ended, and returns its group.
func (r *Recorder) left(tx *store.Tx, g, s incident.State, a *alert.Alert, covered bool, now time.Time) incident.State {
	g = g.Left(s, covered)
	if covered {
		r.cover(tx, g, s, a)
		r.set(tx, s)
	} else {
		r.holdOrSave(tx, s, a, now)
	}
	return g
}

// endGroup ends a group by silence, with its members: one alert reports them all.
func (r *Recorder) endGroup(tx *store.Tx, key string, now time.Time) {
	g := tx.Incident(key)
	for m := range tx.EachIncident() {
		if m.Storm == key {
			m, a := r.Rules.Quiet(m)
			g = r.left(tx, g, m, a, true, now)
		}
	}
	g, a := r.Rules.Quiet(g)
	r.holdOrSave(tx, g, a, now)
}

// endStale ends an incident that had been quiet for too long when a failure occurred at a given
// time. Its alert precedes that of the next incident.
func (r *Recorder) endStale(tx *store.Tx, s incident.State, at, now time.Time) incident.State {
	if ended, _ := r.Rules.Stale(s, at, now); !s.Open || ended.Open {
		return s
	}
	if s.Storm != "" { // its group may be over too, and says so for it
		if g := tx.Incident(s.Storm); g.Open && !r.endStale(tx, g, at, now).Open {
			return incident.State{}
		}
	}
	if s.Unsaid() {
		next, a := r.Rules.Pending(s.Now(), now.Add(incident.Named))
		if a != nil {
			r.announce(tx, next, a, now)
			s = tx.Incident(s.Key)
		}
	}
	ended, a := r.Rules.Stale(s, at, now)
	r.end(tx, ended, a, now)
	return incident.State{}
}

// overflow counts a failure, or an incident, beyond the limits.
func (r *Recorder) overflow(tx *store.Tx, key string, why incident.Limit, now time.Time) {
	s, a := r.Rules.Overflow(tx.Incident(r.Rules.OverflowKey()), key, why, now)
	r.save(tx, s, a)
}
