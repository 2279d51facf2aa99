// Package incident decides when to speak. It is pure: no clock, no disk, no
// network.
package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// maxInterval is the longest pause between two reminders.
const maxInterval = 24 * time.Hour

// State is one incident: what must be remembered to decide and to speak. The
// zero value is an integration that works.
type State struct {
	Key      string        `json:"key"`
	Open     bool          `json:"open"`
	First    time.Time     `json:"first"` // of the failures' own times
	Last     time.Time     `json:"last"`
	Seen     time.Time     `json:"seen"` // when the last failure was read, by the wall clock
	Count    int           `json:"count"`
	Since    int           `json:"since"`    // failures since the last alert, without muted ones once there was an alert
	Alerts   int           `json:"alerts"`   // alerts so far: part of their IDs
	Told     time.Time     `json:"told"`     // failure time at the last alert
	Interval time.Duration `json:"interval"` // until the next reminder
	Content  notify.Data   `json:"content"`  // what the last failure says, masked; a muted one says nothing once there was an alert

	// Said is when each cause was last told, so that one that comes and goes
	// is told once in a repeat_interval.
	Said map[string]time.Time `json:"said,omitempty"`

	// Turns counts the changes of cause since the last alert; Causes is when
	// each cause was last seen.
	Turns  int                  `json:"turns,omitempty"`
	Causes map[string]time.Time `json:"causes,omitempty"`

	// Ack is who has seen to it, nil when nobody has.
	Ack *notify.Acknowledged `json:"ack,omitempty"`

	// Storm is the key of the storm that speaks for this incident; Hushed says
	// that nobody has been told of the incident alone.
	Storm  string `json:"storm,omitempty"`
	Hushed bool   `json:"hushed,omitempty"`

	// Of a storm only: how many incidents it is made of, the integrations that
	// are named, when the last one opened by its own time and when it came by
	// the wall clock, whether it is still to be told, and when it was told last.
	Members int       `json:"members,omitempty"`
	Listed  []string  `json:"listed,omitempty"`
	Joined  time.Time `json:"joined,omitzero"`
	Arrived time.Time `json:"arrived,omitzero"`
	Untold  bool      `json:"untold,omitempty"`
	Begun   time.Time `json:"begun,omitzero"`
}

// Source is the log that a failure was read from.
type Source struct{ Name, Path string }

// Rules are the operator's. They are immutable.
type Rules struct {
	node  string
	conf  conf.Alerts
	masks Masks
}

