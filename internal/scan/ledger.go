package scan

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
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
	maxRefused   = 1 << 17   // incidents that are told apart although they are only counted
	sweepEvery   = time.Hour // how often a full ledger looks for incidents that have closed
)

// ledger takes failures into incidents. It sees them in the order of their
// time.
type ledger struct {
	limit  int
	quiet  time.Duration
	open   map[string]*entry
	closed []*entry // those that closed first before the others
	hours  int      // of all
	texts  int      // bytes
	failed int
	swept  time.Time

	left     *LeftOut
	leftOf   []spell
	refused  map[uint64]bool
	seed     maphash.Seed
	refusing time.Time // until then, an incident that is not known may have been refused before
}

// entry is one incident.
type entry struct {
	state incident.State
	rules *incident.Rules // of the node that failed last
	alert *alert.Alert    // the last one it was worth
	nodes []string        // names as they may be shown
	spell []spell
	hour  []hour
	text  string // the failure that its last alert would quote
	in    *input // where that stands

	uncountedHours, uncountedCauses int
}

type spell struct {
	cause       *matchers.Cause
	failures    int
	first, last time.Time
}

type hour struct {
	at       int64 // hours since 1970
	cause    *matchers.Cause
	failures int
}

func newLedger(limit int, quiet time.Duration) *ledger {
	return &ledger{limit: cmp.Or(limit, maxIncidents), quiet: quiet, open: map[string]*entry{}, refused: map[uint64]bool{}, seed: maphash.MakeSeed()}
}

// add takes a failure of a node into its incident.
func (l *ledger) add(f sighting, in *input, rules *incident.Rules) {
	l.failed++
	e := l.open[f.key]
	if e != nil {
		before := f.at.Add(-1)
		if f.at.Sub(e.state.Last) >= l.quiet {
			before = f.at
		}
		if l.settle(e, before) {
			e = nil
		}
	}
	if e == nil {
		if !l.admit(f) {
			return
		}
		e = &entry{}
		l.open[f.key] = e
	}
	told := e.state.Alerts > 0
	seen := f.at
	if e.state.Last.After(seen) {
		seen = e.state.Last // time does not go back
	}
	var alert *alert.Alert
	e.state, alert = rules.Count(e.state, f.key, f.cause, f.at, seen)
	if alert != nil {
		e.alert = alert
	}
	if !told || !rules.Mutes(f.cause) {
		l.keep(e, f, in)
	}
	e.rules = rules
	if name := rules.Node(); !slices.Contains(e.nodes, name) {
		e.nodes = append(e.nodes, name)
	}
	if !count(&e.spell, maxSpells, f) {
		e.uncountedCauses++
	}
	l.countHour(e, f)
}

// settle does what time alone brings an incident up to now, and tells whether
// it has closed by that.
func (l *ledger) settle(e *entry, now time.Time) (closed bool) {
	if now.Sub(e.state.Last) >= l.quiet {
		e.settle(e.state.Last.Add(l.quiet - 1)) // a reminder comes before the end
	}
	e.settle(now)
	if !e.state.Open {
		l.close(e)
	}
	return !e.state.Open
}

func (e *entry) settle(now time.Time) {
	state, alert := e.rules.Settle(e.state, now)
	e.state = state
	if alert != nil {
		e.alert = alert
	}
}

func (l *ledger) close(e *entry) {
	delete(l.open, e.state.Key)
	l.closed = append(l.closed, e)
}

// keep remembers what an incident says.
func (l *ledger) keep(e *entry, f sighting, in *input) {
	l.texts -= len(e.text)
	e.text, e.in = f.text, in
	if len(e.text) > shortText && l.texts+len(e.text) > maxTexts {
		e.text = strings.Clone(e.text[:shortText])
	}
	l.texts += len(e.text)
}

