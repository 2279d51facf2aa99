package pipeline

import (
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
)

// due is what Settle must check: when each open incident may change by time alone. It is
// built from the store at the first use, and used in transactions only.
type due map[string]dueIncident

// farOff is when the incidents are checked again if none is due before.
const farOff = time.Hour

type dueIncident struct {
	at   time.Time // by the wall clock; zero = never
	log  string    // of its last failure
	test bool      // a test has failed in it
	host string    // that is to be probed for it, "" = none
	from string    // host of its provider's tokens, "" = not known
}

func dueOf(r *incident.Rules, s incident.State, after time.Time) dueIncident {
	return dueIncident{r.Due(s, after), s.Content.Log.Name, s.Content.Phase == alert.PhaseTest, s.Unprobed(),
		matchers.ProviderTokens(s.Content.Cause.Provider)}
}

// schedule reads all open incidents, once.
func (r *Recorder) schedule(tx *store.Tx) {
	if r.due != nil {
		return
	}
	r.due = due{}
	for s := range tx.EachIncident() {
		r.due[s.Key] = dueOf(r.Rules, s, time.Time{})
	}
}

// set stores an incident.
func (r *Recorder) set(tx *store.Tx, s incident.State) {
	r.schedule(tx)
	if r.put(s.Key, dueOf(r.Rules, s, time.Time{})); !s.Open {
		delete(r.due, s.Key)
	}
	tx.SetIncident(s)
}

// put enters what is due.
func (r *Recorder) put(key string, d dueIncident) {
	if r.unprobed != nil && d.host != "" && d.host != r.due[key].host {
		select {
		case r.unprobed <- struct{}{}:
		default: // the prober has not woken up yet
		}
	}
	r.due[key] = d
	if !d.at.IsZero() {
		r.nextDue = earlier(r.nextDue, d.at)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// forget deletes an incident that was counted in another one.
func (r *Recorder) forget(tx *store.Tx, key string) {
	delete(r.due, key)
	tx.ForgetIncident(key)
}

// settledAtOnce is how many incidents one transaction settles: what it changes is in memory.
const settledAtOnce = 500

// settleDue settles what is due at the wall clock's now. Where nothing is to do, nothing is
// written.
func (r *Recorder) settleDue(now time.Time, current func(log string) bool) error {
	var keys []string
	if err := r.Store.Update(func(tx *store.Tx) {
		r.keepTime(tx, now)
		if r.schedule(tx); r.nextDue.After(now) {
			return
		}
		r.nextDue = now.Add(farOff)
		for key, d := range r.due {
			switch {
			case d.at.IsZero():
			case d.at.After(now):
				r.nextDue = earlier(r.nextDue, d.at)
			default:
				keys = append(keys, key)
			}
		}
	}); err != nil {
		return err
	}
	slices.Sort(keys)
	for some := range slices.Chunk(keys, settledAtOnce) {
		if err := r.Store.Update(func(tx *store.Tx) {
			for _, key := range some {
				r.settleOne(tx, key, now, current(r.due[key].log))
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// settleOne settles an incident. If it stays due, it is settled again the next time.
func (r *Recorder) settleOne(tx *store.Tx, key string, now time.Time, current bool) {
	rule := r.Rules.Settle
	if !current {
		rule = r.Rules.Pending
	}
	s := tx.Incident(key)
	if changed := r.change(tx, s, rule, now); !changed && current {
		r.due[key] = dueOf(r.Rules, s, now)
	}
	if d, open := r.due[key]; open {
		r.put(key, d)
	}
}

// each applies a rule to all open incidents at the wall clock's now, in one transaction.
func (r *Recorder) each(now time.Time, rule func(incident.State, time.Time) (incident.State, *alert.Alert)) error {
	return r.Store.Update(func(tx *store.Tx) {
		for s := range tx.EachIncident() {
			r.change(tx, s, rule, now)
		}
	})
}

// change applies a rule to an incident, and reports whether that has changed anything: what the
// rule neither alerts to nor closes stays as it is.
func (r *Recorder) change(tx *store.Tx, s incident.State,
	rule func(incident.State, time.Time) (incident.State, *alert.Alert), now time.Time) (changed bool) {
	if !s.Open {
		return true
	}
	s, a := rule(s, now)
	switch {
	case a == nil && s.Open:
		return false
	case a != nil && a.Data.Kind == alert.Opened && s.Tester != "":
		r.overdue(tx, s, a, now)
	default:
		r.announce(tx, s, a, now)
	}
	return true
}

// keepTime finds that the wall clock was set, and then moves what is remembered by it: an
// incident must not end, nor a delivery be given up, since a clock has stepped.
func (r *Recorder) keepTime(tx *store.Tx, now time.Time) {
	by := tx.ClockSet(now)
	if by == 0 {
		return
	}
	for s := range tx.EachIncident() {
		r.set(tx, s.Shift(by))
	}
	tx.Shift(by)
}
