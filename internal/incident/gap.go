package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// Gap is a place in a log where lines are or may be missing.
type Gap struct {
	Bytes int64 // -1 = nobody knows how many
	Why   string
	At    time.Time // when it was noticed, by the wall clock
}

// LogKey is the key of the incident that a log's gaps belong to.
func (r *Rules) LogKey(log Source) string {
	sum := sha256.Sum256([]byte(r.node + "\x00" + log.Path))
	return "log-" + hex.EncodeToString(sum[:4])
}

// Blind takes a gap into the incident of its log: the new state, and the alert
// that it is worth, if any. Further gaps are told together after
// repeat_interval; none for quiet_after ends the incident, without a word.
func (r *Rules) Gap(s State, g Gap, log Source) (State, *alert.Alert) {
	if !s.Open || g.At.Sub(s.Last) >= r.conf.QuietAfter {
		s = State{Key: r.LogKey(log), Open: true, First: g.At, Last: g.At}
	}
	s.Seen = g.At
	s.Count++
	s.NewFailures++
	if g.At.After(s.Last) {
		s.Last = g.At
	}
	s.Content = r.gapData(g, log)
	if r.muted(s.Content) || s.Alerts > 0 && !r.reminderDue(s, s.Last, g.At) {
		return s, nil
	}
	return r.raise(s, alert.Blind, g.At)
}

// blind tells whether the incident is that of a log.
func (s State) isGap() bool { return s.Content.Cause.ID == alert.LinesLost }

// gap is what a gap says.
func (r *Rules) gapData(g Gap, log Source) alert.Data {
	lost := fmt.Sprintf("%d bytes", g.Bytes)
	if g.Bytes < 0 {
		lost = "An unknown part"
	}
	return alert.Data{
		Node:        r.masks.Node(r.node),
		Integration: alert.Integration{ID: alert.Unknown, KnownBy: alert.ByNothing},
		Cause: alert.Cause{
			ID: alert.LinesLost, Title: "lines are missing from what it read", Provider: "any",
			Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{},
		},
		Diagnosis: fmt.Sprintf("%s of %s could not be read (%s). Failures that stood there are not told.", lost, log.Path, g.Why),
		Fix: []alert.Step{
			{Where: "jira-admin", Text: "Run Test connection on each OAuth 2.0 integration: one that is broken shows itself again."},
			{Where: "jira-host", Text: "See whether older logs are kept elsewhere (a support zip, a backup, a log server), and give them to: jira-oauth-watcher scan FILE"},
			{Where: "jira-host", Text: "Let logs rotate by renaming, as Jira does by itself, and not with logrotate's copytruncate; keep so many old files that they span the longest time that the watcher may be down."},
		},
		Confirm: "No further alert of this kind comes.",
		Links:   []alert.Link{},
		Facts:   map[string]any{"lost": lost, "reason": g.Why},
		Log:     alert.Log{Name: log.Name, Path: log.Path},
	}
}
