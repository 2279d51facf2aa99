package pipeline

import (
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// heldLong is for how long a notifier's settings may be refused before the
// others are told.
const heldLong = time.Minute

// waitingLong is for how long attempts may fail before the others are told.
const waitingLong = 15 * time.Minute

// Attend queues what is to be said about notifiers that do not deliver, or do
// again: the other ones tell it. now is the wall clock.
func (r *Recorder) Attend(now time.Time) error {
	for _, t := range r.Targets {
		if err := r.notifier(t.Name, now); err != nil {
			return err
		}
	}
	return nil
}

// Finish tells storms at once: nothing more will be read.
func (r *Recorder) Finish() error {
	return r.each(clock.Now().Add(time.Minute), r.Rules.TellStorm)
}

// notifier tells the other notifiers about one that does not deliver.
func (r *Recorder) notifier(name string, now time.Time) error {
	t := incident.Trouble{Cause: incident.NotifierFailing, Name: name}
	var h notify.Health
	var s incident.State
	err := r.Store.View(func(tx *store.Tx) (err error) {
		if h, err = tx.Health(name); err != nil {
			return err
		}
		s, err = tx.Incident(r.Rules.TroubleKey(t))
		return err
	})
	if err != nil {
		return err
	}
	lost := h.SetAside + h.Dropped - h.Told
	failing := h.Circuit == notify.Disabled ||
		h.Circuit == notify.Held && now.Sub(h.Since) >= heldLong ||
		h.Circuit == notify.Waiting && now.Sub(h.Since) >= waitingLong
	on, without := true, []string{name}
	t.Since, t.Why, t.Lost = h.Since, h.Reason, lost
	switch {
	case s.Open && h.Circuit == notify.Closed && h.Succeeded.After(s.Last):
		on = false
		if lost > 0 {
			without = nil // it was not told what it missed
		}
	case failing:
	case lost > 0:
		t.Since = now
	default:
		return nil
	}
	_, told, err := r.trouble(t, on, now, without...)
	if err != nil || !told || lost == 0 {
		return err
	}
	return r.Store.Told(name, h.Told+lost)
}

// trouble brings the incident of a trouble up to date, and tells whether it is
// open now and whether that was worth an alert. on says that the trouble goes
// on. Notifiers named in without are not told.
func (r *Recorder) trouble(t incident.Trouble, on bool, now time.Time, without ...string) (open, told bool, err error) {
	step := func(s incident.State) (incident.State, *alert.Alert) {
		if on {
			return r.Rules.Trouble(s, t, now)
		}
		return r.Rules.Over(s, t, now)
	}
	changes := false
	err = r.Store.View(func(tx *store.Tx) error {
		before, err := tx.Incident(r.Rules.TroubleKey(t))
		s, alert := step(before)
		open, told, changes = s.Open, alert != nil, alert != nil || s.Open != before.Open
		return err
	})
	if err != nil || !changes {
		return open, told, err
	}
	return open, told, r.Store.Update(func(tx *store.Tx) error {
		s, err := tx.Incident(r.Rules.TroubleKey(t))
		if err != nil {
			return err
		}
		s, alert := step(s)
		if err := tx.SetIncident(s); err != nil {
			return err
		}
		return r.enqueue(tx, alert, without...)
	})
}

// Forget closes, without a word, the troubles of logs and notifiers that are no
// longer configured.
func (r *Recorder) Forget() error {
	known := map[string]bool{}
	for _, l := range r.Logs {
		known[r.Rules.TroubleKey(incident.Trouble{Cause: incident.LogUnreadable, Log: l})] = true
		known[r.Rules.TroubleKey(incident.Trouble{Cause: incident.LogSilent, Log: l})] = true
		known[r.Rules.TroubleKey(incident.Trouble{Cause: incident.LogForeign, Log: l})] = true
	}
	for _, t := range r.Targets {
		known[r.Rules.TroubleKey(incident.Trouble{Cause: incident.NotifierFailing, Name: t.Name})] = true
	}
	return r.each(clock.Now(), func(s incident.State, _ time.Time) (incident.State, *alert.Alert) {
		if s.Lasting() && !known[s.Key] {
			s.Open = false
		}
		return s, nil
	})
}
