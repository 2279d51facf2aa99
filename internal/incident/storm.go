package incident

import (
	"fmt"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
)

const (
	stormWindow  = time.Minute      // incidents that open within it belong together
	stormSettles = 5 * time.Second  // without another one: the storm is alerted to
	stormLatest  = 30 * time.Second // at the latest, though more keep coming
	maxNamed     = 300              // integrations in a storm's alert
)

// Openings are the incidents that opened recently for one cause, oldest first, who failed
// in them, and when each notifier mentioned people for them. The zero value has none.
type Openings struct {
	Recent   []Opening            `json:"recent"`
	Folds    []Fold               `json:"folds,omitempty"`    // see fold.go
	Mentions map[string]time.Time `json:"mentions,omitempty"` // see mention.go
}

// Opening is one of them.
type Opening struct {
	Key string    `json:"key"` // of the incident
	At  time.Time `json:"at"`  // of its first failure
}

// StormKey is the key of the incident that alerts for all that one cause breaks
// at once.
func StormKey(cause string) string { return "storm-" + cause }

// Open notes that an incident opens, and returns the incidents that are a storm
// by that: more than the operator's number of them within a minute, or one more
// for a storm that goes on. None is no storm.
func (r *Rules) Open(o Openings, storm, s State) (Openings, []string) {
	if r.conf.Storm == 0 {
		return o, nil
	}
	near := func(at time.Time) bool { return s.First.Sub(at).Abs() < stormWindow }
	// Two logs may be read alternately, one an hour later than the other: what is not
	// near now is kept for a while.
	all := append(slices.Clone(o.Recent), Opening{s.Key, s.First})
	all = all[max(len(all)-4*(r.conf.Storm+1), 0):]
	var together []string
	for _, n := range all {
		if near(n.At) {
			together = append(together, n.Key)
		}
	}
	if storm.Open && near(storm.Joined) || len(together) > r.conf.Storm {
		o.Recent = slices.DeleteFunc(all, func(n Opening) bool { return near(n.At) })
		return o, together
	}
	o.Recent = all
	return o, nil
}

// Join adds an incident to the storm of its cause: the new states of both. What
// a suppressed incident says is not kept: the storm says it.
func (r *Rules) Join(storm, s State, seen time.Time) (State, State) {
	if !storm.Open || s.First.Sub(storm.Last) >= r.conf.QuietAfter {
		storm = State{Key: StormKey(s.Content.Cause.ID), Open: true, First: s.First, Last: s.First, StormAlert: seen}
	}
	s.Storm = storm.Key
	storm = addToStorm(storm, s, seen)
	storm.Count += s.Count - 1
	storm.NewFailures += s.Count - 1
	storm.Joined, storm.Arrived, storm.Pending = s.First, seen, true
	storm.Members++
	if len(storm.Named) < maxNamed {
		storm.Named = append(storm.Named, s.Content.Integration.ID)
	}
	return storm, brief(s)
}

// brief is a state without what a storm says for it: thousands of integrations
// may be in one.
func brief(s State) State {
	if c := s.Content; s.Suppressed {
		s.Content = alert.Data{Node: c.Node, Integration: c.Integration, Cause: c.Cause, Phase: c.Phase}
		s.Content.Log.Name, s.Content.Log.Path = c.Log.Name, c.Log.Path
	}
	return s
}

// addToStorm counts a further failure of one of the storm's incidents.
func addToStorm(storm, s State, seen time.Time) State {
	storm.Count++
	storm.NewFailures++
	storm.Seen = seen
	if s.Last.After(storm.Last) {
		storm.Last = s.Last
	}
	if storm.Summary != nil { // which names several causes
		storm.Content.Cause.Severity = max(storm.Content.Cause.Severity, s.Content.Cause.Severity)
		storm.GivesUp = earliest(storm.GivesUp, s.GivesUp)
		return storm
	}
	if s.Content.Diagnosis != "" { // not brief
		before := storm.Content
		storm.Content = s.Content
		if storm.Count > 1 { // it is of all of them
			storm.Content.Cause.Severity = max(before.Cause.Severity, s.Content.Cause.Severity)
			if before.Phase != s.Content.Phase {
				storm.Content.Phase = ""
			}
		}
	}
	storm.Content.Integration = alert.Integration{ID: alert.Many, KnownBy: alert.ByNothing}
	return storm
}

// StepStorm applies a failure of one of the storm's incidents to the storm: the
// new states of both, and the alert that it raises, if any.
func (r *Rules) StepStorm(storm, s State, seen time.Time) (State, State, *alert.Alert) {
	storm, a := r.AlertStorm(addToStorm(storm, s, seen), seen)
	return storm, brief(s), a
}

// AlertStorm raises the alert of a storm when no further integration has joined
// for some seconds, and again when some have joined, or when a reminder is due.
// now is the wall clock.
func (r *Rules) AlertStorm(s State, now time.Time) (State, *alert.Alert) {
	switch since := now.Sub(s.StormAlert).Abs(); { // negative: the clock was set back
	case !s.Open || s.Members == 0 || r.muted(s.Content) || r.Maintenance(s.Content, now) != nil:
		return s, nil
	case s.Pending && s.Alerts == 0 && (now.Sub(s.Arrived).Abs() >= stormSettles || since >= stormLatest),
		s.Pending && s.Alerts > 0 && since >= stormWindow,
		s.Alerts > 0 && r.reminderDue(s, s.Last.Add(max(now.Sub(s.Seen), 0)), now):
		s, a := r.raise(s, alert.Storm, s.Last)
		s.Pending, s.StormAlert = false, now
		return s, a
	}
	return s, nil
}

// stormData is what a storm says: what its last failure said, of all its
// integrations.
func (s State) stormData() alert.Data {
	d := s.Content
	d.Facts = withFact(d.Facts, "integrations", slices.Clone(s.Named))
	d.Facts["integrations_count"] = fmt.Sprint(s.Members)
	if s.Summary != nil {
		return s.summaryData(d)
	}
	d.Diagnosis = fmt.Sprintf("%d integrations began to fail at once, for one cause. The last of them: %s",
		s.Members, d.Diagnosis)
	return d
}
