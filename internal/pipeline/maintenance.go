package pipeline

import (
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

// holdOrSave is save, unless maintenance holds back the alert at the wall-clock time now. In that
// case the incident changes as usual, and its alert waits for release.
func (r *Recorder) holdOrSave(tx *store.Tx, s incident.State, a *alert.Alert, now time.Time) {
	var held *incident.Held
	switch {
	case a != nil:
		held = r.Rules.HoldsBack(s, now)
	case !s.Open:
		held = s.Held // no one was alerted to it
	case !s.IsGroup() && len(r.late(s)) > 0:
		held = r.Rules.Maintenance(s.Content, now)
	}
	if held == nil {
		r.save(tx, s, a)
		return
	}
	r.idle.Store(false)
	if s.Open {
		r.set(tx, r.Rules.Hold(tx.Incident(s.Key), s, *held))
		return
	}
	delete(r.due, s.Key)
	tx.HoldEnd(s, *held, a)
}

// release queues what is no longer held back at the wall-clock time now: the ends of incidents
// that were alerted to before, and one alert about those that are still failing. If none is, there
// is nothing to act on, and no such alert.
func (r *Recorder) release(now time.Time) error {
	if r.idle.Load() {
		return nil
	}
	return r.Store.Update(func(tx *store.Tx) {
		r.idle.Store(true)
		ended, open := r.releaseEnded(tx, now), r.releaseOpen(tx, now)
		if len(open) == 0 {
			return
		}
		summary, open, a := r.Rules.Summarize(open, ended, now)
		for _, s := range open {
			r.set(tx, s)
		}
		r.save(tx, summary, a)
	})
}

// releaseEnded queues the ends that are no longer held back. It returns the integrations that have
// failed in the meantime and no longer do.
func (r *Recorder) releaseEnded(tx *store.Tx, now time.Time) (integrations []string) {
	for _, c := range tx.HeldEnds() {
		if r.Rules.Maintenance(c.Data, now) != nil {
			r.idle.Store(false)
			continue
		}
		for _, end := range c.Ends {
			r.send(tx, incident.State{}, end.Alert, r.reachable(tx, end.To, end.Alert.Data.Incident()))
		}
		tx.ReleaseEnd(c)
		if s := tx.Incident(c.Data.Incident().Key()); !s.Open && !c.InStorm {
			integrations = append(integrations, c.Data.Integration.ID)
		}
	}
	return integrations
}

// releaseOpen returns the incidents that are no longer held back.
func (r *Recorder) releaseOpen(tx *store.Tx, now time.Time) (due []incident.State) {
	for s := range tx.EachIncident() {
		if s.Held == nil {
			continue
		}
		next, isDue := r.Rules.Release(s, now)
		if isDue {
			due = append(due, next)
			continue
		}
		r.idle.Store(false)
		if next.Held == nil || !next.Held.To.Equal(s.Held.To) {
			r.set(tx, next)
		}
	}
	return due
}
