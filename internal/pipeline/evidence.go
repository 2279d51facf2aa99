package pipeline

import (
	"errors"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
)

// storage is what a transaction knows of a Jira. What incidents raise is queued.
type storage struct {
	*store.Tx
	recorder *Recorder
}

// Save stores an incident and queues its alert.
func (s storage) Save(st incident.State, a *alert.Alert) error {
	return errors.Join(s.recorder.attemptedBy(s.Tx, st.Tester, st.Cause, st), s.recorder.announce(s.Tx, st, a, clock.Now()))
}

// End stores a closed incident and queues its last alert.
func (s storage) End(st incident.State, a *alert.Alert, _ time.Time) error { return s.Save(st, a) }

// Merge stores one incident in place of two.
func (s storage) Merge(into, from incident.State, a *alert.Alert) error {
	return errors.Join(s.recorder.forget(s.Tx, from.Key), s.recorder.attemptedBy(s.Tx, from.Tester, from.Cause, into),
		s.recorder.holdOrSave(s.Tx, into, a, clock.Now()))
}

// correlator puts together what the logs say, in a transaction at the wall clock's now.
func (r *Recorder) correlator(tx *store.Tx, now time.Time) incident.Correlator {
	return incident.Correlator{Storage: storage{tx, r}, Rules: r.Rules, Now: now, Called: func(config string) string { return r.called(r.settings.name(config)) }}
}

// learn takes what another log shows of the mailbox of an open incident.
func (r *Recorder) learn(tx *store.Tx, key string, f matchers.Failure) error {
	s, err := tx.Incident(key)
	if err != nil || !s.Open {
		return err
	}
	return r.set(tx, r.Rules.Learn(s, f))
}

// recordProbe takes what the diagnostics say of a mail server, at the wall clock's now.
func (r *Recorder) recordProbe(tx *store.Tx, p probe, from incident.Source, now time.Time) error {
	if !r.Rules.OneJira() {
		return nil
	}
	news, err := r.correlator(tx, now).Probe(p.Probe)
	switch {
	case err != nil || news != incident.Unreachable:
		return err
	case r.AlertUnreachable:
		_, err := r.record(tx, failure{Failure: p.failure}, from)
		return err
	case r.Tally != nil:
		r.Tally.Failure(r.Rules.Key(p.failure), p.failure.Cause.ID, p.At)
	}
	return nil
}
