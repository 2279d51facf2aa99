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

// awaited is how long the alert of a failed test waits for the access log to say whether it
// is a retry: Tomcat writes that log every 10 s.
const awaited = 15 * time.Second

// identify is a failure as one of the configuration that other evidence shows it to be of.
func (r *Recorder) identify(tx *store.Tx, f matchers.Failure, now time.Time) (matchers.Failure, error) {
	if !r.Rules.OneJira() {
		return f, nil
	}
	e, err := tx.Evidence()
	if err != nil {
		return f, err
	}
	config := ""
	if c, ok := f.Click(); ok && f.Impact.Phase == alert.PhaseTest {
		if c.Flow == "" {
			c.Flow = e.FlowOf(c.Request, f.Time)
		}
		if e, err = r.click(tx, e, c, now); err != nil {
			return f, err
		}
		f.Integration.Flow, config = c.Flow, e.ConfigOf(c.Flow)
	}
	return r.compare(f, config), nil
}

// recordClick takes a request in a test of an integration.
func (r *Recorder) recordClick(tx *store.Tx, c matchers.Click) error {
	if !r.Rules.OneJira() {
		return nil
	}
	e, err := tx.Evidence()
	if err != nil {
		return err
	}
	_, err = r.click(tx, e, c, clock.Now())
	return err
}

// click adds a request to the evidence, and gives the open incidents of tests whose
// configuration is known by it that identity.
func (r *Recorder) click(tx *store.Tx, e incident.Evidence, c matchers.Click, now time.Time) (incident.Evidence, error) {
	r.proven.Store(false)
	e, bound := e.Click(c, now)
	if err := tx.SetEvidence(e); err != nil {
		return e, err
	}
	for _, f := range bound {
		if err := r.known(tx, f, now); err != nil {
			return e, err
		}
	}
	return tx.Evidence()
}

// known gives the incident of a flow the identity of its configuration. One that was not
// alerted to so far is a retry if the configuration has an open incident.
func (r *Recorder) known(tx *store.Tx, f incident.Flow, now time.Time) error {
	s, err := tx.Incident(f.ID)
	if err != nil || !s.Open || s.Content.Integration.KnownBy == alert.ByConfiguration {
		return err
	}
	e, err := tx.Evidence()
	if err != nil {
		return err
	}
	other, err := tx.Incident(e.KeyOf(f.Config))
	if err != nil {
		return err
	}
	if other.Open && other.Key != s.Key && s.Alerts == 0 && !s.Awaits.IsZero() {
		other, a := r.Rules.Absorb(other, s, now)
		return errors.Join(tx.ForgetIncident(s.Key), r.attemptedBy(tx, s.Tester, s.Cause, other),
			r.holdOrSave(tx, other, a, now))
	}
	open, failed := r.isOpen(tx)
	e, s = e.Known(s, f.Config, r.settings.name(f.Config), open)
	if err := errors.Join(*failed, tx.SetEvidence(e)); err != nil {
		return err
	}
	tester := s.Tester
	s, a := r.Rules.Pending(s.Now(), now)
	return errors.Join(r.attemptedBy(tx, tester, s.Cause, s), r.announce(tx, s, a, now))
}

// isOpen looks incidents up. failed is why that failed.
func (r *Recorder) isOpen(tx *store.Tx) (open func(key string) bool, failed *error) {
	failed = new(error)
	return func(key string) bool {
		s, err := tx.Incident(key)
		*failed = errors.Join(*failed, err)
		return s.Open
	}, failed
}

// placeTest finds the incident of a failed test of a configuration.
func (r *Recorder) placeTest(tx *store.Tx, f matchers.Failure, now time.Time) (key string, over bool, err error) {
	e, err := tx.Evidence()
	if err != nil {
		return "", false, err
	}
	at, ok := incident.PlausibleTime(f.Time, now)
	if !ok {
		at = now
	}
	open, failed := r.isOpen(tx)
	e, key, over = e.PlaceTest(f.Integration.ID, f.Integration.Flow, at, open)
	return key, over, errors.Join(*failed, tx.SetEvidence(e))
}

// mayWait reports whether the access log may show whose test a failure is of.
func (r *Recorder) mayWait(f matchers.Failure) bool {
	return r.AccessLog && !r.noClicks.Load() && f.Impact.Phase == alert.PhaseTest && f.Integration.KnownBy == alert.ByFlow
}

// overdue announces an incident for which no evidence has come. Without any, it may be a retry
// all the same.
func (r *Recorder) overdue(tx *store.Tx, s incident.State, a *alert.Alert, now time.Time) error {
	o, err := tx.Openings(s.Cause)
	if err != nil {
		return err
	}
	attempt := o.Attempt(s.Tester)
	into, err := tx.Incident(attempt.Key())
	if err == nil && into.Key != s.Key && r.Rules.Retries(into, attempt, s.Cause, s.Last) {
		into, a := r.Rules.Absorb(into, s, now)
		return errors.Join(tx.ForgetIncident(s.Key), r.holdOrSave(tx, into, a, now))
	}
	return errors.Join(err, r.attemptedBy(tx, s.Tester, s.Cause, s), r.announce(tx, s, a, now))
}

// awaits reports whether the alert of a new incident waits for evidence: the access log may
// show that it is a retry of a test whose incident is open.
func (r *Recorder) awaits(tx *store.Tx, f matchers.Failure, s incident.State) (bool, error) {
	if !r.mayWait(f) {
		return false, nil
	}
	other := false
	err := tx.EachIncident(func(o incident.State) error {
		if o.Key == s.Key || o.Content.Phase != alert.PhaseTest {
			return nil
		}
		other = true
		return errFound
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return other, err
}

var errFound = errors.New("found")

// prove ends the incidents of configurations whose tests are known by now to have
// succeeded.
func (r *Recorder) prove(now time.Time) error {
	if !r.Rules.OneJira() || r.proven.Load() {
		return nil
	}
	return r.Store.Update(func(tx *store.Tx) error {
		e, err := tx.Evidence()
		if err != nil {
			return err
		}
		e, proven, waiting := e.Proofs(now)
		r.proven.Store(!waiting)
		if len(proven) == 0 {
			return nil
		}
		err = tx.SetEvidence(e)
		for _, f := range proven {
			err = errors.Join(err, r.endTests(tx, f.Config))
		}
		return err
	})
}

// endTests ends the incidents of tests of a configuration that has worked since.
func (r *Recorder) endTests(tx *store.Tx, config string) error {
	e, err := tx.Evidence()
	if err != nil {
		return err
	}
	at := e.Worked(config)
	if at.IsZero() {
		return nil
	}
	open, err := tx.Incidents()
	for _, s := range incident.Tested(open, config, at) {
		err = errors.Join(err, r.end(tx, s, at))
	}
	return err
}
