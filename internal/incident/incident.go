// Package incident decides when to speak. It is pure: no clock, no disk, no
// network.
package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/mask"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// maxInterval is the longest pause between two reminders.
const maxInterval = 24 * time.Hour

// State is one incident: what must be remembered to decide and to speak. The
// zero value is an integration that works.
type State struct {
	Key         string        `json:"key"`
	Open        bool          `json:"open"`
	First       time.Time     `json:"first"` // of the failures' own times
	Last        time.Time     `json:"last"`
	Seen        time.Time     `json:"seen"` // when the last failure was read, by the wall clock
	Count       int           `json:"count"`
	NewFailures int           `json:"since"`    // failures since the last alert, without muted ones once there was an alert
	Alerts      int           `json:"alerts"`   // alerts so far: part of their IDs
	LastAlert   time.Time     `json:"told"`     // failure time at the last alert
	Interval    time.Duration `json:"interval"` // until the next reminder
	Content     alert.Data    `json:"content"`  // what the last failure says, masked; a muted one says nothing once there was an alert
	ContentAt   time.Time     `json:"of"`       // the time of the failure that says it
	Cause       string        `json:"cause"`    // of the last failure that is not muted

	// Said is when each cause was last told, so that one that comes and goes
	// is told once in a repeat_interval.
	CauseAlerted map[string]time.Time `json:"said,omitempty"`

	// Turns counts the changes of cause since the last alert; Causes is when
	// each cause was last seen.
	CauseChanges int                  `json:"turns,omitempty"`
	Causes       map[string]time.Time `json:"causes,omitempty"`

	// Ack is who has seen to it, nil when nobody has.
	Ack *alert.Acknowledged `json:"ack,omitempty"`

	// Storm is the key of the storm that speaks for this incident; Hushed says
	// that nobody has been told of the incident alone, and Unheard are the
	// notifiers that have not.
	Storm       string   `json:"storm,omitempty"`
	Suppressed  bool     `json:"hushed,omitempty"`
	NotNotified []string `json:"unheard,omitempty"`

	// Of a storm only: how many incidents it is made of, the integrations that
	// are named, when the last one opened by its own time and when it came by
	// the wall clock, whether it is still to be told, and when it was told last.
	Members    int       `json:"members,omitempty"`
	Named      []string  `json:"listed,omitempty"`
	Joined     time.Time `json:"joined,omitzero"`
	Arrived    time.Time `json:"arrived,omitzero"`
	Pending    bool      `json:"untold,omitempty"`
	StormAlert time.Time `json:"begun,omitzero"`
}

// Source is the log that a failure was read from.
type Source struct{ Name, Path string }

// Rules are the operator's. They are immutable.
type Rules struct {
	node  string
	conf  conf.Alerts
	masks mask.Masks
}

// NewRules takes the rules out of a configuration.
func NewRules(c *conf.Config) *Rules {
	return &Rules{node: c.Node, conf: c.Alerts, masks: mask.New(c.Alerts.Mask, c.Node)}
}

// Key is what failures are deduplicated by: the integration's ID, or, where a
// log shows none, node and logger in a short form.
func (r *Rules) Key(f matchers.Failure) string {
	if f.Integration.ID != matchers.Unknown {
		return f.Integration.ID
	}
	sum := sha256.Sum256([]byte(r.node + "\x00" + f.Header.Logger))
	return matchers.Unknown + "-" + hex.EncodeToString(sum[:4])
}

// Step takes one failure into its incident: the new state, and the alert that
// it is worth, if any. seen is when it was read; it decides nothing here, but
// stands in for a time that cannot be.
//
// A failure that comes quiet_after or more after the one before it opens a new
// incident.
func (r *Rules) Step(s State, f matchers.Failure, from Source, seen time.Time) (State, *alert.Alert) {
	s.Causes = maps.Clone(s.Causes) // the state that was given stays as it is
	content := func() alert.Data { return r.content(f, from) }
	return r.step(s, r.Key(f), f.Cause, plausible(f.Time, seen), content, seen)
}

// Correct is Step of a failure that is counted already, as the last one of an
// open incident, but whose further lines show another cause.
func (r *Rules) Correct(s State, f matchers.Failure, from Source, seen time.Time) (State, *alert.Alert) {
	since := s.NewFailures
	s.Count, s.NewFailures = s.Count-1, s.NewFailures-1
	s, alert := r.Step(s, f, from, seen)
	if alert == nil {
		s.NewFailures = since
	}
	return s, alert
}

// step is Step of a failure at a time that can be. content is what it says, and
// is asked for only where that is needed. step changes the map of causes.
func (r *Rules) step(s State, key string, cause *matchers.Cause, at time.Time, content func() alert.Data, seen time.Time) (State, *alert.Alert) {
	muted := r.Mutes(cause)
	if !s.Open || at.Sub(s.Last) >= r.conf.QuietAfter {
		s = State{Key: key, Open: true, First: at, Last: at}
	}
	if s.Last.After(seen.Add(clockSkew)) && !at.After(seen.Add(clockSkew)) {
		// A clock that ran ahead has been set right: its times must not hold
		// reminders back.
		s.Last, s.LastAlert = at, earlier(s.LastAlert, at)
	}
	s.Seen = seen
	s.Count++
	if at.After(s.Last) {
		s.Last = at
	}
	if s.Alerts > 0 && muted {
		return s, nil
	}
	previous := s.Cause
	s.NewFailures++
	s = sawCause(s, cause.ID)
	// To mask a text takes half a millisecond. In a flood one failure of each
	// minute speaks for all of its cause, unless there is something to be told.
	if s.Content.Cause.ID != cause.ID || at.Sub(s.ContentAt).Abs() >= time.Minute || r.reminderDue(s, s.Last, seen) {
		s.Content, s.ContentAt = content(), at
	}
	switch {
	case muted:
		return s, nil
	case s.Alerts == 0:
		return r.raise(s, alert.Opened, at)
	case previous != cause.ID && s.CauseAlerted[cause.ID].IsZero():
		s.Content.Cause.Previous = &previous
		s.Ack, s.Storm, s.Suppressed, s.NotNotified = nil, "", false, nil // they were about another cause
		return r.raise(s, alert.Changed, at)
	case s.Storm == "" && r.reminderDue(s, s.Last, seen):
		return r.raise(s, alert.Reminder, at)
	case previous != cause.ID && r.causeIsNews(s) && !s.remindersOff(seen): // it was told long ago
		s.Content.Cause.Previous = &previous
		s.Storm, s.Suppressed, s.NotNotified = "", false, nil
		return r.raise(s, alert.Changed, at)
	}
	return s, nil
}

