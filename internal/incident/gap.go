package incident

import (
	"fmt"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// Gap is a range of a log where lines are or may be missing.
type Gap struct {
	Bytes int64 // -1 = unknown
	Why   string
	At    time.Time // when it was noticed, by the wall clock
}

// LogKey is the key of the incident that a log's gaps belong to.
func (r *Rules) LogKey(log Source) string { return r.keyOf("log", log.Path) }

// Gap applies a gap to the incident of its log. It returns the new state, and the alert that it
// raises, if any. Further gaps are reported together after repeat_interval. Without a gap for
// quiet_after, the incident ends without an alert.
func (r *Rules) Gap(s State, g Gap, log Source) (State, *alert.Alert) {
	if !s.Open || g.At.Sub(s.Last) >= r.conf.QuietAfter {
		s = r.begin(r.LogKey(log), g.At, g.At)
	}
	s.Seen = g.At
	s.Count++
	s.NewFailures++
	if g.At.After(s.Last) {
		s.Last = g.At
	}
	lost := fmt.Sprintf("%d bytes", g.Bytes)
	if g.Bytes < 0 {
		lost = "An unknown part"
	}
	s.Content = r.ownData(alert.LinesLost, log, map[string]any{"lost": lost, "reason": g.Why})
	if r.muted(s.Content) || s.Alerts > 0 && !r.reminderDue(s, s.Last, g.At) {
		return s, nil
	}
	return r.raise(s, alert.Blind, g.At)
}

// isGap reports whether the incident is that of a log's gaps.
func (s State) isGap() bool { return s.Content.Cause.ID == alert.LinesLost }
