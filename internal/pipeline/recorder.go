package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/jira"
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
	// Ship reports whether each failure is queued for notify.Ship, too.
	Ship bool
	// Jira provides the names and settings of integrations, nil = they are not requested.
	Jira   Integrations
	asking sync.Mutex // one request at a time

	due     due
	nextDue time.Time // nothing in due is due before

	unprobed chan struct{} // an incident waits for a probe; nil = there are none

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
// the incident is over may have arrived before. record returns the key of the incident, and what
// the failure is shipped as.
func (r *Recorder) record(tx *store.Tx, f failure, from incident.Source) (key string, shipped alert.ID) {
	now := clock.Now()
	r.keepTime(tx, now)
	if r.Jira != nil && tx.Evidence().IsOwn(f.Failure, jira.Path) { // one of our own requests has caused it
		return "", ""
	}
	f.Failure = r.identify(tx, f.Failure, now)
	if _, assumed := f.Host(nil); assumed && r.unprobed != nil {
		f.Integration.Likely = r.likely()
	}
	key, shipped = r.count(tx, f, from, now)
	if r.Rules.OneJira() {
		r.correlator(tx, now).Counted(f.Failure)
	}
	return key, shipped
}

func (r *Recorder) count(tx *store.Tx, f failure, from incident.Source, now time.Time) (key string, shipped alert.ID) {
	if key = f.counted; key == "" {
		repeated := false // another log's report of the failure has already been counted there
		if r.Rules.Places(f.Failure) {
			key, repeated = r.correlator(tx, now).Place(f.Failure, from.Name)
		} else {
			key = r.retried(tx, f.Failure, now)
		}
		if repeated {
			if s := tx.Incident(key); s.Open {
				r.set(tx, r.Rules.Learn(s, f.Failure))
			}
			return key, ""
		}
		if r.Tally != nil {
			r.Tally.Failure(key, f.Cause.ID, f.Time)
		}
		tx.CountFailure(key, f.Time, now)
	}
	s := tx.Incident(key)
	if f.counted != "" && !s.Open {
		return key, f.shipped
	}
	s = r.endStale(tx, s, incident.TimeOf(f.Time, now), now)
	if !s.Open && tx.Open() >= cmp.Or(r.MaxOpen, incident.MaxOpen) {
		r.overflow(tx, key, incident.TooManyOpen, now)
		return key, r.ship(tx, tx.Incident(r.Rules.OverflowKey()), f, from, now)
	}
	if key != r.Rules.Key(f.Failure) || s.Open && s.Content.Integration.KnownBy == alert.ByConfiguration {
		f.Failure = s.Adopt(f.Failure)
	}
	return key, r.apply(tx, s, f, from, now)
}

// ship queues a failure that was just counted in an incident for notify.Ship, and returns its ID, ""
// if it is not shipped. A failure whose cause is corrected is shipped again, with the same ID.
func (r *Recorder) ship(tx *store.Tx, s incident.State, f failure, from incident.Source, now time.Time) (id alert.ID) {
	if id = s.ID().Failure(s.Count); f.counted != "" {
		id = f.shipped
	}
	if !r.Ship || id == "" {
		return ""
	}
	tx.Ship(cmp.Or(f.Header.Level, "WARN"), func() alert.Alert { return r.Rules.Failure(s, id, f.Failure, from, now) })
	return id
}

