package incident

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// A test of an integration has a separate flow. Which configuration that is of, and
// whether the test succeeded, is in the requests of the browser (matchers.Click), which come
// from several logs in any order.

const (
	clickWindow = 10 * time.Minute // between a POST and the GET for its flow
	maxClicks   = 500
	maxFlows    = 300

	// ProofAfter is how long after its request was read a test counts as a success: a failure of
	// the test would have been read by then.
	ProofAfter = 10 * time.Second

	// Awaited is how long the alert of a failed test waits for the access log to show whether it
	// is a retry: Tomcat writes that log every 10 s.
	Awaited = 15 * time.Second
)

// Flow is what is known about one test.
type Flow struct {
	ID     string    `json:"id"`               // the flow's UUID
	Config string    `json:"config,omitempty"` // ID of the configuration, "" = not known
	Failed bool      `json:"failed,omitempty"`
	First  time.Time `json:"first,omitzero"` // when its result was first asked for
	Asked  time.Time `json:"asked,omitzero"` // when its result was last asked for, without a known failure
	Read   time.Time `json:"read,omitzero"`  // when that was read, by the wall clock
	Proven bool      `json:"proven,omitempty"`
}

// ConfigOf is the ID of the configuration that a flow tested, "" = not known.
func (e Evidence) ConfigOf(flow string) string {
	return e.flow(flow).Config
}

// FlowOf is the flow whose result a request asked for, "" = not known.
func (e Evidence) FlowOf(request string, at time.Time) string {
	for _, c := range e.Clicks {
		if c.Request == request && request != "" && c.Flow != "" && c.At.Sub(at).Abs() < clickWindow {
			return c.Flow
		}
	}
	return ""
}

// flow is what is known about a flow, or the zero Flow.
func (e Evidence) flow(id string) *Flow {
	if i := slices.IndexFunc(e.Flows, func(f Flow) bool { return f.ID == id }); i >= 0 {
		return &e.Flows[i]
	}
	return &Flow{}
}

// Click adds a request that was read at the wall-clock time now, and returns the flows whose
// configuration it reveals.
func (e Evidence) Click(c matchers.Click, now time.Time) (_ Evidence, bound []Flow) {
	at := evidenceTime(c.At, now)
	c.At = at
	e.Clicks, e.Flows = slices.Clone(e.Clicks), slices.Clone(e.Flows)
	same := slices.IndexFunc(e.Clicks, func(o matchers.Click) bool {
		return o.Request == c.Request && c.Request != "" && (o.Config == "") == (c.Config == "") && o.At.Sub(at).Abs() < clickWindow
	})
	if same < 0 {
		e.Clicks = append(e.Clicks, c)
		slices.SortStableFunc(e.Clicks, before)
	} else { // another log has it too
		o := &e.Clicks[same]
		o.Failed, o.Access, o.Debug = o.Failed || c.Failed, o.Access || c.Access, o.Debug || c.Debug
		o.Flow, o.Session = cmp.Or(o.Flow, c.Flow), cmp.Or(o.Session, c.Session)
		c = *o
	}
	newest := e.Clicks[len(e.Clicks)-1].At
	e.Clicks = slices.DeleteFunc(e.Clicks, func(o matchers.Click) bool { return newest.Sub(o.At) > 3*clickWindow })
	e.Clicks = e.Clicks[max(0, len(e.Clicks)-maxClicks):]
	if c.Flow != "" {
		e.asked(c, now)
	}
	for id, config := range e.assign(c.Session, newest) {
		if f := e.flow(id); f.ID != "" && f.Config == "" {
			f.Config = config
			bound = append(bound, *f)
		}
	}
	slices.SortFunc(bound, func(a, b Flow) int { return cmp.Compare(a.ID, b.ID) })
	return e, bound
}

