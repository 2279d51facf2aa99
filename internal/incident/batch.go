package incident

import (
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// Count is Step for a caller that reports an incident once, at its end (Summary): only
// the cause of the failure, its phase and its integration are kept, and the alert has no more than that. The given
// state must not be used afterwards.
func (r *Rules) Count(s State, o Occurrence, seen time.Time) (State, *alert.Alert) {
	is := alert.Integration{ID: o.Integration.ID, KnownBy: o.Integration.KnownBy}
	sketch := func() alert.Data {
		return alert.Data{Cause: alert.Cause{ID: o.Cause.ID}, Phase: o.Impact.Phase, Integration: is}
	}
	return r.step(s, occurrence{o, seen, sketch, nil, ""})
}

// Summary is an incident as its last alert would say it now: with what its last
// failure says, and the counts of all. last is the alert that Count or Settle
// gave last, nil if none did.
func (r *Rules) Summary(s State, last *alert.Alert, f matchers.Failure, from Source) alert.Data {
	severity := s.Content.Cause.Severity
	if s.Content.Integration.ID != "" {
		f = s.Adopt(f)
	}
	s.Content = r.content(s.adopt(f), from)
	s.Content.Cause.Severity = severity
	d := s.data()
	d.ID = d.ID.Alert(max(s.Alerts, 1))
	d.Kind = alert.Opened
	if last == nil {
		return d
	}
	d.Kind = last.Data.Kind
	if last.Data.Cause.ID == d.Cause.ID {
		d.Cause.Previous = last.Data.Cause.Previous
	}
	if others, ok := last.Data.Facts[alternating]; ok {
		d.Facts = withFact(d.Facts, alternating, others)
	}
	return d
}

// Node is the node's name as it may be shown.
func (r *Rules) Node() string { return r.masks.Node(r.node) }

// QuietAfter is how long an incident goes on without a failure.
func (r *Rules) QuietAfter() time.Duration { return r.conf.QuietAfter }
