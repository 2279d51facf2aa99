package pipeline

import (
	"errors"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
)

// place finds the incident of a failure of which several logs may say something.
func (r *Recorder) place(tx *store.Tx, f matchers.Failure, from incident.Source, now time.Time) (
	key string, repeated bool, err error) {
	e, err := tx.Evidence()
	if err != nil {
		return "", false, err
	}
	at, ok := incident.PlausibleTime(f.Time, now)
	if !ok {
		at = now
	}
	open := func(key string) bool {
		s, failed := tx.Incident(key)
		err = errors.Join(err, failed)
		return s.Open
	}
	e, key, repeated = e.Place(f, r.Rules.Key(f), at, from.Name, open)
	return key, repeated, errors.Join(err, tx.SetEvidence(e))
}

// learn takes what another log shows of the mailbox of an open incident.
func (r *Recorder) learn(tx *store.Tx, key string, f matchers.Failure) error {
	s, err := tx.Incident(key)
	if err != nil || !s.Open {
		return err
	}
	return tx.SetIncident(r.Rules.Learn(s, f))
}

// recordProbe takes what the diagnostics say of a mail server, and ends the incident that
// this is the end of.
func (r *Recorder) recordProbe(tx *store.Tx, p probe, from incident.Source) error {
	e, err := tx.Evidence()
	if err != nil {
		return err
	}
	e, news := e.Observe(p.Probe)
	if err := tx.SetEvidence(e); err != nil {
		return err
	}
	switch {
	case news == incident.Back:
		return r.resolve(tx, e)
	case news == incident.Unreachable && r.AlertUnreachable:
		_, err := r.record(tx, failure{Failure: p.failure}, from)
		return err
	case news == incident.Unreachable && r.Tally != nil:
		r.Tally.Failure(r.Rules.Key(p.failure), p.failure.Cause.ID, p.At)
	}
	return nil
}

// resolve ends the incident of the background that the evidence shows to be over.
func (r *Recorder) resolve(tx *store.Tx, e incident.Evidence) error {
	open, err := tx.Incidents()
	if err != nil {
		return err
	}
	key, at := e.Recovery(open)
	s, err := tx.Incident(key)
	if err != nil || !s.Open {
		return err
	}
	return r.end(tx, s, at)
}

// end ends an incident at a time at which its connection is known to work.
func (r *Recorder) end(tx *store.Tx, s incident.State, at time.Time) error {
	e, err := tx.Evidence()
	if err != nil {
		return err
	}
	s, a := r.Rules.Resolve(s, at)
	if s.Open {
		return nil
	}
	return errors.Join(tx.SetEvidence(e.End(s.Key, at)), r.holdOrSave(tx, s, a, clock.Now(), s.NotNotified...))
}
