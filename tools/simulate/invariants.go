package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

func (x *failure) String() string {
	at := x.at.Format("2006-01-02 15:04:05.000")
	return fmt.Sprintf("the failure of integration %s at %s in %s", x.key[len(x.key)-2:], at, x.disk.name)
}

// tooOld says why a failure must not be reported, "" = it may be.
func (m *model) tooOld(x *failure) string {
	d := x.disk
	switch {
	case d.confused:
		return ""
	case !d.seen || x.written+2*time.Millisecond >= d.first || d.absent && m.w.clockSet:
		return "" // a first poll that found nothing is remembered by its time
	case m.w.Start == "beginning" && (d.absent || x.fresh):
		return ""
	}
	return fmt.Sprintf("it was written %s before the first look", d.first-x.written)
}

// checkIncident compares the state of an incident with what was counted.
func (m *model) checkIncident(x *failure, s incident.State) {
	if !s.Open {
		if m.overSince(x) {
			return
		}
		if m.w.MaxOpen > 0 {
			m.checkOverflow(x)
			return
		}
		m.w.fail("state", "%s was counted, and its incident is not open", x)
	}
	n := 0
	for _, other := range m.failures {
		if other.key == x.key {
			n += other.counted
		}
	}
	if s.Count > n {
		m.w.fail("state", "the incident of %s counts %d failures, %d were read", x, s.Count, n)
	}
	if !m.w.everMuted && s.Alerts == 0 && s.Storm == "" {
		m.w.fail("every failure is reported", "there is no alert about %s", x)
	}
}

// check checks the promises in a world that has come to rest.
func (m *model) check() {
	for _, x := range m.failures {
		m.checkRead(x)
	}
	for _, id := range m.order {
		for _, name := range m.alerts[id].to {
			m.checkDelivered(id, m.alerts[id], m.w.receiver(name))
		}
	}
	for _, r := range m.w.receivers {
		if r.configured && !r.left && !m.confused() {
			m.checkEnds(r)
			m.checkBurst(r)
		}
	}
	m.w.checkRedacted("the daemon's own log", m.w.said.String())
}

// overSince reports whether what was read after a failure is so much later that its incident is
// over.
func (m *model) overSince(x *failure) bool {
	return slices.ContainsFunc(m.failures, func(later *failure) bool {
		return later.counted > 0 && later.read >= x.read && later.at.Sub(x.at) >= quietAfter
	})
}

// checkOverflow: a failure that is in no incident, since too many are open, is named in the
// incident about that.
func (m *model) checkOverflow(x *failure) {
	m.w.must(m.w.daemon.store.View(func(tx *store.Tx) {
		s := tx.Incident(m.w.daemon.recorder.Rules.OverflowKey())
		if !slices.Contains(s.Named, x.key) {
			m.w.fail("limits", "%s is in no incident, and beyond the limit are %v", x, s.Named)
		}
	}))
}

// checkLimit: no more incidents are open than may be, but for groups and troubles.
func (m *model) checkLimit() {
	if m.w.MaxOpen == 0 || m.w.daemon == nil {
		return
	}
	m.w.must(m.w.daemon.store.View(func(tx *store.Tx) {
		n := 0
		for s := range tx.EachIncident() {
			if m.last[s.Key] != nil {
				n++
			}
		}
		if n > m.w.MaxOpen {
			m.w.fail("limits", "%d incidents are open, at most %d may be", n, m.w.MaxOpen)
		}
	}))
}

// quietAfter is the program's default.
const quietAfter = 24 * time.Hour

