package incident

import (
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// alternating names the fact about causes between which an incident comes and
// goes.
const alternating = "alternates_with"

// Count is Step for whoever tells an incident only at its end (Told): all that
// is made of the failure is its cause, and the alert says no more. at is a time
// that can be. The state that is given must not be used any more.
func (r *Rules) Count(s State, key string, c *matchers.Cause, at, seen time.Time) (State, *alert.Alert) {
	sketch := func() alert.Data { return alert.Data{Cause: alert.Cause{ID: c.ID, Severity: c.Severity}} }
	return r.step(s, key, c, at, sketch, seen)
}

// Mutes tells whether the operator wants no alert for a cause. Of an incident
// that was told already, a muted failure changes nothing that is said.
func (r *Rules) Mutes(c *matchers.Cause) bool { return r.mutes(c.ID, c.Severity) }

// Told is an incident as its last alert would say it now: with what its last
// failure says, and the counts of all. last is the alert that Count or Settle
// gave last, nil if none did.
func (r *Rules) Summary(s State, last *alert.Alert, f matchers.Failure, from Source) alert.Data {
	s.Content = r.content(f, from)
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