// NewRules takes the rules out of a configuration.
func NewRules(c *conf.Config) *Rules {
	return &Rules{node: c.Node, conf: c.Alerts, masks: NewMasks(c.Alerts.Mask, c.Node)}
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
func (r *Rules) Step(s State, f matchers.Failure, from Source, seen time.Time) (State, *notify.Alert) {
	s.Causes = maps.Clone(s.Causes) // the state that was given stays as it is
	return r.step(s, r.Key(f), believable(f.Time, seen), r.content(f, from), seen)
}

// step is Step of a failure at a time that can be, and of what it says. It
// changes the map of causes.
func (r *Rules) step(s State, key string, at time.Time, content notify.Data, seen time.Time) (State, *notify.Alert) {
	if !s.Open || at.Sub(s.Last) >= r.conf.QuietAfter {
		s = State{Key: key, Open: true, First: at, Last: at}
	}
	s.Seen = seen
	s.Count++
	if at.After(s.Last) {
		s.Last = at
	}
	if s.Alerts > 0 && r.muted(content) {
		return s, nil
	}
	previous := s.Content.Cause.ID
	s.Content = content
	s.Since++
	s = turned(s, previous)
	switch {
	case r.muted(content):
		return s, nil
	case s.Alerts == 0:
		return r.tell(s, notify.Opened, at)
	case previous != content.Cause.ID && r.news(s):
		s.Content.Cause.Previous = &previous
		s.Ack, s.Storm, s.Hushed = nil, "", false // they were about another cause
		return r.tell(s, notify.Changed, at)
	case s.Storm == "" && r.reminderDue(s, s.Last, seen):
		return r.tell(s, notify.Reminder, at)
	}
	return s, nil
}

const maxCauses = 20 // of one incident that are remembered

// turned remembers the cause that was just seen.
func turned(s State, previous string) State {
	cause := s.Content.Cause.ID
	if previous != "" && previous != cause {
		s.Turns++
	}
	if s.Causes == nil {
		s.Causes = map[string]time.Time{}
	}
	if _, known := s.Causes[cause]; known || len(s.Causes) < maxCauses {
		s.Causes[cause] = s.Last
	}
	return s
}

// alternates are the other causes between which the incident comes and goes:
// it has turned from one to another and back since the last alert.
func (r *Rules) alternates(s State) []string {
	var others []string
	for _, cause := range slices.Sorted(maps.Keys(s.Causes)) {
		if s.Turns >= 2 && cause != s.Content.Cause.ID && !s.Causes[cause].Before(s.Told) {
			others = append(others, cause)
		}
	}
	return others
}

// maxAhead is how far in the future of the reading an event's time may lie: a
// wrong time zone, not more. One bad clock would else hold an incident open,
// and silent, until that time has come.
const maxAhead = 48 * time.Hour

// believable is an event's time, or seen where the event's cannot be.
func believable(at, seen time.Time) time.Time {
	if at, ok := Believable(at, seen); ok {
		return at
	}
	return seen
}

// Believable tells whether an event that is read at seen can have its time, and
// gives it in a form that JSON has.
func Believable(at, seen time.Time) (time.Time, bool) {
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
func (r *Rules) Settle(s State, now time.Time) (State, *notify.Alert) {
	age := max(now.Sub(s.Seen), 0)
	switch {
	case !s.Open || s.Lasting():
		return s, nil
	case age >= r.conf.QuietAfter:
		s.Open = false
		if s.Alerts == 0 || r.muted(s.Content) || s.blind() || s.Hushed {
			return s, nil
		}
		return r.tell(s, notify.Quiet, s.Last.Add(r.conf.QuietAfter))
	case s.Members > 0:
		return r.TellStorm(s, now)
	case s.Storm == "" && s.Alerts > 0 && !r.muted(s.Content) && r.reminderDue(s, s.Last.Add(age), now):
		kind := notify.Reminder
		if s.blind() {
			kind = notify.Blind
		}
		return r.tell(s, kind, s.Last)
	}
	return s, nil
}

// Acknowledge takes what somebody did with a button.
func (r *Rules) Acknowledge(s State, p notify.Press) State {
	s.Ack = &notify.Acknowledged{By: notify.Cut(r.masks.Text(p.By), maxField), UserID: notify.Cut(p.UserID, maxField), At: p.At}
	if p.Snooze > 0 {
		s.Ack.Until = p.At.Add(p.Snooze)
	}
	return s
}

// asleep tells whether somebody wants no reminders now.
func (s State) asleep(now time.Time) bool {
	return s.Ack != nil && (s.Ack.Until.IsZero() || now.Before(s.Ack.Until))
}

// with is a copy of facts with one more.
func with(facts map[string]any, name string, value any) map[string]any {
	all := maps.Clone(facts)
	if all == nil {
		all = map[string]any{}
	}
	all[name] = value
	return all
}

// data is the incident as it is now.
func (s State) data() notify.Data {
	d := s.Content
	if s.Members > 0 {
		d = many(s, d)
	}
	d.Schema = 1
	d.ID = s.ID()
	d.Failures = notify.Failures{Count: s.Count, First: s.First, Last: s.Last, SinceLastAlert: s.Since}
	d.Acknowledged = s.Ack
	return d
}

// ID names the incident, as notify.Data.Incident has it.
func (s State) ID() string {
	return s.Key + "@" + s.First.UTC().Format("20060102T150405.000Z")
}

// Standing is the incident for those that show how it stands.
func (s State) Standing() notify.Data {
	d := s.data()
	switch {
	case s.blind() || s.Lasting():
		d.Kind = notify.Blind
	case s.Members > 0:
		d.Kind = notify.Storm
	default:
		d.Kind = notify.Reminder
	}
	return d
}

// muted tells whether the operator wants no alert for what a failure says.
func (r *Rules) muted(d notify.Data) bool {
	return slices.Contains(r.conf.Mute, d.Cause.ID) || d.Cause.Severity < r.conf.MinSeverity
}

// news: the cause has not been told in this incident, or so long ago that it
// may be told again.
func (r *Rules) news(s State) bool {
	said, ok := s.Said[s.Content.Cause.ID]
	return !ok || r.conf.RepeatInterval > 0 && s.Last.Sub(said) >= r.conf.RepeatInterval
}

// reminderDue: there is something new to say, the pause is over, and nobody
// has seen to it. at is the event's time, now the wall clock.
func (r *Rules) reminderDue(s State, at, now time.Time) bool {
	return s.Since > 0 && r.conf.RepeatInterval > 0 && at.Sub(s.Told) >= r.pause(s) && !s.asleep(now)
}

// pause is the time between two alerts. The rules may have changed since the
// state was stored.
func (r *Rules) pause(s State) time.Duration { return max(s.Interval, r.conf.RepeatInterval) }

// tell makes the alert and remembers that it was told.
func (r *Rules) tell(s State, kind notify.Kind, at time.Time) (State, *notify.Alert) {
	s.Alerts++
	if s.Ack != nil && kind != notify.Quiet {
		s.Ack = nil // it has run out
	}
	d := s.data()
	d.Kind = kind
	d.ID = fmt.Sprintf("%s#%d", d.ID, s.Alerts)
	if others := r.alternates(s); len(others) > 0 {
		d.Facts = with(d.Facts, alternating, others)
	}
	s.Content.Cause.Previous = nil
	s.Since, s.Turns = 0, 0
	s.Told = s.Last
	s.Said = maps.Clone(s.Said)
	if s.Said == nil {
		s.Said = map[string]time.Time{}
	}
	s.Said[d.Cause.ID] = s.Last
	if kind == notify.Reminder {
		s.Interval = min(2*r.pause(s), max(maxInterval, r.conf.RepeatInterval))
	} else {
		s.Interval = r.conf.RepeatInterval
	}
	return s, &notify.Alert{Type: "jira.oauth." + string(kind), Timestamp: at, Data: d}
}
