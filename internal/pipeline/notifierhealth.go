package pipeline

import (
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

// CheckNotifiers queues alerts about notifiers that do not deliver, or do again,
// for the other notifiers. now is the wall clock.
func (r *Recorder) CheckNotifiers(now time.Time) error {
	return r.Store.Update(func(tx *store.Tx) error {
		for _, t := range r.Recipients {
			if err := r.checkNotifier(tx, t.Name, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkNotifier alerts the other notifiers to one that does not deliver.
func (r *Recorder) checkNotifier(tx *store.Tx, name string, now time.Time) error {
	t := incident.Trouble{Cause: incident.NotifierFailing, Name: name}
	h, err := tx.Health(name)
	if err != nil {
		return err
	}
	s, err := tx.Incident(r.Rules.TroubleKey(t))
	if err != nil {
		return err
	}
	lost := h.SetAside + h.Dropped - h.Reported
	failing := h.Circuit == notify.Disabled ||
		h.Circuit == notify.Suspended && now.Sub(h.Since) >= suspendedFor ||
		h.Circuit == notify.Waiting && now.Sub(h.Since) >= failingFor
	on, without := true, []string{name}
	t.Since, t.Why, t.Lost = h.Since, h.Reason, lost
	switch {
	case s.Open && h.Circuit == notify.Closed && h.Succeeded.After(s.Last):
		on = false
		if lost > 0 {
			without = nil // it is alerted to what it missed
		}
	case failing:
	case lost > 0:
		t.Since = now
	default:
		return nil
	}
	_, alerted, err := r.trouble(tx, t, on, now, without...)
	if err != nil || !alerted || lost == 0 {
		return err
	}
	return tx.SetReported(name, h.Reported+lost)
}

// trouble brings the incident of a trouble up to date, and reports whether it is
// open now and whether that raised an alert. on says that the trouble goes on.
// Notifiers named in without are left out.
func (r *Recorder) trouble(
	tx *store.Tx, t incident.Trouble, on bool, now time.Time, without ...string,
) (open, alerted bool, err error) {
	before, err := tx.Incident(r.Rules.TroubleKey(t))
	if err != nil {
		return false, false, err
	}
	step := r.Rules.Over
	if on {
		step = r.Rules.Trouble
	}
	s, a := step(before, t, now)
	if a != nil || s.Open != before.Open {
		err = r.save(tx, s, a, without...)
	}
	return s.Open, a != nil, err
}

// CloseUnconfigured closes, without an alert, the troubles of logs and notifiers
// that are no longer configured.
func (r *Recorder) CloseUnconfigured() error {
	known := map[string]bool{}
	for _, l := range r.Logs {
		for _, cause := range incident.LogTroubles {
			known[r.Rules.TroubleKey(incident.Trouble{Cause: cause, Log: l})] = true
		}
	}
	for _, to := range r.Recipients {
		known[r.Rules.TroubleKey(incident.Trouble{Cause: incident.NotifierFailing, Name: to.Name})] = true
	}
	return r.each(clock.Now(), func(s incident.State, _ time.Time) (incident.State, *alert.Alert) {
		s.Open = s.Open && (!s.Lasting() || known[s.Key])
		return s, nil
	})
}