// apply applies one failure to its incident, and queues the alert that it raises. It returns what
// the failure is shipped as.
func (r *Recorder) apply(tx *store.Tx, s incident.State, f failure, from incident.Source, now time.Time) (shipped alert.ID) {
	step := r.Rules.Step
	if f.counted != "" {
		step = r.Rules.Correct
	}
	var group incident.State
	if s.Storm != "" {
		if group = tx.Incident(s.Storm); !group.Open {
			s.LeaveGroup()
		}
	}
	before := s
	s, a := step(s, f.Failure, from, now)
	shipped = r.ship(tx, s, f, from, now)
	isNew := a != nil && a.Data.Kind == alert.Opened
	if isNew {
		if until := r.awaits(tx, f.Failure, before, s, now); now.Before(until) {
			r.set(tx, s.Await(until, r.Rules.Tester(f.Failure)))
			return shipped
		}
		if before.Open && s.Tester != "" { // it has waited long enough
			r.overdue(tx, s, a, now)
			return shipped
		}
	}
	r.attempted(tx, r.Rules.Tester(f.Failure), f.Cause.ID, s)
	leaves := s.Storm == "" && before.Storm != ""
	if leaves { // those who know it from the group go on with it
		s.Notified = with(s.Notified, group.Notified...)
		r.set(tx, group.Left(before, false))
	}
	switch {
	case isNew:
		r.announce(tx, s, a, now)
	case s.Storm != "" && f.counted == "":
		group, s, a = r.Rules.StepGroup(group, s, now)
		r.set(tx, s)
		r.holdOrSave(tx, group, a, now)
	case leaves && before.Suppressed && r.Rules.Maintenance(s.Content, now) == nil: // many may do so at once
		r.opened(tx, incident.Joining{State: s, Was: group.Key, At: s.Last, Arrived: now}, a, now)
	default:
		r.holdOrSave(tx, s, a, now)
	}
	return shipped
}

// announce is holdOrSave for an incident that may be new or over: its alert may become part of a
// group.
func (r *Recorder) announce(tx *store.Tx, s incident.State, a *alert.Alert, now time.Time) {
	switch {
	case !s.Open:
		r.end(tx, s, a, now)
	case a != nil && a.Data.Kind == alert.Opened && r.Rules.Maintenance(a.Data, now) == nil:
		r.opened(tx, incident.Joining{State: s, At: s.First, Arrived: now}, a, now)
	default:
		r.holdOrSave(tx, s, a, now)
	}
}

// retried is the key of a failure's own incident, or of the callback that has just logged it, or
// of the attempt that it retries.
func (r *Recorder) retried(tx *store.Tx, f matchers.Failure, now time.Time) string {
	own, callback := r.Rules.Key(f), f.Integration.Callback
	at, ok := incident.PlausibleTime(f.Time, now)
	if ok && callback != "" && tx.Incident(callback).Continues(callback, f.Cause, at) {
		return callback
	}
	who := r.Rules.Tester(f)
	if who == "" || tx.Incident(own).Open {
		return own
	}
	attempt := tx.Openings(f.Cause.ID).Attempt(who)
	s := tx.Incident(attempt.Key())
	waits := r.mayWait(f) && s.Content.Phase == alert.PhaseTest // for evidence that it is none, see overdue
	if ok && !waits && r.Rules.Retries(s, attempt, f.Cause.ID, at) {
		return s.Key
	}
	return own
}

// attempted remembers who has failed in an incident, "" = it is not known.
func (r *Recorder) attempted(tx *store.Tx, who, cause string, s incident.State) {
	if who != "" {
		tx.SetOpenings(cause, tx.Openings(cause).Attempted(who, s.ID()))
	}
}

// recordGap applies a gap to the incident of its log and queues the alert that it
// raises.
func (r *Recorder) recordGap(tx *store.Tx, g incident.Gap, log incident.Source, ofTests bool) {
	if ofTests && r.Rules.OneJira() {
		tx.SetEvidence(tx.Evidence().Gap(g.At))
	}
	s, a := r.Rules.Gap(tx.Incident(r.Rules.LogKey(log)), g, log)
	r.save(tx, s, a)
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
	err = r.Store.Update(func(tx *store.Tx) {
		s := tx.Incident(p.Incident.Key())
		if !s.Open || s.ID() != p.Incident {
			answer = "This incident is not open here: it has ended, or another Jira node's watcher tracks it."
			return
		}
		s = r.Rules.Acknowledge(s, p)
		answer = "Acknowledged: no reminders until its cause changes or it ends."
		if p.Snooze > 0 {
			answer = fmt.Sprintf("Snoozed: no reminders until %s, unless its cause changes.",
				s.Ack.Until.Format("2006-01-02 15:04 -07:00"))
		}
		r.set(tx, s)
	})
	return answer, err
}
