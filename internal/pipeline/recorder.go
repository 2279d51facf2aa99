package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
)

// Recorder applies failures to their incidents and queues the alerts that they raise. Its fields
// must not be changed after the first use.
type Recorder struct {
	Store      *store.Store
	Rules      *incident.Rules
	Recipients []Recipient
	Logs       []incident.Source
	Tally      Tally // nil = nothing is counted
	MaxOpen    int   // maximum number of open incidents; 0 = incident.MaxOpen

	// AlertUnreachable reports whether the diagnostics log alone may open an incident.
	AlertUnreachable bool
	// AccessLog reports whether an access log is followed. It may not have been opened yet.
	AccessLog bool
	// Jira provides the names and settings of integrations, nil = they are not requested.
	Jira     Integrations
	settings settings

	due     due
	nextDue time.Time // nothing in due is due before

	idle     atomic.Bool // maintenance holds nothing back, as far as Settle has seen
	proven   atomic.Bool // no test may have succeeded, as far as prove has seen
	noClicks atomic.Bool // there is no access log, as far as it was looked for
}

// Tally counts what is recorded. Its methods are called during a transaction and from several
// goroutines.
type Tally interface {
	Failure(integration, cause string, at time.Time)
	Alert(a *alert.Alert, to []string) // the notifiers for which it was queued
}

// Recipient is a notifier for which alerts are queued.
type Recipient struct {
	Name        string
	MinSeverity conf.Severity
	Keeps       bool // its receiver keeps something for each incident that must be closed, see notify.Keeper
	Groups      bool // the receiver itself groups what it shows to people
}

// record applies one failure to its incident and to the storm that alerts for it, and queues the
// alert that it raises. A failure that has already been counted is only corrected. Evidence that
// the incident is over may have arrived before. record returns the key of the incident.
func (r *Recorder) record(tx *store.Tx, f failure, from incident.Source) (key string, err error) {
	now := clock.Now()
	if err := r.keepTime(tx, now); err != nil {
		return "", err
	}
	if own, err := r.own(tx, f.Failure); own || err != nil {
		return "", err
	}
	if f.Failure, err = r.identify(tx, f.Failure, now); err != nil {
		return "", err
	}
	if key, err = r.count(tx, f, from, now); err != nil || !r.Rules.OneJira() {
		return key, err
	}
	return key, r.correlator(tx, now).Counted(f.Failure)
}

func (r *Recorder) count(tx *store.Tx, f failure, from incident.Source, now time.Time) (key string, err error) {
	key, step := f.counted, r.Rules.Correct
	if key == "" {
		var repeated bool
		if key, repeated, err = r.key(tx, f.Failure, from, now); err != nil {
			return "", err
		}
		if repeated {
			return key, r.learn(tx, key, f.Failure)
		}
		step = r.Rules.Step
		if r.Tally != nil {
			r.Tally.Failure(key, f.Cause.ID, f.Time)
		}
		if err := tx.CountFailure(key, f.Time, now); err != nil {
			return "", err
		}
	}
	s, err := tx.Incident(key)
	if err != nil || f.counted != "" && !s.Open {
		return key, err
	}
	if s, err = r.endStale(tx, s, plausible(f.Time, now), now); err != nil {
		return key, err
	}
	if !s.Open && tx.Open() >= cmp.Or(r.MaxOpen, incident.MaxOpen) {
		return key, r.overflow(tx, key, incident.TooManyOpen, now)
	}
	if s.Alerts == 0 {
		at := plausible(f.Time, now)
		if s.Open {
			at = s.First
		}
		if f.on, err = r.ongoing(tx, r.Rules.Lanes(f.Cause.ID, f.Facts.Text("app_id")), at, now); err != nil {
			return key, err
		}
		joins := f.counted == "" && f.on != nil && !r.mayWait(f.Failure) && !r.Rules.InMaintenance(now)
		if joins && f.on.group.Says(f.Cause.ID, at) {
			step = r.Rules.StepBriefly
		}
	}
	if key != r.Rules.Key(f.Failure) || s.Open && s.Content.Integration.KnownBy == alert.ByConfiguration {
		f.Failure = s.Adopt(f.Failure)
	}
	after := func(s incident.State) (incident.State, *alert.Alert) { return step(s, f.Failure, from, now) }
	return key, r.apply(tx, s, f, after, now)
}

