package pipeline

import (
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
func (s storage) Save(st incident.State, a *alert.Alert) {
	s.recorder.attempted(s.Tx, st.Tester, st.Cause, st)
	s.recorder.announce(s.Tx, st, a, clock.Now())
}

// End stores a closed incident and queues its last alert.
func (s storage) End(st incident.State, a *alert.Alert, _ time.Time) { s.Save(st, a) }

// Merge stores one incident in place of two.
func (s storage) Merge(into, from incident.State, a *alert.Alert) {
	s.recorder.forget(s.Tx, from.Key)
	s.recorder.attempted(s.Tx, from.Tester, from.Cause, into)
	s.recorder.holdOrSave(s.Tx, into, a, clock.Now())
}

// correlator puts together what the logs say, in a transaction at the wall clock's now.
func (r *Recorder) correlator(tx *store.Tx, now time.Time) incident.Correlator {
	return incident.Correlator{Storage: storage{tx, r}, Rules: r.Rules, Now: now, Called: func(config string) string { return r.called(r.settings.name(config)) }}
}

// learn takes what another log shows of the mailbox of an open incident.
func (r *Recorder) learn(tx *store.Tx, key string, f matchers.Failure) {
	if s := tx.Incident(key); s.Open {
		r.set(tx, r.Rules.Learn(s, f))
	}
}

// recordProbe takes what the diagnostics say of a mail server, at the wall clock's now.
func (r *Recorder) recordProbe(tx *store.Tx, p probe, from incident.Source, now time.Time) {
	if !r.Rules.OneJira() {
		return
	}
	switch news := r.correlator(tx, now).Probe(p.Probe); {
	case news != incident.Unreachable:
	case r.AlertUnreachable:
		r.record(tx, failure{Failure: p.failure}, from)
	case r.Tally != nil:
		r.Tally.Failure(r.Rules.Key(p.failure), p.failure.Cause.ID, p.At)
	}
}
