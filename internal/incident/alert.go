package incident

import (
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// alternates are the other causes between which the incident comes and goes:
// it has turned from one to another and back since the last alert.
func (r *Rules) alternates(s State) []string {
	var others []string
	for _, cause := range slices.Sorted(maps.Keys(s.Causes)) {
		if s.CauseChanges >= 2 && cause != s.Content.Cause.ID && !s.Causes[cause].Before(s.LastAlert) {
			others = append(others, cause)
		}
	}
	return others
}

// with is a copy of facts with one more.
func withFact(facts map[string]any, name string, value any) map[string]any {
	all := maps.Clone(facts)
	if all == nil {
		all = map[string]any{}
	}
	all[name] = value
	return all
}

// data is the incident as it is now.
func (s State) data() alert.Data {
	d := s.Content
	if s.Members > 0 {
		d = stormData(s, d)
	}
	d.Schema = 1
	d.ID = s.ID()
	d.Failures = alert.Failures{Count: s.Count, First: s.First, Last: s.Last, SinceLastAlert: s.NewFailures}
	d.Acknowledged = s.Ack
	return d
}

// ID names the incident.
func (s State) ID() alert.ID {
	return alert.NewID(s.Key, s.First)
}

// Standing is the incident for those that show how it stands.
func (s State) Current() alert.Data {
	d := s.data()
	switch {
	case s.isGap() || s.Lasting():
		d.Kind = alert.Blind
	case s.Members > 0:
		d.Kind = alert.Storm
	default:
		d.Kind = alert.Opened
	}
	return d
}

// tell makes the alert and remembers that it was told.
func (r *Rules) raise(s State, kind alert.Kind, at time.Time) (State, *alert.Alert) {
	s.Alerts++
	if s.Ack != nil && !s.Ack.Until.IsZero() && kind != alert.Quiet {
		s.Ack = nil // it has run out
	}
	d := s.data()
	d.Kind = kind
	d.ID = d.ID.Alert(s.Alerts)
	others := r.alternates(s)
	if len(others) > 0 {
		d.Facts = withFact(d.Facts, alternating, others)
	}
	s.Content.Cause.Previous = nil
	s.NewFailures, s.CauseChanges = 0, 0
	s.LastAlert = s.Last
	s.CauseAlerted = maps.Clone(s.CauseAlerted)
	if s.CauseAlerted == nil {
		s.CauseAlerted = map[string]time.Time{}
	}
	for _, cause := range append(others, d.Cause.ID) {
		s.CauseAlerted[cause] = s.Last
	}
	if kind == alert.Reminder {
		s.Interval = min(2*r.pause(s), max(maxInterval, r.conf.RepeatInterval))
	} else {
		s.Interval = r.conf.RepeatInterval
	}
	return s, &alert.Alert{Type: "jira.oauth." + string(kind), Timestamp: at, Data: d}
}
