package pipeline

import (
	"fmt"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// Recorder takes failures into their incidents and queues what is worth
// saying. Its fields are not changed after the first use.
type Recorder struct {
	Store   *store.Store
	Rules   *incident.Rules
	Targets []Target
	Logs    []incident.Source
	Tally   Tally // nil = nobody counts
}

// Tally counts what is recorded. Its methods are called in the middle of a
// transaction and from several goroutines.
type Tally interface {
	Failure(cause string)
	Alert(kind notify.Kind)
}

// Target is a notifier that alerts are queued for.
type Target struct {
	Name        string
	MinSeverity conf.Severity
}

// record takes one failure into its incident, and into the storm that speaks
// for it, and queues the alert it is worth.
func (r *Recorder) record(tx *store.Tx, f matchers.Failure, from incident.Source) error {
	now := time.Now()
	key := r.Rules.Key(f)
	if r.Tally != nil {
		r.Tally.Failure(f.Cause.ID)
	}
	if err := tx.Happened(key, f.Time, now); err != nil {
		return err
	}
	s, err := tx.Incident(key)
	if err != nil {
		return err
	}
	var storm incident.State
	if s.Storm != "" {
		if storm, err = tx.Incident(s.Storm); err != nil {
			return err
		}
		if !storm.Open {
			s.Storm, s.Hushed = "", false // nobody speaks for it any more
		}
	}
	s, alert := r.Rules.Step(s, f, from, now)
	if alert != nil && alert.Data.Kind == notify.Opened {
		return r.opened(tx, s, alert, now)
	}
	if err := tx.SetIncident(s); err != nil {
		return err
	}
	if s.Storm != "" {
		storm, alert = r.Rules.Beat(storm, s, now)
		if err := tx.SetIncident(storm); err != nil {
			return err
		}
	}
	return r.enqueue(tx, alert, "")
}

// opened queues the alert of a new incident, or folds it into a storm.
func (r *Recorder) opened(tx *store.Tx, s incident.State, alert *notify.Alert, now time.Time) error {
	cause := s.Content.Cause.ID
	storm, err := tx.Incident(incident.StormKey(cause))
	if err != nil {
		return err
	}
	o, err := tx.Openings(cause)
	if err != nil {
		return err
	}
	o, joining := r.Rules.Open(o, storm, s)
	if err := tx.SetOpenings(cause, o); err != nil {
		return err
	}
	if len(joining) == 0 {
		if err := tx.SetIncident(s); err != nil {
			return err
		}
		return r.enqueue(tx, alert, "")
	}
	for _, key := range joining {
		m, hushed := s, true
		if key != s.Key {
			if m, err = tx.Incident(key); err != nil {
				return err
			}
			if !m.Open || m.Content.Cause.ID != cause || m.Storm != "" {
				continue
			}
			if hushed, err = r.withdraw(tx, m); err != nil {
				return err
			}
		}
		storm, m = r.Rules.Join(storm, m, hushed, now)
		if err := tx.SetIncident(m); err != nil {
			return err
		}
	}
	storm, alert = r.Rules.TellStorm(storm, now)
	if err := tx.SetIncident(storm); err != nil {
		return err
	}
	return r.enqueue(tx, alert, "")
}

// withdraw takes the opened of an incident out of all queues, and tells whether
// no notifier has told it.
func (r *Recorder) withdraw(tx *store.Tx, s incident.State) (hushed bool, err error) {
	hushed = true
	for _, t := range r.Targets {
		if s.Content.Cause.Severity < t.MinSeverity {
			continue
		}
		was, err := tx.Withdraw(t.Name, s.ID())
		if err != nil {
			return false, err
		}
		hushed = hushed && was
	}
	return hushed, nil
}

// blind takes a gap into the incident of its log and queues the alert it is
// worth.
func (r *Recorder) blind(tx *store.Tx, g incident.Gap, log incident.Source) error {
	s, err := tx.Incident(r.Rules.LogKey(log))
	if err != nil {
		return err
	}
	s, alert := r.Rules.Blind(s, g, log)
	if err := tx.SetIncident(s); err != nil {
		return err
	}
	return r.enqueue(tx, alert, "")
}

// enqueue queues an alert for all notifiers that want it, without the one of
// that name.
func (r *Recorder) enqueue(tx *store.Tx, alert *notify.Alert, without string) error {
	if alert == nil {
		return nil
	}
	if r.Tally != nil {
		r.Tally.Alert(alert.Data.Kind)
	}
	for _, t := range r.Targets {
		if alert.Data.Cause.Severity < t.MinSeverity || t.Name == without {
			continue
		}
		if err := tx.Enqueue(t.Name, *alert); err != nil {
			return err
		}
	}
	return nil
}

// Settle queues what time alone brings at the wall clock's now: storms that
// have settled and, when all logs are current, reminders that are due and the
// end of incidents that have gone quiet. While a log is behind, silence means
// nothing.
func (r *Recorder) Settle(now time.Time, current bool) error {
	if !current {
		return r.each(now, r.Rules.TellStorm)
	}
	return r.each(now, r.Rules.Settle)
}

// each lets a rule look at every open incident, in one transaction, if it would
// change any: so a quiet service writes nothing.
func (r *Recorder) each(now time.Time, rule func(incident.State, time.Time) (incident.State, *notify.Alert)) error {
	due := false
	err := r.Store.View(func(tx *store.Tx) error {
		all, err := tx.Incidents()
		for _, before := range all {
			s, alert := rule(before, now)
			due = due || alert != nil || !s.Open
		}
		return err
	})
	if err != nil || !due {
		return err
	}
	return r.Store.Update(func(tx *store.Tx) error {
		all, err := tx.Incidents()
		if err != nil {
			return err
		}
		for _, before := range all {
			s, alert := rule(before, now)
			if s.Open && alert == nil {
				continue
			}
			if err := tx.SetIncident(s); err != nil {
				return err
			}
			if err := r.enqueue(tx, alert, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// Acknowledge takes what somebody did with a button: reminders of the incident
// wait. It returns a sentence for that person.
func (r *Recorder) Acknowledge(p notify.Press) (string, error) {
	key := p.Incident
	if i := strings.LastIndexByte(key, '@'); i >= 0 {
		key = key[:i]
	}
	said := ""
	err := r.Store.Update(func(tx *store.Tx) error {
		s, err := tx.Incident(key)
		if err != nil {
			return err
		}
		if !s.Open || s.ID() != p.Incident {
			said = "This incident is not open here: it is over, or the watcher of another Jira node keeps it."
			return nil
		}
		s = r.Rules.Acknowledge(s, p)
		said = "Acknowledged: no reminders come until its cause changes or it is over."
		if p.Snooze > 0 {
			said = fmt.Sprintf("Snoozed: no reminders come until %s, unless its cause changes.", s.Ack.Until.Format("2006-01-02 15:04 -07:00"))
		}
		return tx.SetIncident(s)
	})
	return said, err
}
