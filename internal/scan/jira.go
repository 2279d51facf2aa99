package scan

import (
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
)

// jira is what the logs of one node say together. It is the storage of an
// incident.Correlator.
type jira struct {
	*incidents
	rules    *incident.Rules
	evidence incident.Evidence
	probes   incident.Probes
	now      time.Time      // how far the logs have come
	zone     *time.Location // of the last time that was logged: probes have none
	access   bool           // there is an access log
	waiting  bool           // it may be known later that a test has succeeded
	node     string
}

// join finds the nodes with logs of several kinds: what these say is put together.
func (l *incidents) join(sources []*source, rules func(node string) *incident.Rules) {
	kinds, known := map[string]map[conf.Kind]bool{}, map[string]*jira{}
	for _, src := range sources {
		if kinds[src.node] == nil {
			kinds[src.node] = map[conf.Kind]bool{}
		}
		for _, in := range src.inputs {
			kinds[src.node][in.Kind] = kinds[src.node][in.Kind] || in.Problem == ""
		}
	}
	for _, src := range sources {
		if len(kinds[src.node]) < 2 {
			continue
		}
		if src.jira = known[src.node]; src.jira == nil {
			src.jira = &jira{
				incidents: l, rules: rules(src.node).ForOneJira(), node: src.node,
				zone: time.UTC, access: kinds[src.node][conf.KindAccess],
			}
			known[src.node] = src.jira
			l.jiras = append(l.jiras, src.jira)
		}
		for _, in := range src.inputs {
			in.joined = true
		}
	}
}

func (j *jira) correlator(now time.Time) incident.Correlator {
	return incident.Correlator{Storage: j, Rules: j.rules, Now: now}
}

// take takes what an event says. now is how far the logs have come.
func (j *jira) take(f finding, in *input, now time.Time) {
	if f.probe != nil && !j.probes.Changes(*f.probe) {
		return
	}
	j.prove(now)
	j.now = now
	switch {
	case f.probe != nil:
		f.probe.At = f.at.In(j.zone)
		j.correlator(now).Probe(*f.probe)
		return
	case f.click != nil:
		f.click.At, j.waiting = f.at, true
		j.correlator(now).Click(*f.click)
	default:
		j.failure(f, in)
	}
	j.zone = f.at.Location()
}

// failure takes a failure into the incident that the logs together show.
func (j *jira) failure(f finding, in *input) {
	c := j.correlator(j.now)
	f.shown.Time = f.at
	seen, config := c.Identify(*f.shown)
	if j.waiting = true; config != "" {
		seen = seen.OfConfiguration(config)
	}
	own, repeated := f.key, false
	if j.rules.Places(seen) {
		own, f.callback = j.rules.Key(seen), ""
		f.key, repeated = c.Place(seen, in.Log())
	}
	e := j.open[f.key]
	switch {
	case repeated && e != nil && e.twin == "" && j.texts < maxTexts:
		e.twin = strings.Clone(f.text[:min(len(f.text), shortText)])
		j.texts += len(e.twin)
		return
	case repeated:
		return
	}
	*f.shown = seen
	if e != nil && f.key != own {
		*f.shown = e.state.Adopt(seen)
	}
	if e = j.add(f, in, j.rules); e == nil {
		return
	}
	e.jira = j
	if e.state.Count == 1 && e.state.Alerts == 1 && j.access && incident.MayBeRetry(seen) && j.testing(e) {
		e.state, e.alert = e.state.Await(j.now.Add(incident.Awaited), ""), nil
	}
	c.Counted(seen)
}

// testing reports whether another incident of tests is open.
func (j *jira) testing(but *entry) bool {
	for _, e := range j.open {
		if e != but && e.state.Content.Phase == alert.PhaseTest {
			return true
		}
	}
	return false
}

// prove ends what tests of the nodes are known by now to have ended.
func (l *incidents) prove(now time.Time) {
	for _, j := range l.jiras {
		if j.waiting {
			j.now = now
			j.waiting = j.correlator(now).Prove()
		}
	}
}

// Evidence is what the logs have said so far.
func (j *jira) Evidence() incident.Evidence { return j.evidence }

// SetEvidence replaces it.
func (j *jira) SetEvidence(e incident.Evidence) { j.evidence = e }

// Incident is the open one of a key, as it is now.
func (j *jira) Incident(key string) (s incident.State) {
	if e := j.before(key, j.now); e != nil {
		s = e.state
	}
	return s
}

// Incidents are all open ones.
func (j *jira) Incidents() (all []incident.State) {
	for _, e := range j.sorted() {
		if e = j.before(e.state.Key, j.now); e != nil {
			all = append(all, e.state)
		}
	}
	return all
}

// Called is nothing: what Jira calls its configurations is not in its logs.
func (j *jira) Called(string) string { return "" }

// Save changes an open incident.
func (j *jira) Save(s incident.State, a *alert.Alert) {
	if e := j.open[s.Key]; e != nil {
		e.set(s, a)
	}
}

// End closes an incident that is over. One that another node has seen is over when each of
// them has shown that.
func (j *jira) End(s incident.State, a *alert.Alert, at time.Time) {
	e := j.open[s.Key]
	if e == nil || !e.works(j.node) {
		return
	}
	if e.resolved = at; s.Content.Phase == alert.PhaseTest {
		e.note(at, "tested", "Test connection succeeded")
	}
	j.Save(s, a)
	j.close(e)
}

// Merge takes the failures of one incident into another one.
func (j *jira) Merge(into, from incident.State, a *alert.Alert) {
	to, of := j.open[into.Key], j.open[from.Key]
	if to == nil || of == nil {
		return
	}
	for _, s := range of.spell {
		if !count(&to.spell, maxSpells, s) {
			to.uncountedCauses += s.failures
		}
	}
	j.hours -= len(of.hours)
	for _, h := range of.hours {
		j.countHour(to, h)
	}
	to.uncountedHours += of.uncountedHours
	for _, t := range of.turns {
		to.turn(t.At, t.Text)
	}
	for _, node := range of.failing {
		to.fails(node)
	}
	of.nodes = slices.DeleteFunc(of.nodes, func(s string) bool { return slices.Contains(to.nodes, s) })
	to.nodes = append(to.nodes, of.nodes...)
	j.keep(to, finding{text: of.text, cause: of.cause}, of.in)
	j.texts -= len(of.text) + len(of.twin)
	delete(j.open, from.Key)
	j.Save(into, a)
}

var _ incident.Storage = (*jira)(nil)