// plausible is the time of an event or, if that is impossible, the time at which it is read.
func plausible(at, now time.Time) time.Time {
	if at, ok := incident.PlausibleTime(at, now); ok {
		return at
	}
	return now
}

// apply applies one failure to its incident, and queues the alert that it raises.
func (r *Recorder) apply(tx *store.Tx, s incident.State, f failure,
	step func(incident.State) (incident.State, *alert.Alert), now time.Time) (err error) {
	var group incident.State
	if s.Storm != "" {
		if group, err = tx.Incident(s.Storm); err != nil {
			return err
		}
		if !group.Open {
			s.LeaveGroup()
		}
	}
	before := s
	s, a := step(s)
	isNew := a != nil && a.Data.Kind == alert.Opened
	if isNew {
		until, err := r.awaits(tx, f.Failure, before, s, now)
		if err != nil {
			return err
		}
		if now.Before(until) {
			return r.set(tx, s.Await(until, r.Rules.Tester(f.Failure)))
		}
		if before.Open && s.Tester != "" { // it has waited long enough
			return r.overdue(tx, s, a, now)
		}
	}
	if err := r.attempted(tx, f.Failure, s); err != nil {
		return err
	}
	if isNew {
		return r.announceOn(tx, s, a, f.on, now)
	}
	switch {
	case s.Storm != "" && f.counted == "":
		group, s, a = r.Rules.StepGroup(group, s, now)
		if err := r.set(tx, s); err != nil {
			return err
		}
		return r.holdOrSave(tx, group, a, now)
	case s.Storm == "" && before.Storm != "": // those who know it from the group go on with it
		for _, name := range group.Notified {
			s.Notified = with(s.Notified, name)
		}
		if err := r.set(tx, group.Left(before, false, false)); err != nil {
			return err
		}
		if before.Suppressed && r.Rules.Maintenance(s.Content, now) == nil { // many may do so at once
			n := newcomer{s, s.Last, group.Key}
			on, err := r.ongoing(tx, r.Rules.Lanes(f.Cause.ID, f.Facts.Text("app_id")), s.Last, now)
			return errors.Join(err, r.opened(tx, n, a, on, now))
		}
	}
	return r.holdOrSave(tx, s, a, now)
}

// announce is holdOrSave for an incident that may be new or over: its alert may become part of a
// group.
func (r *Recorder) announce(tx *store.Tx, s incident.State, a *alert.Alert, now time.Time) error {
	if !s.Open {
		return r.end(tx, s, a, now)
	}
	app, _ := s.Content.Facts["app_id"].(string)
	on, err := r.ongoing(tx, r.Rules.Lanes(s.Content.Cause.ID, app), s.First, now)
	return errors.Join(err, r.announceOn(tx, s, a, on, now))
}

// announceOn is announce where the group that the incident may join is known.
func (r *Recorder) announceOn(tx *store.Tx, s incident.State, a *alert.Alert, on *ongoing, now time.Time) error {
	if a != nil && a.Data.Kind == alert.Opened && r.Rules.Maintenance(a.Data, now) == nil {
		return r.opened(tx, newcomer{s, s.First, ""}, a, on, now)
	}
	return r.holdOrSave(tx, s, a, now)
}

// key is the key of the incident of a failure. repeated reports that another log's report of the
// failure has already been counted there.
func (r *Recorder) key(tx *store.Tx, f matchers.Failure, from incident.Source, now time.Time) (
	key string, repeated bool, err error) {
	if r.Rules.Places(f) {
		return r.correlator(tx, now).Place(f, from.Name)
	}
	key, err = r.retried(tx, f, now)
	return key, false, err
}

