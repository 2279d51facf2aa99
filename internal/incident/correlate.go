package incident

import (
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// Storage holds the incidents of one Jira and the evidence from its logs. It keeps its own errors,
// as a transaction does.
type Storage interface {
	Evidence() Evidence
	SetEvidence(e Evidence)
	// Incident returns the open incident with a key, or the zero State if there is none.
	Incident(key string) State
	// Incidents returns all open incidents.
	Incidents() []State
	// Called is the name of a configuration in Jira, "" = not known.
	Called(config string) string
	// Save stores an incident with the alert that it has raised, nil = none.
	Save(s State, a *alert.Alert)
	// End is Save for an incident that evidence has closed, with the time at which it ended.
	End(s State, a *alert.Alert, at time.Time)
	// Merge is Save for an incident that has absorbed the failures of another one, which is
	// deleted.
	Merge(into, from State, a *alert.Alert)
}

// Correlator combines what several logs of one Jira report: which failures belong to one incident,
// to which configuration it belongs, and when it is over. It stores nothing itself.
type Correlator struct {
	Storage Storage
	Rules   *Rules
	Now     time.Time // the wall clock; of old logs, how far they have been read
}

// Identify finds what other evidence reveals about a failure: its flow, and the ID of its
// configuration, "" = not known.
func (c Correlator) Identify(f matchers.Failure) (_ matchers.Failure, config string) {
	click, ok := f.Click()
	if !ok || f.Impact.Phase != alert.PhaseTest {
		return f, ""
	}
	if click.Flow == "" {
		click.Flow = c.Storage.Evidence().FlowOf(click.Request, f.Time)
	}
	c.Click(click)
	f.Integration.Flow = click.Flow
	return f, c.Storage.Evidence().ConfigOf(click.Flow)
}

// Click adds a request to the evidence. Open incidents of tests whose configuration becomes known
// by it get that identity.
func (c Correlator) Click(click matchers.Click) {
	e, bound := c.Storage.Evidence().Click(click, c.Now)
	c.Storage.SetEvidence(e)
	for _, f := range bound {
		c.known(f)
	}
}

// known gives the incident of a flow the identity of its configuration. An incident without an
// alert so far is a retry if the configuration has an open incident.
func (c Correlator) known(f Flow) {
	s := c.Storage.Incident(f.ID)
	if !s.Open || s.Content.Integration.KnownBy == alert.ByConfiguration {
		return
	}
	e := c.Storage.Evidence()
	other := c.Storage.Incident(e.KeyOf(f.Config))
	if other.Open && other.Key != s.Key && s.Alerts == 0 && !s.Awaits.IsZero() {
		other, a := c.Rules.Absorb(other, s, c.Now)
		c.Storage.Merge(other, s, a)
		return
	}
	e, s = e.Known(s, f.Config, c.Storage.Called(f.Config), c.open)
	c.Storage.SetEvidence(e)
	s, a := c.Rules.Pending(s.Now(), c.Now)
	c.Storage.Save(s, a)
}

// open reports whether the incident with a key is open.
func (c Correlator) open(key string) bool { return c.Storage.Incident(key).Open }

// Places reports whether Place applies to a failure: a background failure, or a test whose
// configuration is known.
func (r *Rules) Places(f matchers.Failure) bool {
	return r.Joins(f) || f.Integration.KnownBy == alert.ByConfiguration
}

// Place finds the incident of a failure to which Places applies. repeated reports that the failure
// must not be counted: another log has already reported it, or it is from before the end of that
// incident.
func (c Correlator) Place(f matchers.Failure, log string) (key string, repeated bool) {
	e := c.Storage.Evidence()
	at := TimeOf(f.Time, c.Now)
	if c.Rules.Joins(f) {
		e, key, repeated = e.Place(f, c.Rules.Key(f), at, log, c.open)
	} else {
		e, key, repeated = e.PlaceTest(f.Integration.ID, f.Integration.Flow, at, c.open)
	}
	c.Storage.SetEvidence(e)
	return key, repeated
}

// Counted ends the incident of a failure that has been counted, if existing evidence already shows
// that it is over.
func (c Correlator) Counted(f matchers.Failure) {
	if f.Impact.Phase == alert.PhaseTest {
		c.endTests(f.Integration.ID)
	} else if e := c.Storage.Evidence(); e.KnowsLater(f.Time) {
		c.resolve(e)
	}
}

// Probe adds what the diagnostics report about a mail server, and ends the incident that this
// resolves. It returns any further meaning of the probe.
func (c Correlator) Probe(p matchers.Probe) News {
	p.At = evidenceTime(p.At, c.Now)
	e, news := c.Storage.Evidence().Observe(p)
	c.Storage.SetEvidence(e)
	if news == Back {
		c.resolve(e)
	}
	return news
}

// resolve ends the background incident that the evidence shows to be over.
func (c Correlator) resolve(e Evidence) {
	s, at := e.Recovery(c.Storage.Incidents())
	if !s.Open {
		return
	}
	if !isBackground(s.Content.Phase) { // that it can be tested again is not known
		s.Content.Phase = alert.PhaseRefresh
	}
	c.end(s, at)
}

// end ends an incident at a time at which its connection is known to work.
func (c Correlator) end(s State, at time.Time) {
	s, a := c.Rules.Resolve(s, at)
	if s.Open {
		return
	}
	c.Storage.SetEvidence(c.Storage.Evidence().End(s.Key, at))
	c.Storage.End(s, a, at)
}

// Prove ends the incidents of configurations whose tests are known by now to have succeeded.
// waiting reports that others may follow later.
func (c Correlator) Prove() (waiting bool) {
	e, proven, waiting := c.Storage.Evidence().Proofs(c.Now)
	c.Storage.SetEvidence(e)
	for _, f := range proven {
		c.endTests(f.Config)
	}
	return waiting
}

// endTests ends the incidents of tests of a configuration that has worked since.
func (c Correlator) endTests(config string) {
	at := c.Storage.Evidence().Worked(config)
	if at.IsZero() {
		return
	}
	for _, s := range c.Storage.Incidents() {
		if s.EndsByTest(config, at) {
			c.end(s, at)
		}
	}
}