// count counts a failure by its cause; false when there are too many causes.
func count(spells *[]spell, limit int, f sighting) bool {
	for i := range *spells {
		if s := &(*spells)[i]; s.cause == f.cause {
			s.failures++
			if f.at.Before(s.first) {
				s.first = f.at
			}
			if f.at.After(s.last) {
				s.last = f.at
			}
			return true
		}
	}
	if len(*spells) >= limit {
		return false
	}
	*spells = append(*spells, spell{f.cause, 1, f.at, f.at})
	return true
}

func (l *ledger) countHour(e *entry, f sighting) {
	at := f.at.Unix()
	at = (at - (at%3600+3600)%3600) / 3600
	for i := len(e.hour) - 1; i >= 0; i-- {
		if h := &e.hour[i]; h.at == at && h.cause == f.cause {
			h.failures++
			return
		}
	}
	if len(e.hour) >= maxHours || l.hours >= maxAllHours {
		e.uncountedHours++
		return
	}
	e.hour = append(e.hour, hour{at, f.cause, 1})
	l.hours++
}

// admit makes room for an incident that opens. Closed ones go first, since
// nothing can happen to them any more. When all are open, the new one is only
// counted, and so is every new one until what was refused must have closed:
// else its beginning would be a wrong one.
func (l *ledger) admit(f sighting) bool {
	if len(l.open)+len(l.closed) >= l.limit && len(l.closed) == 0 {
		l.sweep(f.at)
	}
	if f.at.Before(l.refusing) || len(l.open)+len(l.closed) >= l.limit && len(l.closed) == 0 {
		l.refuse(f)
		return false
	}
	if len(l.open)+len(l.closed) >= l.limit {
		l.drop(l.closed[0])
		l.closed[0] = nil
		l.closed = l.closed[1:]
	}
	return true
}

// sweep closes what has gone quiet.
func (l *ledger) sweep(now time.Time) {
	if now.Sub(l.swept) < sweepEvery {
		return
	}
	l.swept = now
	for _, e := range l.sorted() {
		l.settle(e, now)
	}
}

// sorted are the open incidents in the order in which they will close.
func (l *ledger) sorted() []*entry {
	var all []*entry
	for _, e := range l.open {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(a.state.Last.Compare(b.state.Last), strings.Compare(a.state.Key, b.state.Key))
	})
	return all
}

// finish is all incidents at the end of the logs, by their first failure.
func (l *ledger) finish(end time.Time) []*entry {
	still := l.sorted()
	for _, e := range still {
		l.settle(e, end)
	}
	all := l.closed
	for _, e := range still {
		if e.state.Open {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(a.state.First.Compare(b.state.First), strings.Compare(a.state.Key, b.state.Key))
	})
	return all
}

func (l *ledger) leftOut() *LeftOut {
	if l.left == nil {
		l.left = &LeftOut{}
	}
	return l.left
}

// refuse counts a failure of an incident that is not kept.
func (l *ledger) refuse(f sighting) {
	left := l.leftOut()
	left.Failures++
	count(&l.leftOf, maxRefused, f)
	if until := f.at.Add(l.quiet); until.After(l.refusing) {
		l.refusing = until
	}
	if key := maphash.String(l.seed, f.key); !l.refused[key] && len(l.refused) < maxRefused {
		l.refused[key] = true
		left.Incidents++
	}
}

// drop counts an incident instead of keeping it.
func (l *ledger) drop(e *entry) {
	left := l.leftOut()
	left.Incidents++
	left.Failures += e.state.Count
	for _, s := range e.spell {
		one := sighting{cause: s.cause, at: s.first}
		count(&l.leftOf, maxRefused, one)
		i := slices.IndexFunc(l.leftOf, func(x spell) bool { return x.cause == s.cause })
		l.leftOf[i].failures += s.failures - 1
		if s.last.After(l.leftOf[i].last) {
			l.leftOf[i].last = s.last
		}
	}
	l.hours -= len(e.hour)
	l.texts -= len(e.text)
}