// retried is the key of a failure's own incident, or of the callback that has just logged it, or
// of the attempt that it retries.
func (r *Recorder) retried(tx *store.Tx, f matchers.Failure, now time.Time) (string, error) {
	own, callback := r.Rules.Key(f), f.Integration.Callback
	if callback != "" {
		s, err := tx.Incident(callback)
		if at, ok := incident.PlausibleTime(f.Time, now); ok && s.Continues(callback, f.Cause, at) || err != nil {
			return callback, err
		}
	}
	who := r.Rules.Tester(f)
	if who == "" {
		return own, nil
	}
	if s, err := tx.Incident(own); s.Open || err != nil {
		return own, err
	}
	o, err := tx.Openings(f.Cause.ID)
	if err != nil {
		return own, err
	}
	attempt := o.Attempt(who)
	s, err := tx.Incident(attempt.Key())
	at, ok := incident.PlausibleTime(f.Time, now)
	waits := r.mayWait(f) && s.Content.Phase == alert.PhaseTest // for evidence that it is none, see overdue
	if ok && !waits && r.Rules.Retries(s, attempt, f.Cause.ID, at) {
		return s.Key, err
	}
	return own, err
}

// attempted remembers who has failed in an incident.
func (r *Recorder) attempted(tx *store.Tx, f matchers.Failure, s incident.State) error {
	return r.attemptedBy(tx, r.Rules.Tester(f), f.Cause.ID, s)
}

func (r *Recorder) attemptedBy(tx *store.Tx, who, cause string, s incident.State) error {
	if who == "" {
		return nil
	}
	o, err := tx.Openings(cause)
	if err != nil {
		return err
	}
	return tx.SetOpenings(cause, o.Attempted(who, s.ID()))
}

// recordGap applies a gap to the incident of its log and queues the alert that it
// raises.
func (r *Recorder) recordGap(tx *store.Tx, g incident.Gap, log incident.Source, ofTests bool) error {
	if ofTests && r.Rules.OneJira() {
		e, err := tx.Evidence()
		if err := errors.Join(err, tx.SetEvidence(e.Gap(g.At))); err != nil {
			return err
		}
	}
	s, err := tx.Incident(r.Rules.LogKey(log))
	if err != nil {
		return err
	}
	s, a := r.Rules.Gap(s, g, log)
	return r.save(tx, s, a)
}

// Settle queues what is due at the wall-clock time now: alerts that maintenance has held back,
// storms that have settled and, for incidents of logs that are current, reminders and the ends of
// those that have become quiet. While a log has unread lines or cannot be read, its silence means
// nothing.
func (r *Recorder) Settle(now time.Time, current func(log string) bool) error {
	if err := r.release(now); err != nil {
		return err
	}
	if !slices.ContainsFunc(r.Logs, func(l incident.Source) bool { return !current(l.Name) }) {
		if err := r.prove(now); err != nil {
			return err
		}
	}
	return r.settleDue(now, current)
}

// Finish immediately raises the alerts of storms, of maintenance that is over, and of incidents
// that wait for evidence, because nothing more will be read.
func (r *Recorder) Finish() error {
	if err := r.release(clock.Now()); err != nil {
		return err
	}
	later := clock.Now().Add(incident.Named)
	if err := r.prove(later); err != nil {
		return err
	}
	return r.each(later, r.Rules.Pending)
}

// Acknowledge applies a button press, which stops the reminders of the incident. It returns a
// sentence for the person who pressed the button.
func (r *Recorder) Acknowledge(p alert.Press) (answer string, err error) {
	err = r.Store.Update(func(tx *store.Tx) error {
		s, err := tx.Incident(p.Incident.Key())
		if err != nil {
			return err
		}
		if !s.Open || s.ID() != p.Incident {
			answer = "This incident is not open here: it has ended, or another Jira node's watcher tracks it."
			return nil
		}
		s = r.Rules.Acknowledge(s, p)
		answer = "Acknowledged: no reminders until its cause changes or it ends."
		if p.Snooze > 0 {
			answer = fmt.Sprintf("Snoozed: no reminders until %s, unless its cause changes.",
				s.Ack.Until.Format("2006-01-02 15:04 -07:00"))
		}
		return r.set(tx, s)
	})
	return answer, err
}