// checkQuiet: nothing is quiet before so much time has passed since its last failure was
// written, whatever the clocks say.
func (m *model) checkQuiet(a *alert.Alert) {
	if a.Data.Kind != alert.Quiet || m.w.blindStep || m.confused() {
		return
	}
	ids, _ := a.Data.Facts["incidents"].([]string)
	if m.w.clockSet { // times do not tell which incident of a member a failure was in
		ids = nil
	}
	for _, id := range append(ids, string(a.Data.ID)) {
		key := alert.ID(id).Key()
		next := m.opened[key]
		for _, x := range m.failures {
			age := m.now() - x.written
			if slices.ContainsFunc(m.w.steps, func(at time.Duration) bool { return x.written < at && x.read >= at }) {
				return // its time is that of another clock
			}
			if x.key != key || x.counted == 0 || x.read == m.now() || age >= quietAfter-2*time.Minute ||
				next.incident != alert.ID(id).Incident() && next.at >= x.read || !m.w.clockSet && x.at.After(a.Data.Failures.Last) {
				continue
			}
			m.w.fail("quiet", "%s ends %s after %s was written", id, age, x)
		}
	}
}

// checkEnds: who was sent the beginning of an incident was sent its end, unless it goes on.
func (m *model) checkEnds(r *receiver) {
	owed := map[alert.ID]alert.ID{} // which alert began it
	for _, a := range r.alerts {
		d := a.Data
		var listed []alert.ID
		if ids, ok := d.Facts["incidents"].([]any); ok {
			for _, id := range ids {
				listed = append(listed, alert.ID(id.(string)))
			}
		}
		switch introduced := strings.HasPrefix(d.ID.Key(), "added-"); {
		case d.Cause.ID == alert.LinesLost || d.Cause.ID == incident.LimitReached: // whose end is not said
		case introduced:
			for _, id := range listed {
				owed[id] = d.ID
			}
		case d.Kind == alert.Opened, d.Kind == alert.Changed, d.Kind == alert.Storm, d.Kind == alert.Blind:
			owed[d.Incident()] = d.ID
		case d.Kind.Closes(), d.Kind == alert.Sighted:
			for _, id := range append(listed, d.Incident()) {
				delete(owed, id)
			}
		}
	}
	for id, began := range owed {
		if m.open[id] || m.endLost(r, id) {
			continue
		}
		m.w.fail("who was sent the beginning is sent the end", "%s was sent %s, and %s is not open", r.name, began, id)
	}
}

// endLost reports whether the end of an incident was refused by a receiver.
func (m *model) endLost(r *receiver, incident alert.ID) bool {
	for id := range m.w.aside[r.name] {
		if a := m.alerts[id]; a != nil && (a.kind.Closes() || a.kind == alert.Sighted) && (id.Incident() == incident || a.stands[incident]) {
			return true
		}
	}
	return false
}

// checkBurst: not more incidents of one cause are sent one by one than burst says.
func (m *model) checkBurst(r *receiver) {
	if m.w.Burst == "" || m.w.clockSet || m.w.Logs > 1 {
		return
	}
	var b conf.Burst
	m.w.must(b.UnmarshalText([]byte(m.w.burst())))
	alone := map[string][]time.Time{}
	for _, a := range r.alerts {
		if a.Data.Kind == alert.Opened && a.Data.First() {
			alone[a.Data.Cause.ID] = append(alone[a.Data.Cause.ID], a.Data.Failures.First)
		}
	}
	for cause, times := range alone {
		slices.SortFunc(times, time.Time.Compare)
		for i := range len(times) - b.Count {
			if within := times[i+b.Count].Sub(times[i]); within < b.Within {
				m.w.fail("burst", "%s was sent %d alerts about %s within %s, burst is %q", r.name, b.Count+1, cause, within, m.w.burst())
			}
		}
	}
}

// checkRead: counted once, or not wanted, or gone with a blind.
func (m *model) checkRead(x *failure) {
	switch {
	case x.counted == 1 || x.disk.confused || x.fleeting:
	case m.mayBeOld(x):
	case (x.barred || m.w.clockSet) && m.missed(x): // what is certainly newer is read, and the rest is reported
	case x.due:
		m.w.fail("exactly once", "%s could be read for long and was not counted", x)
	case x.lost == never && slices.ContainsFunc(x.in, func(f *file) bool { return x.disk.visible(f) }):
		m.w.fail("exactly once", "%s is on disk and was not counted", x)
	case m.unknowable(x):
	case m.unreadable(x.disk):
	case !m.missed(x):
		m.w.fail("every gap is a blind", "%s is lost, without an alert", x)
	}
}

