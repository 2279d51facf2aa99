package incident

import (
	"errors"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// Storage holds the incidents of one Jira and the evidence from its logs.
type Storage interface {
	Evidence() (Evidence, error)
	SetEvidence(e Evidence) error
	// Incident returns the open incident with a key, or the zero State if there is none.
	Incident(key string) (State, error)
	// Incidents returns all open incidents.
	Incidents() ([]State, error)
	// Save stores an incident with the alert that it has raised, nil = none.
	Save(s State, a *alert.Alert) error
	// End is Save for an incident that evidence has closed, with the time at which it ended.
	End(s State, a *alert.Alert, at time.Time) error
	// Merge is Save for an incident that has absorbed the failures of another one, which is
	// deleted.
	Merge(into, from State, a *alert.Alert) error
}

// Correlator combines what several logs of one Jira report: which failures belong to one incident,
// to which configuration it belongs, and when it is over. It stores nothing itself.
type Correlator struct {
	Storage Storage
	Rules   *Rules
	Now     time.Time                  // the wall clock; of old logs, how far they have been read
	Called  func(config string) string // the name of a configuration in Jira, nil = not known
}

// Identify finds what other evidence reveals about a failure: its flow, and the ID of its
// configuration, "" = not known.
func (c Correlator) Identify(f matchers.Failure) (_ matchers.Failure, config string, err error) {
	click, ok := f.Click()
	if !ok || f.Impact.Phase != alert.PhaseTest {
		return f, "", nil
	}
	e, err := c.Storage.Evidence()
	if err != nil {
		return f, "", err
	}
	if click.Flow == "" {
		click.Flow = e.FlowOf(click.Request, f.Time)
	}
	if err := c.Click(click); err != nil {
		return f, "", err
	}
	e, err = c.Storage.Evidence()
	f.Integration.Flow = click.Flow
	return f, e.ConfigOf(click.Flow), err
}

// Click adds a request to the evidence. Open incidents of tests whose configuration becomes known
// by it get that identity.
func (c Correlator) Click(click matchers.Click) error {
	e, err := c.Storage.Evidence()
	if err != nil {
		return err
	}
	e, bound := e.Click(click, c.Now)
	if err := c.Storage.SetEvidence(e); err != nil {
		return err
	}
	for _, f := range bound {
		if err := c.known(f); err != nil {
			return err
		}
	}
	return nil
}

// known gives the incident of a flow the identity of its configuration. An incident without an
// alert so far is a retry if the configuration has an open incident.
func (c Correlator) known(f Flow) error {
	s, err := c.Storage.Incident(f.ID)
	if err != nil || !s.Open || s.Content.Integration.KnownBy == alert.ByConfiguration {
		return err
	}
	e, err := c.Storage.Evidence()
	if err != nil {
		return err
	}
	other, err := c.Storage.Incident(e.KeyOf(f.Config))
	if err != nil {
		return err
	}
	if other.Open && other.Key != s.Key && s.Alerts == 0 && !s.Awaits.IsZero() {
		other, a := c.Rules.Absorb(other, s, c.Now)
		return c.Storage.Merge(other, s, a)
	}
	called := ""
	if c.Called != nil {
		called = c.Called(f.Config)
	}
	open, failed := c.open()
	e, s = e.Known(s, f.Config, called, open)
	if err := errors.Join(*failed, c.Storage.SetEvidence(e)); err != nil {
		return err
	}
	s, a := c.Rules.Pending(s.Now(), c.Now)
	return c.Storage.Save(s, a)
}

// open looks up incidents. failed is the reason if that fails.
func (c Correlator) open() (open func(key string) bool, failed *error) {
	failed = new(error)
	return func(key string) bool {
		s, err := c.Storage.Incident(key)
		*failed = errors.Join(*failed, err)
		return s.Open
	}, failed
}

// Places reports whether Place applies to a failure: a background failure, or a test whose
// configuration is known.
func (r *Rules) Places(f matchers.Failure) bool {
	return r.Joins(f) || f.Integration.KnownBy == alert.ByConfiguration
}

// Place finds the incident of a failure to which Places applies. repeated reports that the failure
// must not be counted: another log has already reported it, or it is from before the end of that
// incident.
func (c Correlator) Place(f matchers.Failure, log string) (key string, repeated bool, err error) {
	e, err := c.Storage.Evidence()
	if err != nil {
		return "", false, err
	}
	at, ok := PlausibleTime(f.Time, c.Now)
	if !ok {
		at = c.Now
	}
	open, failed := c.open()
	if c.Rules.Joins(f) {
		e, key, repeated = e.Place(f, c.Rules.Key(f), at, log, open)
	} else {
		e, key, repeated = e.PlaceTest(f.Integration.ID, f.Integration.Flow, at, open)
	}
	return key, repeated, errors.Join(*failed, c.Storage.SetEvidence(e))
}

// Counted ends the incident of a failure that has been counted, if existing evidence already shows
// that it is over.
func (c Correlator) Counted(f matchers.Failure) error {
	if f.Impact.Phase == alert.PhaseTest {
		return c.endTests(f.Integration.ID)
	}
	e, err := c.Storage.Evidence()
	if err != nil || !e.KnowsLater(f.Time) {
		return err
	}
	return c.resolve(e)
}

// Probe adds what the diagnostics report about a mail server, and ends the incident that this
// resolves. It returns any further meaning of the probe.
func (c Correlator) Probe(p matchers.Probe) (news News, err error) {
	e, err := c.Storage.Evidence()
	if err != nil {
		return Nothing, err
	}
	p.At = evidenceTime(p.At, c.Now)
	e, news = e.Observe(p)
	if err := c.Storage.SetEvidence(e); err != nil || news != Back {
		return news, err
	}
	return news, c.resolve(e)
}

// resolve ends the background incident that the evidence shows to be over.
func (c Correlator) resolve(e Evidence) error {
	open, err := c.Storage.Incidents()
	if err != nil {
		return err
	}
	key, at := e.Recovery(open)
	s, err := c.Storage.Incident(key)
	if err != nil || !s.Open {
		return err
	}
	if !isBackground(s.Content.Phase) { // that it can be tested again is not known
		s.Content.Phase = alert.PhaseRefresh
	}
	return c.end(s, at)
}

// end ends an incident at a time at which its connection is known to work.
func (c Correlator) end(s State, at time.Time) error {
	e, err := c.Storage.Evidence()
	if err != nil {
		return err
	}
	s, a := c.Rules.Resolve(s, at)
	if s.Open {
		return nil
	}
	return errors.Join(c.Storage.SetEvidence(e.End(s.Key, at)), c.Storage.End(s, a, at))
}

// Prove ends the incidents of configurations whose tests are known by now to have succeeded.
// waiting reports that others may follow later.
func (c Correlator) Prove() (waiting bool, err error) {
	e, err := c.Storage.Evidence()
	if err != nil {
		return true, err
	}
	e, proven, waiting := e.Proofs(c.Now)
	if len(proven) == 0 {
		return waiting, nil
	}
	err = c.Storage.SetEvidence(e)
	for _, f := range proven {
		err = errors.Join(err, c.endTests(f.Config))
	}
	return waiting, err
}

// endTests ends the incidents of tests of a configuration that has worked since.
func (c Correlator) endTests(config string) error {
	e, err := c.Storage.Evidence()
	if err != nil {
		return err
	}
	at := e.Worked(config)
	if at.IsZero() {
		return nil
	}
	open, err := c.Storage.Incidents()
	for _, s := range Tested(open, config, at) {
		err = errors.Join(err, c.end(s, at))
	}
	return err
}
