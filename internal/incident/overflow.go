package incident

import (
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// MaxOpen is the maximum number of open incidents.
const MaxOpen = 10_000

// Limit is a limit that prevents an alert about an incident.
type Limit string

// The limits, as an alert names them.
const (
	TooManyOpen Limit = "10,000 incidents are open, the maximum"
	QueueFull   Limit = "32 MiB of alerts are queued for the notifiers, the maximum"
)

// OverflowKey is the key of the incident about limits.
func (r *Rules) OverflowKey() string { return r.keyOf("overflow", "") }

// IsOverflow reports whether the incident is the one about limits.
func (s State) IsOverflow() bool { return s.Content.Cause.ID == LimitReached }

// EndUnsaid reports whether people are not notified of the end of an incident, because it is about
// past events and not about an ongoing condition.
func (s State) EndUnsaid() bool { return s.isGap() || s.IsOverflow() }

// Overflow counts a failure beyond a limit, of the incident with the given key. It returns the new
// state, and the alert that it raises, if any. The first alert waits for some seconds, so that it
// can name more than one incident.
func (r *Rules) Overflow(s State, key string, why Limit, now time.Time) (State, *alert.Alert) {
	if !s.Open {
		s = r.begin(r.OverflowKey(), now, now)
		s.Arrived = now
	}
	if s.Unnamed.IsZero() {
		s.Unnamed = now
	}
	s.Seen, s.Last = now, now
	s.Count++
	s.NewFailures++
	if !slices.Contains(s.Named, key) {
		s.Named = added(s.Named, key, maxNamed)
	}
	limits, _ := s.Content.Facts["limit"].(string)
	if !strings.Contains(limits, string(why)) {
		limits = strings.TrimPrefix(limits+"; "+string(why), "; ")
	}
	facts := map[string]any{"limit": limits, "not_alerted": slices.Clone(s.Named)}
	s.Content = r.ownData(LimitReached, Source{}, facts,
		"{since}", s.First.Format("2006-01-02 15:04:05 -07:00"), "{count}", text.Plural(s.Count, "more failure was", "more failures were"))
	return r.alertOverflow(s, now)
}

// alertOverflow raises the alert about what is beyond the limits, when it is due.
func (r *Rules) alertOverflow(s State, now time.Time) (State, *alert.Alert) {
	first := s.Alerts == 0 && now.Sub(s.Unnamed).Abs() >= groupSettles
	again := s.Alerts > 0 && r.reminderDue(s, s.Last.Add(max(now.Sub(s.Seen), 0)), now)
	if !first && !again || r.muted(s.Content) {
		return s, nil
	}
	s.Unnamed = time.Time{}
	return r.raise(s, alert.Blind, now)
}