// unknowable reports whether nothing can show that a failure was ever there.
func (m *model) unknowable(x *failure) bool { return !x.seen && (x.window || x.blank || !x.down) }

// missed reports whether the daemon has detected that it misses lines of a log, since a
// failure was written there.
func (m *model) missed(x *failure) bool {
	return slices.ContainsFunc(m.gaps, func(g gap) bool { return g.disk == x.disk && g.at >= x.written })
}

// unreadable reports whether an alert has said that a log cannot be read.
func (m *model) unreadable(d *disk) bool {
	return slices.ContainsFunc(m.order, func(id alert.ID) bool {
		return m.alerts[id].cause == incident.LogUnreadable && m.alerts[id].log == d.path
	})
}

// mayBeOld reports whether start allows a failure to be left out.
func (m *model) mayBeOld(x *failure) bool {
	d := x.disk
	if d.absent && m.w.clockSet {
		return true
	}
	if !d.seen || x.begun <= d.first {
		return m.w.Start == "end" || !x.fresh || d.absent || !d.seen
	}
	return false
}

// checkDelivered: an alert that was queued for a notifier was accepted, or
// dead-lettered after a rejection, or withdrawn, or replaced.
func (m *model) checkDelivered(id alert.ID, s *queuedAlert, r *receiver) {
	if r == nil || !r.configured || slices.Contains(r.accepted, id) || r.left {
		return
	}
	if m.w.aside[r.name][id] {
		if !r.refused[id] {
			m.w.fail("at least once", "%s: %s was dead-lettered, and was never rejected", r.name, id)
		}
		return
	}
	if s.cause == incident.NotifierFailing { // it is not notified of its own failure
		return
	}
	if s.kind == alert.Reminder || s.kind == alert.Storm {
		for _, later := range m.order {
			if m.alerts[later].incident == s.incident && later.Number() > id.Number() && m.alerts[later].kind == s.kind {
				return
			}
		}
	}
	if m.stormed(s) || m.w.everMuted && s.kind == alert.Opened { // the group of one that was withdrawn may be muted
		return
	}
	m.w.fail("at least once", "%s was queued for %s and never accepted", id, r.name)
}

// stormed reports whether a group has alerted for an incident.
func (m *model) stormed(s *queuedAlert) bool {
	return slices.ContainsFunc(m.order, func(id alert.ID) bool {
		return m.alerts[id].kind == alert.Storm && slices.Contains(m.alerts[id].names, s.incident.Key())
	})
}

// checkRedacted checks that a text shows no secret.
func (w *world) checkRedacted(where, text string) {
	for _, secret := range []string{canary, strings.ToLower(canary)} {
		if i := strings.Index(text, secret); i >= 0 {
			w.fail("no secret", "%s: …%s…", where, text[max(0, i-60):min(len(text), i+40)])
		}
	}
}

// checkStateRedacted looks through the state file as it is on disk.
func (w *world) checkStateRedacted() {
	text, err := os.ReadFile(filepath.Join(w.stateDir(), "state.db"))
	w.must(err)
	w.checkRedacted("the state file", string(text))
}

// finalState reads what was given up for each notifier, and holds the incidents
// to the causes that were written.
func (w *world) finalState() {
	w.aside = map[string]map[alert.ID]bool{}
	w.must(w.daemon.store.View(func(tx *store.Tx) {
		for _, r := range w.receivers {
			all := tx.Aside(r.name, 1000)
			w.aside[r.name] = map[alert.ID]bool{}
			for _, d := range all {
				w.aside[r.name][d.Alert.Data.ID] = true
			}
		}
		w.model.open = map[alert.ID]bool{}
		for s := range tx.EachIncident() {
			w.model.open[s.ID()] = true
			if x := w.model.last[s.Key]; x != nil && s.Cause != x.cause && !w.everMuted && !x.disk.confused && !w.model.missed(x) {
				w.fail("the cause of the whole event", "%s is for %s, the incident says %s", x, x.cause, s.Cause)
			}
		}
	}))
}
