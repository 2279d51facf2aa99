package pipeline

import (
	"cmp"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// How long a notifier may fail before the others are alerted.
const (
	suspendedFor = time.Minute      // its settings are rejected
	failingFor   = 15 * time.Minute // its attempts fail
)

// CheckNotifiers queues alerts for the other notifiers when a notifier stops or resumes
// delivering. now is the wall-clock time.
func (r *Recorder) CheckNotifiers(now time.Time) error {
	return r.Store.Update(func(tx *store.Tx) {
		for _, t := range r.deliver() {
			h, s := tx.Health(t.Name), tx.Incident(r.Rules.TroubleKey(t))
			t.Since, t.Why, t.Lost = h.Since, cmp.Or(h.Reason, "too much at once"), h.SetAside+h.Dropped-h.Reported
			over := s.Open && h.Circuit == notify.Closed && h.Succeeded.After(s.Last)
			switch {
			case over, Failing(h, now):
			case t.Lost > 0:
				t.Since = now
			default:
				continue
			}
			if r.trouble(tx, t, !over, now) && t.Lost > 0 {
				tx.SetReported(t.Name, h.Reported+t.Lost)
			}
		}
	})
}

// deliver are the troubles of what delivers: each notifier, and what writes failures.
func (r *Recorder) deliver() (all []incident.Trouble) {
	for _, to := range r.Recipients {
		all = append(all, incident.Trouble{Cause: incident.NotifierFailing, Name: to.Name})
	}
	if r.Ship {
		all = append(all, incident.Trouble{Cause: incident.ShipFailing, Name: notify.Ship})
	}
	return all
}

// Failing reports whether a notifier has failed for so long that people must know.
func Failing(h notify.Health, now time.Time) bool {
	return h.Circuit == notify.Disabled ||
		h.Circuit == notify.Suspended && now.Sub(h.Since) >= suspendedFor ||
		h.Circuit == notify.Waiting && now.Sub(h.Since) >= failingFor
}

// trouble updates the incident of a trouble, and reports whether it raised an alert. on means that
// the trouble continues. A notifier is not alerted to its own trouble, but at its end to what it has
// missed.
func (r *Recorder) trouble(tx *store.Tx, t incident.Trouble, on bool, now time.Time) (alerted bool) {
	before := tx.Incident(r.Rules.TroubleKey(t))
	step := r.Rules.Over
	if on {
		step = r.Rules.Trouble
	}
	s, a := step(before, t, now)
	if !on && t.Lost > 0 {
		s.Notified = with(s.Notified, t.Name)
	}
	if a != nil || s.Open != before.Open {
		r.save(tx, s, a)
	}
	return a != nil
}

// CheckRemoved raises an alert when a notifier was removed while alerts are queued for it, and
// ends it when this is over. now is the wall-clock time.
func (r *Recorder) CheckRemoved(removed []store.Orphan, now time.Time) error {
	return r.Store.Update(func(tx *store.Tx) {
		troubles := map[string]incident.Trouble{}
		for _, o := range removed {
			t := incident.Trouble{Cause: incident.NotifierRemoved, Name: o.Name, Since: now, Until: o.Until, Waits: o.Waiting}
			if !o.GivenUp {
				troubles[r.Rules.TroubleKey(t)] = t
				r.trouble(tx, t, true, now)
			}
		}
		for s := range tx.EachIncident() {
			name, _ := s.Content.Facts["notifier"].(string)
			if _, goesOn := troubles[s.Key]; s.Content.Cause.ID == incident.NotifierRemoved && !goesOn {
				r.trouble(tx, incident.Trouble{Cause: incident.NotifierRemoved, Name: name}, false, now)
			}
		}
	})
}

// CloseUnconfigured ends the troubles of logs and notifiers that are no longer configured.
func (r *Recorder) CloseUnconfigured() error {
	known := map[string]bool{}
	for _, l := range r.Logs {
		for _, cause := range incident.LogTroubles {
			known[r.Rules.TroubleKey(incident.Trouble{Cause: cause, Log: l})] = true
		}
	}
	for _, t := range r.deliver() {
		known[r.Rules.TroubleKey(t)] = true
	}
	return r.each(clock.Now(), func(s incident.State, now time.Time) (incident.State, *alert.Alert) {
		if !s.Lasting() || known[s.Key] || s.Content.Cause.ID == incident.NotifierRemoved {
			return s, nil
		}
		return r.Rules.Over(s, incident.Trouble{Removed: true}, now)
	})
}
