package pipeline

import (
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
)

// Who is notified of an incident is stored with it: whoever was sent its beginning is sent what
// becomes of it, whatever its severity is by then, and all others are not notified
// until it is severe enough for them.

// manyAtOnce is how many open incidents a new notifier is sent one by one.
const manyAtOnce = 10

// with is a list with more names, each once. The given list is not changed.
func with(names []string, more ...string) []string {
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(slices.Clip(names), name)
		}
	}
	return names
}

// save stores an incident and queues its alert, if any.
func (r *Recorder) save(tx *store.Tx, s incident.State, a *alert.Alert) {
	if a != nil {
		nameMembers(tx, s, a)
		to := r.recipients(tx, s, a.Data.Kind)
		if a.Data.Kind == alert.Changed && len(to) == 0 { // nobody was sent the previous cause
			to = r.late(s)
			a.Type, a.Data.Kind, a.Data.Cause.Previous = "jira.oauth."+string(alert.Opened), alert.Opened, nil
		}
		s = r.send(tx, s, *a, to)
	}
	if late := r.late(s); len(late) > 0 && r.Rules.Maintenance(s.Content, clock.Now()) == nil {
		if next, again := r.Rules.Again(s); again != nil {
			nameMembers(tx, s, again)
			next = r.send(tx, next, *again, late)
			if len(next.Notified) > len(s.Notified) { // else there was no room
				s = next
			}
		}
	}
	r.set(tx, s)
}

// nameMembers adds to the alert of a group the incidents that it is about.
func nameMembers(tx *store.Tx, g incident.State, a *alert.Alert) {
	if !g.IsGroup() {
		return
	}
	var members []string
	for s := range tx.EachIncident() {
		if s.Storm == g.Key {
			members = append(members, string(s.ID()))
		}
	}
	g.Names(a, members)
}

// recipients are the notifiers that an alert of a kind about an incident is for.
func (r *Recorder) recipients(tx *store.Tx, s incident.State, kind alert.Kind) (names []string) {
	if kind == alert.Changed || kind == alert.Sighted || kind.Closes() {
		return r.reachable(tx, s.Notified, s.ID())
	}
	for _, to := range r.Recipients {
		if to.wants(s) && (kind != alert.Reminder || slices.Contains(s.Notified, to.Name)) {
			names = append(names, to.Name)
		}
	}
	return names
}

// wants reports whether a notifier is to be notified of an incident: it is severe enough, and not
// about the notifier itself.
func (to Recipient) wants(s incident.State) bool {
	itself := s.Lasting() && s.Content.Facts["notifier"] == to.Name
	return s.Content.Cause.Severity >= to.MinSeverity && !itself
}

// reachable are those notifiers of a list that are configured or for which an alert about the
// incident is queued. A removed notifier may be configured again, and must not be sent a beginning
// without its end.
func (r *Recorder) reachable(tx *store.Tx, names []string, incident alert.ID) (all []string) {
	for _, name := range names {
		if r.recipient(name) != nil || tx.Waits(name, incident) > 0 {
			all = append(all, name)
		}
	}
	return all
}

func (r *Recorder) recipient(name string) *Recipient {
	i := slices.IndexFunc(r.Recipients, func(to Recipient) bool { return to.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Recipients[i]
}

// late are the notifiers that should have been notified of an open incident, but were not: they
// were added while it was open, or it was not severe enough for them.
func (r *Recorder) late(s incident.State) (names []string) {
	if !s.Open || s.Alerts == 0 || !s.Alone() {
		return nil
	}
	for _, to := range r.Recipients {
		if to.wants(s) && !slices.Contains(s.Notified, to.Name) {
			names = append(names, to.Name)
		}
	}
	return names
}

// send queues an alert for notifiers, and records in its incident that they are notified.
func (r *Recorder) send(tx *store.Tx, s incident.State, a alert.Alert, to []string) incident.State {
	refused, queued := false, []string(nil)
	for _, name := range to {
		if tx.Enqueue(name, a) {
			s.Notified, queued = with(s.Notified, name), append(queued, name)
		} else {
			refused = refused || a.Data.First() || a.Data.Kind == alert.Storm
		}
	}
	if r.Tally != nil && (len(queued) > 0 || len(to) == 0) {
		r.Tally.Alert(&a, queued)
	}
	if refused && !s.IsOverflow() {
		r.overflow(tx, s.Key, incident.QueueFull, clock.Now())
	}
	return s
}

// cover sends the end of a member of a group to the notifiers whose receivers keep something for
// it, and to those that do not know the group. To all others, the group reports it.
func (r *Recorder) cover(tx *store.Tx, group, s incident.State, a *alert.Alert) {
	if a == nil {
		return
	}
	for _, name := range s.Notified {
		switch to := r.recipient(name); {
		case to == nil && tx.Waits(name, s.ID()) == 0:
		case to == nil || !slices.Contains(group.Notified, name):
			tx.Enqueue(name, *a)
		case to.Keeps:
			tx.EnqueueCovered(name, *a)
		}
	}
}

// CatchUp alerts notifiers that are new or renamed to open incidents that were never queued for
// them. A notifier that has missed more than a few incidents gets one alert about all of them.
// CatchUp also corrects incidents that were read while the clock was ahead.
func (r *Recorder) CatchUp() error {
	return r.Store.Update(func(tx *store.Tx) {
		now := clock.Now()
		r.keepTime(tx, now)
		missed := map[string][]incident.State{}
		for s := range tx.EachIncident() {
			s = s.Shift(-s.Ahead(now))
			if s.IsGroup() || s.Current().Kind == alert.Blind || r.Rules.Maintenance(s.Content, now) != nil || r.Rules.Muted(s) {
				continue
			}
			for _, name := range r.late(s) {
				missed[name] = append(missed[name], s)
			}
		}
		for _, to := range r.Recipients {
			if len(missed[to.Name]) > manyAtOnce && !to.Groups {
				r.introduce(tx, to.Name, missed[to.Name], now)
			}
		}
		for s := range tx.EachIncident() {
			r.save(tx, s.Shift(-s.Ahead(now)), nil)
		}
	})
}

// Started alerts to a start of the program: once per version and hour, so that a restart loop
// sends one alert. Receivers that keep incidents are left out, since this is none.
func (r *Recorder) Started(version string) error {
	return r.Store.Update(func(tx *store.Tx) {
		now := clock.Now()
		var last struct {
			Version string    `json:"version"`
			At      time.Time `json:"at"`
		}
		tx.Note(store.LastStart, &last)
		if last.Version == version && now.Sub(last.At).Abs() < time.Hour {
			return
		}
		a := r.Rules.Started(version, last.Version, len(r.Logs), now)
		for _, to := range r.Recipients {
			if !to.Groups && a.Data.Cause.Severity >= to.MinSeverity {
				tx.Enqueue(to.Name, a) // if there is room
			}
		}
		last.Version, last.At = version, now
		tx.SetNote(store.LastStart, last)
	})
}

// introduce sends a notifier one alert about incidents that it has missed.
func (r *Recorder) introduce(tx *store.Tx, name string, missed []incident.State, now time.Time) {
	var ids []string
	for _, s := range missed {
		ids = append(ids, string(s.ID()))
	}
	g, a := r.Rules.Introduce(missed, name, now)
	g.Names(a, ids)
	g = r.send(tx, g, *a, []string{name})
	for _, s := range missed {
		s = tx.Incident(s.Key)                       // as other notifiers have been introduced to it
		s.Notified = with(s.Notified, g.Notified...) // none if there was no room
		r.set(tx, s)
	}
}
