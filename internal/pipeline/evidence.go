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
	return incident.Correlator{Storage: storage{tx, r}, Rules: r.Rules, Now: now}
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

// identify is a failure as one of the configuration that other evidence shows it to be of.
func (r *Recorder) identify(tx *store.Tx, f matchers.Failure, now time.Time) matchers.Failure {
	if !r.Rules.OneJira() {
		return f
	}
	r.proven.Store(false)
	f, config := r.correlator(tx, now).Identify(f)
	return r.compare(tx, f, config)
}

// recordClick takes a request in a test of an integration.
func (r *Recorder) recordClick(tx *store.Tx, c matchers.Click) {
	if r.Rules.OneJira() {
		r.proven.Store(false)
		r.correlator(tx, clock.Now()).Click(c)
	}
}

// mayWait reports whether the access log may show whose test a failure is of.
func (r *Recorder) mayWait(f matchers.Failure) bool {
	return r.AccessLog && !r.noClicks.Load() && incident.MayBeRetry(f)
}

// overdue announces an incident for which no evidence has come. Without any, it may be a retry
// all the same.
func (r *Recorder) overdue(tx *store.Tx, s incident.State, a *alert.Alert, now time.Time) {
	attempt := tx.Openings(s.Cause).Attempt(s.Tester)
	into := tx.Incident(attempt.Key())
	if into.Key != s.Key && r.Rules.Retries(into, attempt, s.Cause, s.Last) {
		into, a := r.Rules.Absorb(into, s, now)
		r.forget(tx, s.Key)
		r.holdOrSave(tx, into, a, now)
		return
	}
	r.attempted(tx, s.Tester, s.Cause, s)
	r.announce(tx, s, a, now)
}

// awaits is until when the alert of a new incident waits for evidence, zero = it does not:
// the access log may show that it is a retry of a test whose incident is open. before is what
// the incident was before its last failure.
func (r *Recorder) awaits(tx *store.Tx, f matchers.Failure, before, s incident.State, now time.Time) (until time.Time) {
	switch {
	case !r.mayWait(f):
		return until
	case before.Open && !before.Awaits.IsZero():
		return before.Awaits
	}
	r.schedule(tx)
	for key, other := range r.due {
		if other.test && key != s.Key {
			return now.Add(incident.Awaited)
		}
	}
	return until
}

// prove ends the incidents of configurations whose tests are known by now to have
// succeeded.
func (r *Recorder) prove(now time.Time) error {
	if !r.Rules.OneJira() || r.proven.Load() {
		return nil
	}
	return r.Store.Update(func(tx *store.Tx) {
		waiting := r.correlator(tx, now).Prove()
		r.proven.Store(!waiting)
	})
}
