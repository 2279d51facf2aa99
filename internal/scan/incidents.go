package scan

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/matchers"
)

// Bounds of what is kept, so that memory is flat in a storm of millions of
// failures and of a hundred thousand integrations.
const (
	maxIncidents = 2000
	maxHours     = 1000      // of one incident
	maxAllHours  = 50_000    // of all
	maxSpells    = 50        // causes of one incident
	maxTexts     = 8 << 20   // bytes of the incidents' last failures
	shortText    = 4 << 10   // of one when all are too long
	maxRefused   = 1 << 17   // distinct incidents that are only counted
	checkEvery   = time.Hour // how often it looks for incidents that have closed once it is full
)

// incidents are the failures by incident. They come in the order of their time.
type incidents struct {
	limit   int
	quiet   time.Duration
	open    map[string]*entry
	closed  []*entry // those that closed first before the others
	jiras   []*jira
	hours   int // of all
	texts   int // bytes
	failed  int
	checked time.Time

	left     report.LeftOut
	leftOf   []spell
	refused  map[uint64]bool
	seed     maphash.Seed
	refusing time.Time // until then, an unknown incident may have been refused before
}

// entry is one incident.
type entry struct {
	state incident.State
	rules *incident.Rules // of the node that failed last
	alert *alert.Alert    // its last one
	nodes []string        // names as they may be shown
	spell []spell
	hours []report.Hour
	text  string          // the failure that its last alert would quote
	cause *matchers.Cause // of that
	in    *input          // where that is

	timeline

	uncountedHours, uncountedCauses int
}

type spell struct {
	cause       *matchers.Cause
	failures    int
	first, last time.Time
}

func newIncidents(limit int, quiet time.Duration) *incidents {
	return &incidents{
		limit: cmp.Or(limit, maxIncidents), quiet: quiet,
		open: map[string]*entry{}, refused: map[uint64]bool{}, seed: maphash.MakeSeed(),
	}
}

// add takes a failure of a node into its incident; nil when there is no room for that.
func (l *incidents) add(f finding, in *input, rules *incident.Rules) *entry {
	l.failed++
	if e := l.open[f.callback]; e != nil && e.state.Continues(f.callback, f.cause, f.at) {
		f.key = f.callback
	}
	e := l.before(f.key, f.at)
	if e == nil {
		if !l.admit(f) {
			return nil
		}
		e = &entry{}
		l.open[f.key] = e
	}
	alerted := e.state.Alerts > 0
	o := incident.Occurrence{Key: f.key, Cause: f.cause, Impact: f.impact, At: f.at}
	if f.shown != nil {
		o.Integration = f.shown.Integration
	}
	e.set(rules.Count(e.state, o, latest(f.at, e.state.Last))) // time does not go back
	if !alerted || !rules.Mutes(e.state, o) {
		l.keep(e, f, in)
	}
	e.rules = rules
	if name := rules.Node(); !slices.Contains(e.nodes, name) {
		e.nodes = append(e.nodes, name)
	}
	if !count(&e.spell, maxSpells, spell{f.cause, 1, f.at, f.at}) {
		e.uncountedCauses++
	}
	l.countHour(e, report.Hour{At: f.at.Truncate(time.Hour).UTC(), Cause: f.cause.ID, Failures: 1})
	if e.fails(in.Node); f.shown != nil {
		e.turn(f.at, f.cause.Title)
	}
	return e
}

// before is the open incident of a key as it is just before a time, nil = there is none.
func (l *incidents) before(key string, at time.Time) *entry {
	e := l.open[key]
	if e == nil {
		return nil
	}
	before := at.Add(-1)
	if at.Sub(e.state.Last) >= l.quiet {
		before = at
	}
	if l.settle(e, before) {
		return nil
	}
	return e
}

// settle applies what is due by time to an incident up to now, and reports whether that
// closed it.
func (l *incidents) settle(e *entry, now time.Time) (closed bool) {
	if now.Sub(e.state.Last) >= l.quiet {
		e.set(e.rules.Settle(e.state, e.state.Last.Add(l.quiet-1))) // a reminder comes before the end
	}
	e.set(e.rules.Settle(e.state, now))
	if !e.state.Open {
		l.close(e)
	}
	return !e.state.Open
}

