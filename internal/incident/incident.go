// Package incident decides when to alert. It is pure: it uses no clock, no disk and no network.
package incident

import (
	"cmp"
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

// maxInterval is the longest time between two reminders.
const maxInterval = 24 * time.Hour

// begin is an incident that opens.
func (r *Rules) begin(key string, first, last time.Time) State {
	return State{Key: key, Node: r.idNode, Open: true, First: first, Last: last}
}

// Source is the log that a failure was read from.
type Source struct{ Name, Path string }

// Rules are the rules of the operator's configuration. They are immutable.
type Rules struct {
	node        string
	idNode      string // in the IDs of incidents
	conf        conf.Alerts
	jira        bool // there is a [jira] table
	maintenance []conf.Maintenance
	masks       mask.Masks
	names       names
	probe       bool // [probe] on_alert
}

// NewRules returns the rules of a configuration.
func NewRules(c *conf.Config) *Rules {
	return &Rules{
		node: c.Node, idNode: idNode(c.Alerts, c.Node), conf: c.Alerts, jira: c.Jira.Given, maintenance: c.Maintenance,
		masks: mask.New(c.Alerts.Mask, c.Node), names: newNames(c.Integrations),
		probe: c.Probe.OnAlert,
	}
}

// idNode is a node in the IDs of incidents.
func idNode(a conf.Alerts, node string) string {
	if slices.Contains(a.Mask, "host") {
		sum := sha256.Sum256([]byte(node))
		return hex.EncodeToString(sum[:4])
	}
	return alert.Node(node)
}

// Key is the deduplication key of a failure: the integration's ID or, if the log shows none, a
// short form of node and logger.
func (r *Rules) Key(f matchers.Failure) string {
	if f.Integration.ID != matchers.Unknown {
		return f.Integration.ID
	}
	return keyOf(cmp.Or(f.Node, r.node), matchers.Unknown, f.Header.Logger)
}

// background reports whether a mailbox failed, and not only a test.
func (s State) background() bool { return s.Background || isBackground(s.Content.Phase) }

func isBackground(phase string) bool { return phase == alert.PhaseRefresh || phase == alert.PhaseMail }

// Joins reports whether what several logs report about a failure is combined. This applies to
// background failures, if the operator declares that the logs belong to one Jira.
func (r *Rules) Joins(f matchers.Failure) bool {
	return r.jira && isBackground(f.Impact.Phase)
}

// JiraURL is the base URL of Jira, "" = not known.
func (r *Rules) JiraURL() string { return r.conf.JiraURL }

// OneJira reports whether the operator declares that all logs belong to one Jira, so that their
// reports of one failure are combined.
func (r *Rules) OneJira() bool { return r.jira }

// ForOneJira returns the rules for logs that are known to belong to one Jira.
func (r *Rules) ForOneJira() *Rules {
	one := *r
	one.jira = true
	return &one
}

// keyOf is a key made of the node and a name.
func (r *Rules) keyOf(prefix, name string) string { return keyOf(r.node, prefix, name) }

func keyOf(node, prefix, name string) string {
	sum := sha256.Sum256([]byte(node + "\x00" + name))
	return prefix + "-" + hex.EncodeToString(sum[:4])
}

// Step applies one failure to its incident. It returns the new state, and the alert that it
// raises, if any. seen is when the failure was read; it is used only to replace an impossible
// time.
//
// A failure that follows the previous one after quiet_after or more opens a new incident.
func (r *Rules) Step(s State, f matchers.Failure, from Source, seen time.Time) (State, *alert.Alert) {
	s.Causes = maps.Clone(s.Causes) // the given state is not modified
	at := TimeOf(f.Time, seen)
	if s.Continues(f.Integration.Callback, f.Cause, at) {
		f = s.adopt(f)
	}
	return r.step(s, Occurrence{
		Key: r.Key(f), Cause: f.Cause, Impact: f.Impact, At: at, seen: seen,
		content: func() alert.Data { return r.content(f, from) },
		name:    r.names.of(f.Integration, f.Facts, f.Mailbox), called: cmp.Or(f.Integration.Name, s.Called),
		probing: r.probing(f), node: f.Node,
	})
}

// Correct is Step for a failure that has already been counted, as the last one of an open
// incident, but whose further lines show another cause.
func (r *Rules) Correct(s State, f matchers.Failure, from Source, seen time.Time) (State, *alert.Alert) {
	before := s.NewFailures
	s.Count, s.NewFailures = s.Count-1, s.NewFailures-1
	s, a := r.Step(s, f, from, seen)
	if a == nil {
		s.NewFailures = before
	}
	return s, a
}

// loggedTwice is the maximum time between the callback of a request and its result, which the
// browser requests.
const loggedTwice = 5 * time.Minute

// Continues reports whether a failure was logged shortly before by its callback, in the incident
// s, whose key is callback.
func (s State) Continues(callback string, c *matchers.Cause, at time.Time) bool {
	return callback != "" && s.Open && s.Key == callback && s.Cause == c.ID && at.Sub(s.Last).Abs() <= loggedTwice
}

// adopt is a failure, attributed to the integration that its callback has named.
func (s State) adopt(f matchers.Failure) matchers.Failure {
	if f.Integration.Callback == s.Key {
		f.Integration.ID, f.Integration.KnownBy = s.Key, alert.BySuffix
	}
	return f
}

// Occurrence is a failure as its incident sees it.
type Occurrence struct {
	Key    string
	Cause  *matchers.Cause
	Impact matchers.Impact
	At     time.Time // a plausible time

	Integration matchers.Integration // as Count keeps it

	seen    time.Time // when it was read
	content func() alert.Data
	name    *string // of the integration, nil = it shows none
	called  string  // what Jira calls it, "" = not known
	probing probing
	node    string // that a shipper names, "" = this one
}

// severity is how severe the last failure of an incident is.
func (o Occurrence) severity(s State) conf.Severity { return o.Impact.Severity(o.Cause, s.Count) }

// step applies a failure to its incident. It changes the map of causes.
func (r *Rules) step(s State, o Occurrence) (State, *alert.Alert) {
	if !s.Open || r.over(s, o.At, o.seen) {
		if s = r.begin(o.Key, o.At, o.At); o.node != "" {
			s.Node = idNode(r.conf, o.node)
		}
	}
	if latest := o.seen.Add(clockSkew); s.Last.After(latest) && !o.At.After(latest) {
		// A clock that ran ahead was corrected: its times must not delay reminders.
		s.Last = o.At
		if s.LastAlert.After(o.At) {
			s.LastAlert = o.At
		}
	}
	s.Seen, s.Called = o.seen, o.called
	s.Background = s.Background || isBackground(o.Impact.Phase)
	s.Count++
	s.Last = latest(s.Last, o.At)
	severity := o.severity(s)
	muted := r.mutes(o.Cause.ID, severity)
	if s.Alerts > 0 && muted {
		return s, nil
	}
	s = sawRefresh(s, o)
	previous, cause := s.Cause, o.Cause.ID
	s.NewFailures++
	s = sawCause(s, cause)
	// Redacting a text takes half a millisecond. In a flood, one failure per minute represents all
	// of its cause, unless an alert is due.
	name := cmp.Or(o.name, s.Content.Integration.Name)
	if s.Content.Cause.ID != cause || o.At.Sub(s.ContentAt).Abs() >= contentFor || r.reminderDue(s, s.Last, o.seen) {
		s.Content, s.ContentAt = o.content(), o.At
	}
	s.Content.Cause.Severity, s.Content.Integration.Name, s.Content.Phase = severity, name, o.Impact.Phase
	changed := previous != cause
	s = s.toProbe(o.probing, changed)
	isFirst := changed && s.CauseAlerted[cause].IsZero()
	switch {
	case muted:
		return s, nil
	case s.Alerts == 0:
		return r.raise(s, alert.Opened, o.At)
	case !isFirst && s.Alone() && r.reminderDue(s, s.Last, o.seen):
		return r.raise(s, alert.Reminder, o.At)
	case isFirst, changed && r.causeIsNews(s) && !s.remindersOff(o.seen):
		s.Content.Cause.Previous = &previous
		s.Ack = nil // it was about another cause
		s.LeaveGroup()
		return r.raise(s, alert.Changed, o.At)
	}
	return s, nil
}

// contentFor is for how long one failure represents all of its cause.
const contentFor = time.Minute

const maxCauses = 20 // of one incident that are remembered

// sawCause remembers the cause that was just seen.
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

// Settle applies what is due by time: a reminder, or the end of an incident that has been quiet
// for long enough (State.Open is then false). now is the wall-clock time. Time passes for an
// incident from the moment at which its last failure was read, so that old logs are reported like
// new ones.
func (r *Rules) Settle(s State, now time.Time) (State, *alert.Alert) {
	age := max(now.Sub(s.Seen), 0)
	if s.Unsaid() { // it is said before the incident ends, however long the program was down
		if s, a := r.Pending(s, now); a != nil {
			return s, a
		}
	}
	switch {
	case !s.Open || s.Lasting():
		return s, nil
	case age >= r.conf.QuietAfter:
		if s.Unsaid() {
			if s, a := r.Pending(s.Now(), now.Add(Named)); a != nil {
				return s, a
			}
		}
		return r.Quiet(s)
	case s.IsOverflow(), s.IsGroup(), !s.Awaits.IsZero():
		return r.Pending(s, now)
	case s.Alone() && s.Alerts > 0 && !r.Muted(s) && r.reminderDue(s, s.Last.Add(age), now):
		kind := alert.Reminder
		if s.isGap() {
			kind = alert.Blind
		}
		return r.raise(s, kind, s.Last)
	}
	return s, nil
}

// Quiet is an incident that has ended by silence, with the alert that reports this.
func (r *Rules) Quiet(s State) (State, *alert.Alert) {
	if s.Open = false; s.Alerts == 0 || s.Suppressed {
		return s, nil
	}
	if s.EndUnsaid() {
		d := &s.Content
		d.Diagnosis = "Nothing more of this kind has been noticed since " + text.Time(s.Last) + "."
		d.Fix, d.Confirm, d.Log.Excerpt = []alert.Step{}, "No action is required.", ""
		return r.raise(s, alert.Sighted, s.Last.Add(r.conf.QuietAfter))
	}
	return r.raise(s, alert.Quiet, s.Last.Add(r.conf.QuietAfter))
}

// Stale ends an incident if it had been silent for long enough when a failure occurred at a given
// time; that failure then begins another incident. seen is when the failure is read.
func (r *Rules) Stale(s State, at, seen time.Time) (State, *alert.Alert) {
	if !s.Open || s.Lasting() || !r.over(s, at, seen) {
		return s, nil
	}
	return r.Quiet(s)
}

// over reports whether an incident is over at a failure that is read at seen. A time in the
// future, such as one from before a clock was set back, proves no silence.
func (r *Rules) over(s State, at, seen time.Time) bool {
	if at.After(seen) {
		at = seen
	}
	return at.Sub(s.Last) >= r.conf.QuietAfter
}

// Pending raises an alert that has waited long enough at the wall-clock time now, for further
// integrations of a storm or for evidence.
func (r *Rules) Pending(s State, now time.Time) (State, *alert.Alert) {
	switch {
	case s.IsOverflow() && s.Open:
		return r.alertOverflow(s, now)
	case s.Awaits.IsZero() || s.Alerts > 0 || !s.Open || now.Before(s.Awaits):
		return r.AlertGroup(s, now)
	}
	if r.Muted(s) {
		return s, nil
	}
	return r.raise(s, alert.Opened, s.Last)
}

// Acknowledge applies a button press.
func (r *Rules) Acknowledge(s State, p alert.Press) State {
	by, id := text.Cut(r.masks.Text(p.By), maxField), text.Cut(p.UserID, maxField)
	s.Ack = &alert.Acknowledged{By: by, UserID: id, At: p.At}
	if p.Snooze > 0 {
		s.Ack.Until = p.At.Add(p.Snooze)
	}
	return s
}

// remindersOff reports whether reminders are acknowledged or snoozed now.
func (s State) remindersOff(now time.Time) bool {
	return s.Ack != nil && (s.Ack.Until.IsZero() || now.Before(s.Ack.Until))
}

// Mutes reports whether the operator wants no alert for the last failure of an incident. Once
// there has been an alert about the incident, a muted failure does not change its content.
func (r *Rules) Mutes(s State, o Occurrence) bool { return r.mutes(o.Cause.ID, o.severity(s)) }

// Muted reports whether the operator wants no alert for an incident as it is now.
func (r *Rules) Muted(s State) bool { return r.mutes(s.Content.Cause.ID, s.Content.Cause.Severity) }

func (r *Rules) mutes(cause string, severity conf.Severity) bool {
	return slices.Contains(r.conf.Mute, cause) || severity < r.conf.MinSeverity
}

// causeIsNews reports whether this incident was not yet alerted to for the cause, or so long ago
// that it may be again. A reminder names all causes between which the incident alternates.
func (r *Rules) causeIsNews(s State) bool {
	alerted, ok := s.CauseAlerted[s.Cause]
	return !ok || r.conf.RepeatInterval > 0 && s.Last.Sub(alerted) >= r.interval(s)
}

// reminderDue reports whether there are new failures, the interval has passed, and nobody has
// acknowledged. at is the event's time, now the wall-clock time.
func (r *Rules) reminderDue(s State, at, now time.Time) bool {
	return s.NewFailures > 0 && r.conf.RepeatInterval > 0 && !s.remindersOff(now) &&
		(at.Sub(s.LastAlert) >= r.interval(s) || s.deadlineNear(at))
}

// interval is the time between two alerts. The rules may have changed since the
// state was stored.
func (r *Rules) interval(s State) time.Duration { return max(s.Interval, r.conf.RepeatInterval) }

// longer is the interval after that.
func (r *Rules) longer(s State) time.Duration {
	return min(2*r.interval(s), max(maxInterval, r.conf.RepeatInterval))
}
