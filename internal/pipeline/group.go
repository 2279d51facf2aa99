package pipeline

import (
	"errors"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

// ongoing is a group that further incidents join.
type ongoing struct {
	lane  incident.Lane
	group incident.State
}

// ongoing is the group that an incident that opens at a time joins, nil if there is none.
func (r *Recorder) ongoing(tx *store.Tx, lanes []incident.Lane, at, now time.Time) (*ongoing, error) {
	for _, lane := range lanes {
		g, err := tx.Incident(lane.Group)
		if err != nil {
			return nil, err
		}
		if stale, _ := r.Rules.Stale(g, at, now); lane.IsOn(stale, at) {
			return &ongoing{lane, g}, nil
		}
	}
	return nil, nil
}

// newcomer is an incident that opens, or that fails for a cause other than the one that its group
// (was) reports.
type newcomer struct {
	incident.State
	at  time.Time // of that failure
	was string    // "" = it is a new one
}

// opened queues the alert of a newcomer or adds the newcomer to a group: to an open one (nil =
// none) or to one that begins because there are too many.
func (r *Recorder) opened(tx *store.Tx, n newcomer, a *alert.Alert, on *ongoing, now time.Time) error {
	s := n.State
	if on != nil {
		return r.join(tx, on.lane.Group, on.group, n, a, []incident.Opening{{Key: s.Key}}, now)
	}
	app, _ := s.Content.Facts["app_id"].(string)
	for _, lane := range r.Rules.Lanes(s.Content.Cause.ID, app) {
		o, err := tx.Openings(lane.Name)
		if err != nil {
			return err
		}
		o, joining := lane.Note(o, s, n.at)
		if err := tx.SetOpenings(lane.Name, o); err != nil {
			return err
		}
		if len(joining) == 0 {
			continue
		}
		g, err := tx.Incident(lane.Group)
		if err != nil {
			return err
		}
		return r.join(tx, lane.Group, g, n, a, joining, now)
	}
	return r.save(tx, s, a)
}

// join adds to a group a newcomer and those that opened shortly before it.
func (r *Recorder) join(tx *store.Tx, group string, g incident.State, n newcomer, a *alert.Alert, joining []incident.Opening,
	now time.Time) (err error) {
	s := n.State
	if g, err = r.endStale(tx, g, n.at, now); err != nil {
		return err
	}
	if g.Open && !g.IsGroup() { // an integration whose key is like that of a group
		return r.save(tx, s, a)
	}
	for _, opening := range joining {
		m := incident.Joining{State: s, Again: n.was == group, At: n.at, Arrived: now}
		if opening.Key != s.Key {
			if m.State, err = tx.Incident(opening.Key); err != nil {
				return err
			}
			if m.Again, m.At = false, opening.At; !m.Open || !m.Alone() || opening.At.Before(m.First) {
				continue
			}
			if m.Notified, err = r.withdraw(tx, m.State); err != nil {
				return err
			}
			m.Named = len(m.Notified) > 0
			m.Arrived = now.Add(min(opening.At.Sub(n.at), 0))
		}
		var member incident.State
		g, member = r.Rules.Join(g, group, m, now)
		if err := r.set(tx, member); err != nil {
			return err
		}
	}
	g, a = r.Rules.AlertGroup(g, now)
	return r.save(tx, g, a)
}

// withdraw removes the opened of an incident from the queues in which it still waits. It returns
// the notifiers that are notified of it anyway.
func (r *Recorder) withdraw(tx *store.Tx, s incident.State) (notified []string, err error) {
	for _, name := range s.Notified {
		was, err := tx.Withdraw(name, s.ID())
		if err != nil {
			return nil, err
		}
		if !was {
			notified = append(notified, name)
		}
	}
	return notified, nil
}

// members are the open incidents of a group.
func (r *Recorder) members(tx *store.Tx, group string) (ids []alert.ID, err error) {
	err = tx.EachIncident(func(s incident.State) error {
		if s.Storm == group {
			ids = append(ids, s.ID())
		}
		return nil
	})
	return ids, err
}

// end stores an incident that is over and queues its last alert. The end of a member by silence is
// reported by its group.
func (r *Recorder) end(tx *store.Tx, s incident.State, a *alert.Alert, now time.Time) error {
	if s.IsGroup() && s.Resolved.IsZero() {
		return r.endGroup(tx, s.Key, now)
	}
	if s.EndUnsaid() { // only what is kept for it is closed
		return errors.Join(r.cover(tx, s, s, a), r.set(tx, s))
	}
	g, err := tx.Incident(s.Storm)
	if err != nil || !g.Open {
		return errors.Join(err, r.holdOrSave(tx, s, a, now))
	}
	said := a != nil && a.Data.Kind == alert.Resolved
	if g, err = r.left(tx, g, s, a, !said, now); err != nil {
		return err
	}
	g, a = r.Rules.Emptied(g, s.Resolved)
	return r.holdOrSave(tx, g, a, now)
}

// left stores a member that has ended, and returns its group.
func (r *Recorder) left(tx *store.Tx, g, s incident.State, a *alert.Alert, covered bool, now time.Time) (
	incident.State, error) {
	g = g.Left(s, covered, !s.Resolved.IsZero())
	if !covered {
		return g, r.holdOrSave(tx, s, a, now)
	}
	return g, errors.Join(r.cover(tx, g, s, a), r.set(tx, s))
}

// endGroup ends a group by silence, with its members: one alert reports them all.
func (r *Recorder) endGroup(tx *store.Tx, key string, now time.Time) error {
	g, err := tx.Incident(key)
	if err != nil {
		return err
	}
	if err := tx.EachIncident(func(m incident.State) error {
		if m.Storm != key {
			return nil
		}
		m, a := r.Rules.Quiet(m)
		g, err = r.left(tx, g, m, a, true, now)
		return err
	}); err != nil {
		return err
	}
	g, a := r.Rules.Quiet(g)
	return r.holdOrSave(tx, g, a, now)
}

// endStale ends an incident that had been quiet for too long when a failure occurred at a given
// time. Its alert precedes that of the next incident.
func (r *Recorder) endStale(tx *store.Tx, s incident.State, at, now time.Time) (incident.State, error) {
	if ended, _ := r.Rules.Stale(s, at, now); !s.Open || ended.Open {
		return s, nil
	}
	if s.Storm != "" { // its group may be over too, and says so for it
		g, err := tx.Incident(s.Storm)
		if err != nil {
			return s, err
		}
		if g.Open {
			if g, err = r.endStale(tx, g, at, now); err != nil || !g.Open {
				return incident.State{}, err
			}
		}
	}
	if s.Unsaid() {
		next, a := r.Rules.Pending(s.Now(), now.Add(incident.Named))
		if a != nil {
			if err := r.announce(tx, next, a, now); err != nil {
				return s, err
			}
			var err error
			if s, err = tx.Incident(s.Key); err != nil {
				return s, err
			}
		}
	}
	ended, a := r.Rules.Stale(s, at, now)
	return incident.State{}, r.end(tx, ended, a, now)
}

// overflow counts a failure, or an incident, beyond the limits.
func (r *Recorder) overflow(tx *store.Tx, key string, why incident.Limit, now time.Time) error {
	s, err := tx.Incident(r.Rules.OverflowKey())
	if err != nil {
		return err
	}
	s, a := r.Rules.Overflow(s, key, why, now)
	return r.save(tx, s, a)
}
