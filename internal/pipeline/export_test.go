package pipeline

import (
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
)

// Look is a look at how well a log is seen.
func CheckHealth(l *Log, now time.Time, text bool, waiting error) error {
	l.checkHealth(now, text, waiting)
	return l.err
}

// Record takes failures into their incidents, in one transaction.
func (r *Recorder) Record(failures ...matchers.Failure) error {
	return r.Store.Update(func(tx *store.Tx) {
		for _, f := range failures {
			r.record(tx, failure{Failure: f}, incident.Source{})
		}
	})
}

// Foreign is what was read of a log without a header of Jira's.
type Foreign = foreign

// With is what has been read after a text.
func (f foreign) With(text string, now time.Time) (Foreign, bool) { return f.with([]byte(text), now) }

// Reported tells whether that is worth an alert.
func (f foreign) Reported(now time.Time, ended bool) bool { return f.reported(now, ended) }

// RecordClick takes a request in a test of an integration.
func (r *Recorder) RecordClick(c matchers.Click) error {
	return r.Store.Update(func(tx *store.Tx) { r.recordClick(tx, c) })
}

// RecordProbe takes a probe of the diagnostics, and the failure that it may be.
func (r *Recorder) RecordProbe(p matchers.Probe, f matchers.Failure) error {
	return r.Store.Update(func(tx *store.Tx) {
		r.recordProbe(tx, probe{p, f}, incident.Source{Name: "diagnostics"}, clock.Now())
	})
}

// Resolve ends an incident as evidence does.
func (r *Recorder) Resolve(key string, at time.Time) error {
	return r.Store.Update(func(tx *store.Tx) {
		s, a := r.Rules.Resolve(tx.Incident(key), at)
		r.announce(tx, s, a, at)
	})
}

// Ships records a failure, which was shipped before if that is not "", and returns what it is shipped as.
func (r *Recorder) Ships(f matchers.Failure, counted string, before alert.ID) (shipped alert.ID, err error) {
	err = r.Store.Update(func(tx *store.Tx) {
		_, shipped = r.record(tx, failure{Failure: f, counted: counted, shipped: before}, incident.Source{})
	})
	return shipped, err
}