// ahead is how far the clock of a log may be before ours.
const clockSkew = 5 * time.Minute

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

const maxCauses = 20 // of one incident that are remembered

// turned remembers the cause that was just seen.
func sawCause(s State, cause string) State {
	if s.Cause != "" && s.Cause != cause {
		s.CauseChanges++
	}
	s.Cause = cause
	if s.Causes == nil {
		s.Causes = map[string]time.Time{}
	}
	if _, known := s.Causes[cause]; known || len(s.Causes) < maxCauses {
		s.Causes[cause] = s.Last
	}
	return s
}

// maxAhead is how far in the future of the reading an event's time may lie: a
// wrong time zone, not more. One bad clock would else hold an incident open,
// and silent, until that time has come.
const maxAhead = 26 * time.Hour

// believable is an event's time, or seen where the event's cannot be.
func plausible(at, seen time.Time) time.Time {
	if at, ok := PlausibleTime(at, seen); ok {
		return at
	}
	return seen
}

// Believable tells whether an event that is read at seen can have its time, and
// gives it in a form that JSON has.
func PlausibleTime(at, seen time.Time) (time.Time, bool) {
	at = encodable(at)
	return at, !at.IsZero() && !at.After(seen.Add(maxAhead))
}

// encodable is a time that JSON can express: a zone such as +24:00 becomes
// UTC. A state that cannot be stored would stop the program at the same line
// again and again.
func encodable(t time.Time) time.Time {
	if _, offset := t.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		t = t.UTC()
	}
	if t.UTC().Year() < 1 {
		return time.Time{}
	}
	return t
}

// Settle does what time alone brings: a reminder that is due, and the end of
// an incident that has been quiet for long enough (State.Open is false then).
// now is the wall clock; time passes for an incident from when its last
// failure was read, so that old logs are told like new ones.
func (r *Rules) Settle(s State, now time.Time) (State, *alert.Alert) {
	age := max(now.Sub(s.Seen), 0)
	switch {
	case !s.Open || s.Lasting():
		return s, nil
	case age >= r.conf.QuietAfter:
		s.Open = false
		if s.Alerts == 0 || r.muted(s.Content) || s.isGap() || s.Suppressed {
			return s, nil
		}
		return r.raise(s, alert.Quiet, s.Last.Add(r.conf.QuietAfter))
	case s.Members > 0:
		return r.AlertStorm(s, now)
	case s.Storm == "" && s.Alerts > 0 && !r.muted(s.Content) && r.reminderDue(s, s.Last.Add(age), now):
		kind := alert.Reminder
		if s.isGap() {
			kind = alert.Blind
		}
		return r.raise(s, kind, s.Last)
	}
	return s, nil
}

// Acknowledge takes what somebody did with a button.
func (r *Rules) Acknowledge(s State, p alert.Press) State {
	s.Ack = &alert.Acknowledged{By: text.Cut(r.masks.Text(p.By), maxField), UserID: text.Cut(p.UserID, maxField), At: p.At}
	if p.Snooze > 0 {
		s.Ack.Until = p.At.Add(p.Snooze)
	}
	return s
}

// asleep tells whether somebody wants no reminders now.
func (s State) remindersOff(now time.Time) bool {
	return s.Ack != nil && (s.Ack.Until.IsZero() || now.Before(s.Ack.Until))
}

// muted tells whether the operator wants no alert for what a failure says.
func (r *Rules) muted(d alert.Data) bool { return r.mutes(d.Cause.ID, d.Cause.Severity) }

func (r *Rules) mutes(cause string, severity conf.Severity) bool {
	return slices.Contains(r.conf.Mute, cause) || severity < r.conf.MinSeverity
}

// news: the cause has not been told in this incident, or so long ago that it
// may be told again. A reminder tells all between which the incident comes and
// goes.
func (r *Rules) causeIsNews(s State) bool {
	said, ok := s.CauseAlerted[s.Cause]
	return !ok || r.conf.RepeatInterval > 0 && s.Last.Sub(said) >= r.pause(s)
}

// reminderDue: there is something new to say, the pause is over, and nobody
// has seen to it. at is the event's time, now the wall clock.
func (r *Rules) reminderDue(s State, at, now time.Time) bool {
	return s.NewFailures > 0 && r.conf.RepeatInterval > 0 && at.Sub(s.LastAlert) >= r.pause(s) && !s.remindersOff(now)
}

// pause is the time between two alerts. The rules may have changed since the
// state was stored.
func (r *Rules) pause(s State) time.Duration { return max(s.Interval, r.conf.RepeatInterval) }
