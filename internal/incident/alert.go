package incident

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// alternating names the fact about causes between which an incident alternates.
const alternating = "alternates_with"

// alternates are the other causes between which the incident alternates: it has changed from one
// to another and back since the last alert.
func (s State) alternates() []string {
	var others []string
	for _, cause := range slices.Sorted(maps.Keys(s.Causes)) {
		if s.CauseChanges >= 2 && cause != s.Content.Cause.ID && !s.Causes[cause].Before(s.LastAlert) {
			others = append(others, cause)
		}
	}
	return others
}

// data is the incident as it is now.
func (s State) data() alert.Data {
	d := s.Content
	if s.IsGroup() {
		d = s.groupData()
	}
	d.Schema = 1
	d.ID = s.ID()
	d.Failures = alert.Failures{Count: s.Count, First: s.First, Last: s.Last, SinceLastAlert: s.NewFailures}
	d.Acknowledged, d.GivesUpAt, d.ResolvedAt, d.Probe = s.Ack, s.GivesUp, s.Resolved, s.Probe
	return d
}

// Current is the incident as it is now, for receivers that show its state.
func (s State) Current() alert.Data {
	d := s.data()
	switch {
	case ownCauses()[s.Content.Cause.ID].Title != "":
		d.Kind = alert.Blind
	case s.IsGroup():
		d.Kind = alert.Storm
	default:
		d.Kind = alert.Opened
	}
	return d
}

// Failure is the last failure of an incident as it is shipped: with a separate ID, and with its
// own content even if its incident shows that of another one. seen replaces an impossible time.
func (r *Rules) Failure(s State, id alert.ID, f matchers.Failure, from Source, seen time.Time) alert.Alert {
	f = s.adopt(f)
	s.Content = r.content(f, from)
	s.Content.Cause.Severity = f.Impact.Severity(f.Cause, s.Count)
	s.Content.Integration.Name = r.names.rename(s.Content, cmp.Or(f.Integration.Name, s.Called))
	d := s.data()
	d.ID = id
	return alert.Alert{Type: "jira.oauth.failure", Timestamp: TimeOf(f.Time, seen), Data: d}
}

// Again is an alert about an open incident as it is now, under its next number, for notifiers that
// have not been alerted to it. It is nil if no alert about the incident is due.
func (r *Rules) Again(s State) (State, *alert.Alert) {
	if !s.Open || s.Alerts == 0 || !s.Alone() || r.Muted(s) {
		return s, nil
	}
	s.Alerts++
	d := s.Current()
	d.ID = d.ID.Alert(s.Alerts)
	return s, newAlert(d, s.Last)
}

// raise makes an alert and remembers that it was made.
func (r *Rules) raise(s State, kind alert.Kind, at time.Time) (State, *alert.Alert) {
	s.Alerts++
	s.Awaits = time.Time{}
	if s.Ack != nil && !s.Ack.Until.IsZero() && !kind.Closes() {
		s.Ack = nil // it has expired
	}
	s.Content.Integration.Name = r.names.rename(s.Content, s.Called)
	d := s.data()
	d.Kind = kind
	d.ID = d.ID.Alert(s.Alerts)
	others := s.alternates()
	if len(others) > 0 {
		d.Facts = with[any](d.Facts, alternating, others)
	}
	s.Content.Cause.Previous = nil
	s.NewFailures, s.CauseChanges = 0, 0
	s.LastAlert = s.Last
	for _, cause := range append(others, d.Cause.ID) {
		s.CauseAlerted = with(s.CauseAlerted, cause, s.Last)
	}
	// News resets the intervals; a continuing failure is repeated less and less often.
	if kind == alert.Reminder || s.Alerts > 1 && (kind == alert.Blind || kind == alert.Storm && s.Unnamed.IsZero()) {
		s.Interval = r.longer(s)
	} else {
		s.Interval = r.conf.RepeatInterval
	}
	return s, newAlert(d, at)
}

func newAlert(d alert.Data, at time.Time) *alert.Alert {
	return &alert.Alert{Type: "jira.oauth." + string(d.Kind), Timestamp: at, Data: d}
}