// set changes the state, which may have raised an alert.
func (e *entry) set(s incident.State, a *alert.Alert) {
	e.state = s
	if a != nil {
		e.alert = a
	}
}

func (l *incidents) close(e *entry) {
	e.witness()
	delete(l.open, e.state.Key)
	l.closed = append(l.closed, e)
}

// keep remembers what an incident says.
func (l *incidents) keep(e *entry, f finding, in *input) {
	l.texts -= len(e.text)
	e.text, e.cause, e.in = f.text, f.cause, in
	if len(e.text) > shortText && l.texts+len(e.text) > maxTexts {
		e.text = strings.Clone(e.text[:shortText])
	}
	l.texts += len(e.text)
}

// count adds failures for a cause; false when there are too many causes.
func count(spells *[]spell, limit int, add spell) bool {
	i := slices.IndexFunc(*spells, func(s spell) bool { return s.cause == add.cause })
	switch {
	case i >= 0:
		s := &(*spells)[i]
		s.failures += add.failures
		if add.first.Before(s.first) {
			s.first = add.first
		}
		s.last = latest(s.last, add.last)
	case len(*spells) >= limit:
		return false
	default:
		*spells = append(*spells, add)
	}
	return true
}

// latest is the later of two times.
func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (l *incidents) countHour(e *entry, add report.Hour) {
	for i := len(e.hours) - 1; i >= 0; i-- {
		if h := &e.hours[i]; h.At.Equal(add.At) && h.Cause == add.Cause {
			h.Failures += add.Failures
			return
		}
	}
	if len(e.hours) >= maxHours || l.hours >= maxAllHours {
		e.uncountedHours += add.Failures
		return
	}
	e.hours = append(e.hours, add)
	l.hours++
}

// admit makes room for an incident that opens. Closed ones go first, since nothing can
// change them any more. When all are open, the new one is only counted, and so is every
// new one until what was refused must have closed: else its beginning would be a wrong
// one.
func (l *incidents) admit(f finding) bool {
	full := func() bool { return len(l.open)+len(l.closed) >= l.limit }
	if full() && len(l.closed) == 0 {
		l.closeQuiet(f.at)
	}
	if f.at.Before(l.refusing) || full() && len(l.closed) == 0 {
		l.refuse(f)
		return false
	}
	if full() {
		l.drop(l.closed[0])
		l.closed[0] = nil
		l.closed = l.closed[1:]
	}
	return true
}

// closeQuiet closes what has gone quiet.
func (l *incidents) closeQuiet(now time.Time) {
	if now.Sub(l.checked) < checkEvery {
		return
	}
	l.checked = now
	for _, e := range l.sorted() {
		l.settle(e, now)
	}
}

// sorted are the open incidents in the order in which they will close.
func (l *incidents) sorted() []*entry {
	return slices.SortedFunc(maps.Values(l.open), func(a, b *entry) int {
		return cmp.Or(a.state.Last.Compare(b.state.Last), strings.Compare(a.state.Key, b.state.Key))
	})
}

// finish is all incidents at the end of the logs, by their first failure.
func (l *incidents) finish(end time.Time) []*entry {
	for _, j := range l.jiras {
		j.now = end
		j.correlator(end.Add(time.Minute)).Prove() // nothing more will be read
	}
	still := l.sorted()
	for _, e := range still {
		l.settle(e, end)
	}
	all := l.closed
	for _, e := range still {
		if e.state.Open {
			e.witness()
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(a.state.First.Compare(b.state.First), strings.Compare(a.state.Key, b.state.Key))
	})
	return all
}

// refuse counts a failure of an incident that is not kept.
func (l *incidents) refuse(f finding) {
	l.left.Failures++
	count(&l.leftOf, maxRefused, spell{f.cause, 1, f.at, f.at})
	l.refusing = latest(l.refusing, f.at.Add(l.quiet))
	if key := maphash.String(l.seed, f.key); !l.refused[key] && len(l.refused) < maxRefused {
		l.refused[key] = true
		l.left.Incidents++
	}
}

// drop counts an incident instead of keeping it.
func (l *incidents) drop(e *entry) {
	l.left.Incidents++
	l.left.Failures += e.state.Count
	for _, s := range e.spell {
		count(&l.leftOf, maxRefused, s)
	}
	l.hours -= len(e.hours)
	l.texts -= len(e.text) + len(e.twin)
}
