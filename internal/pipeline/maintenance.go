package pipeline

import (
	"errors"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

// holdOrSave is save, unless maintenance holds back the alert at the wall-clock time now. In that
// case the incident changes as usual, and its alert waits for release.
func (r *Recorder) holdOrSave(tx *store.Tx, s incident.State, a *alert.Alert, now time.Time) error {
	var held *incident.Held
	switch {
	case a != nil && s.IsGroup():
		held = r.Rules.HoldsBack(s, now)
	case a != nil:
		held = r.Rules.Maintenance(a.Data, now)
	case !s.Open:
		held = s.Held // no one was alerted to it
	case !s.IsGroup() && len(r.late(s)) > 0:
		held = r.Rules.Maintenance(s.Content, now)
	}
	if held == nil {
		return r.save(tx, s, a)
	}
	r.idle.Store(false)
	if !s.Open {
		delete(r.due, s.Key)
		return tx.HoldEnd(s, *held, a)
	}
	before, err := tx.Incident(s.Key)
	if err != nil {
		return err
	}
	return r.set(tx, r.Rules.Hold(before, s, *held))
}

// release queues what is no longer held back at the wall-clock time now: the ends of incidents
// that were alerted to before, and one alert about those that are still failing. If none is, there
// is nothing to act on, and no such alert.
func (r *Recorder) release(now time.Time) error {
	if r.idle.Load() {
		return nil
	}
	return r.Store.Update(func(tx *store.Tx) error {
		r.idle.Store(true)
		ended, err := r.releaseEnded(tx, now)
		if err != nil {
			return err
		}
		open, err := r.releaseOpen(tx, now)
		if err != nil || len(open) == 0 {
			return err
		}
		summary, open, a := r.Rules.Summarize(open, ended, now)
		for _, s := range open {
			err = errors.Join(err, r.set(tx, s))
		}
		return errors.Join(err, r.save(tx, summary, a))
	})
}

// releaseEnded queues the ends that are no longer held back. It returns the integrations that have
// failed in the meantime and no longer do.
func (r *Recorder) releaseEnded(tx *store.Tx, now time.Time) (integrations []string, err error) {
	all, err := tx.HeldEnds()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if r.Rules.Maintenance(c.Data, now) != nil {
			r.idle.Store(false)
			continue
		}
		for _, end := range c.Ends {
			if _, err := r.send(tx, incident.State{}, end.Alert, r.reachable(tx, end.To, end.Alert.Data.Incident())); err != nil {
				return nil, err
			}
		}
		if err := tx.ReleaseEnd(c); err != nil {
			return nil, err
		}
		s, err := tx.Incident(c.Data.Incident().Key())
		if err != nil {
			return nil, err
		}
		if !s.Open && !c.InStorm {
			integrations = append(integrations, c.Data.Integration.ID)
		}
	}
	return integrations, nil
}

// releaseOpen returns the incidents that are no longer held back.
func (r *Recorder) releaseOpen(tx *store.Tx, now time.Time) (due []incident.State, err error) {
	var held []incident.State
	if err := tx.EachIncident(func(s incident.State) error {
		if s.Held != nil {
			held = append(held, s)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, s := range held {
		next, isDue := r.Rules.Release(s, now)
		if isDue {
			due = append(due, next)
			continue
		}
		r.idle.Store(false)
		if next.Held == nil || !next.Held.To.Equal(s.Held.To) {
			err = errors.Join(err, r.set(tx, next))
		}
	}
	return due, err
}