// before orders clicks: an access log has whole seconds, and a POST answers before its flow is
// requested.
func before(a, b matchers.Click) int {
	second := func(c matchers.Click) time.Time { return c.At.Truncate(time.Second) }
	posts := func(c matchers.Click) int { return min(len(c.Config), 1) }
	return cmp.Or(second(a).Compare(second(b)), cmp.Compare(posts(b), posts(a)), a.At.Compare(b.At))
}

// asked notes that the result of a flow was requested. A flow that has failed once proves nothing
// any more, because its page may be loaded again.
func (e *Evidence) asked(c matchers.Click, now time.Time) {
	if e.flow(c.Flow).ID == "" {
		e.Flows = added(e.Flows, Flow{ID: c.Flow}, maxFlows)
	}
	f := e.flow(c.Flow)
	f.First = earliest(f.First, c.At)
	switch {
	case c.Failed:
		f.Failed = true
	case f.Asked.IsZero():
		f.Asked, f.Read = c.At, now
	}
}

// assign finds the configuration of each flow of a session: that of the only POST without a flow
// so far. If there are several, in two tabs of a browser, nothing shows which flow belongs to
// which. The earlier requests of an old flow are forgotten, so it is left as it is.
func (e Evidence) assign(session string, newest time.Time) map[string]string {
	of, seen := map[string]string{}, map[string]bool{}
	var waiting []matchers.Click // POSTs without a flow
	var doubtful []time.Time     // flows that are of one of these
	for _, c := range e.Clicks {
		if c.Session != session || session == "" {
			continue
		}
		if c.Config != "" {
			waiting = append(waiting, c)
			continue
		}
		if c.Flow == "" || seen[c.Flow] || e.reloaded(c) {
			continue
		}
		seen[c.Flow] = true
		waiting = slices.DeleteFunc(waiting, func(p matchers.Click) bool { return c.At.Sub(p.At) > clickWindow })
		doubtful = slices.DeleteFunc(doubtful, func(at time.Time) bool { return c.At.Sub(at) > clickWindow })
		switch {
		case len(waiting) == 0:
		case len(doubtful) == 0 && !slices.ContainsFunc(waiting, func(p matchers.Click) bool { return p.Config != waiting[0].Config }):
			if newest.Sub(c.At) <= clickWindow && e.complete(c.Flow, waiting) && waiting[0].Config != matchers.SomeConfig {
				of[c.Flow] = waiting[0].Config
			}
			waiting = waiting[1:]
		default:
			doubtful = append(doubtful, c.At)
		}
		if len(doubtful) >= len(waiting) {
			waiting, doubtful = nil, nil
		}
	}
	return of
}

// complete reports whether no POST can be missing among those that wait for a flow, because the
// log that contains them has reached the flow.
func (e Evidence) complete(flow string, waiting []matchers.Click) bool {
	return !slices.ContainsFunc(waiting, func(p matchers.Click) bool { return !p.Debug }) ||
		slices.ContainsFunc(e.Clicks, func(c matchers.Click) bool { return c.Flow == flow && c.Access })
}

// reloaded reports whether a request is for the page of an earlier test: no POST waits for it.
func (e Evidence) reloaded(c matchers.Click) bool {
	f := e.flow(c.Flow)
	return !f.First.IsZero() && c.At.Sub(f.First) > clickWindow
}

// Proofs are the tests that are newly known to have succeeded, at the wall-clock time now. waiting
// reports that others may follow later.
func (e Evidence) Proofs(now time.Time) (_ Evidence, proven []Flow, waiting bool) {
	e.Flows = slices.Clone(e.Flows)
	for i := range e.Flows {
		switch f := &e.Flows[i]; {
		case f.Failed || f.Proven || f.Config == "" || f.Asked.IsZero() || !f.Asked.After(e.Blind):
		case now.Sub(f.Read).Abs() < ProofAfter:
			waiting = true
		default:
			f.Proven = true
			proven = append(proven, *f)
		}
	}
	return e, proven, waiting
}

