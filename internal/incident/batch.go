package incident

import (
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// Count is Step for a caller that reports an incident once, at its end (Summary). It keeps only
// the cause, phase and integration of the failure, and its alert contains nothing else. The given
// state must not be used afterwards.
func (r *Rules) Count(s State, o Occurrence, seen time.Time) (State, *alert.Alert) {
	is := alert.Integration{ID: o.Integration.ID, KnownBy: o.Integration.KnownBy}
	o.seen, o.content = seen, func() alert.Data {
		return alert.Data{Cause: alert.Cause{ID: o.Cause.ID}, Phase: o.Impact.Phase, Integration: is}
	}
	return r.step(s, o)
}

// Summary is an incident as its last alert would report it now: the content of its last failure,
// and the counts of all failures. last is the last alert that Count or Settle returned, nil if
// there was none.
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
		d.Facts = with[any](d.Facts, alternating, others)
	}
	return d
}

// Node is the node's name, redacted.
func (r *Rules) Node() string { return r.masks.Node(r.node) }

// QuietAfter is how long an incident stays open without a failure.
func (r *Rules) QuietAfter() time.Duration { return r.conf.QuietAfter }