// Worked is when a configuration was last proven to work, zero = never.
func (e Evidence) Worked(config string) (at time.Time) {
	for _, f := range e.Flows {
		if f.Proven && !f.Failed && f.Config == config && f.Asked.After(at) {
			at = f.Asked
		}
	}
	return at
}

// PlaceTest finds the incident of a failed test of a configuration. over reports that the failure
// is from before the end of that incident and that its flow is not the test that ended it.
func (e Evidence) PlaceTest(config, flow string, at time.Time, open func(key string) bool) (_ Evidence, key string, over bool) {
	key = e.KeyOf(config)
	if open(key) {
		return e, key, false
	}
	if over = !at.After(e.Ended[key]) && !e.flow(flow).Proven; over || key == config {
		return e, key, over
	}
	e.Same = maps.Clone(e.Same)
	delete(e.Same, config)
	return e, config, false
}

// Known notes that an open incident belongs to a configuration, and returns the updated incident.
// Its key stays the same, because receivers know it by that key. called is the name of the
// configuration in Jira.
func (e Evidence) Known(s State, config, called string, open func(key string) bool) (Evidence, State) {
	if key := e.KeyOf(config); key == s.Key || !open(key) {
		e.Same = maps.Clone(e.Same)
		e.join([]string{config}, s.Key, open)
	}
	s.Content.Integration.ID, s.Content.Integration.KnownBy = config, alert.ByConfiguration
	s.Called = cmp.Or(called, s.Called)
	return e, s
}

// EndsByTest reports whether a successful test of a configuration ends an open incident: one that
// consists only of earlier tests. A test proves nothing about a mailbox's token, which Jira obtained
// earlier.
func (s State) EndsByTest(config string, at time.Time) bool {
	is := s.Content.Integration
	return is.KnownBy == alert.ByConfiguration && is.ID == config && !s.background() && !s.Last.After(at)
}

// MayBeRetry reports whether an access log may still show that a failure is a retry of a test
// whose incident is open.
func MayBeRetry(f matchers.Failure) bool {
	return f.Impact.Phase == alert.PhaseTest && f.Integration.KnownBy == alert.ByFlow
}

// Await is a new incident whose alert waits until the given wall-clock time for evidence that it
// is a retry of another open incident. tester identifies who made the attempt.
func (s State) Await(until time.Time, tester string) State {
	s.Alerts, s.Interval, s.LastAlert, s.CauseAlerted = 0, 0, time.Time{}, nil
	s.NewFailures, s.Awaits, s.Tester = s.Count, until, tester
	return s
}

// Now is an incident whose alert need not wait any longer.
func (s State) Now() State {
	if s.Alerts == 0 && !s.Awaits.IsZero() {
		s.Awaits = time.Unix(0, 0)
	}
	return s
}

// Absorb counts an incident without an alert as a retry in another one.
func (r *Rules) Absorb(into, s State, seen time.Time) (State, *alert.Alert) {
	into.Causes = maps.Clone(into.Causes)
	into.Count += s.Count - 1
	into.NewFailures += s.Count - 1
	d := s.Content
	d.Integration.ID, d.Integration.KnownBy = into.Content.Integration.ID, into.Content.Integration.KnownBy
	return r.step(into, Occurrence{
		Key: into.Key, Cause: &matchers.Cause{ID: s.Cause, Severity: d.Cause.Severity},
		Impact: matchers.Impact{Phase: d.Phase}, At: s.Last, seen: seen, content: func() alert.Data { return d },
		name: d.Integration.Name, called: cmp.Or(s.Called, into.Called), probing: probing{s.ProbeHost, s.ProbeAssumed},
	})
}

// Gap notes that lines of Jira's log are missing. The absence of failures before that time then
// proves nothing about tests.
func (e Evidence) Gap(at time.Time) Evidence {
	e.Blind = latest(e.Blind, at)
	return e
}
