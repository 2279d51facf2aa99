package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// Trouble is a condition that prevents the watcher from reading a log or from delivering, for as
// long as it lasts.
type Trouble struct {
	Cause   string    // LogUnreadable, LogSilent, LogForeign, NotifierFailing, ShipFailing or NotifierRemoved
	Log     Source    // of those of a log
	Line    string    // the first line, for LogForeign
	Name    string    // of the notifier
	Why     string    // without a secret
	Lost    int       // dead letters of the notifier, not yet reported
	Until   time.Time // when the queue of a removed notifier is deleted
	Waits   int       // how many alerts are in that queue
	Removed bool      // the log or the notifier is no longer configured
	Since   time.Time
}

// TroubleKey is the key of the trouble's incident.
func (r *Rules) TroubleKey(t Trouble) string { return r.keyOf(t.Cause, t.Log.Path+"\x00"+t.Name) }

// Lasting reports whether the incident is about a trouble: it ends with the trouble, never by
// silence.
func (s State) Lasting() bool { return ownCauses()[s.Content.Cause.ID].Over != "" }

// Trouble applies a trouble that continues at the wall-clock time now to its incident. It returns
// the new state, and an alert at its beginning and after every repeat_interval, which doubles up
// to a day.
func (r *Rules) Trouble(s State, t Trouble, now time.Time) (State, *alert.Alert) {
	if !s.Open {
		s = r.begin(r.TroubleKey(t), t.Since, now)
	} else if r.conf.RepeatInterval == 0 || now.Sub(s.LastAlert) < r.interval(s) || s.remindersOff(now) {
		return s, nil
	}
	s.Seen, s.Last = now, now
	s.Count++
	s.NewFailures++
	s.Content = r.troubleData(t)
	if r.Muted(s) {
		return s, nil
	}
	return r.raise(s, alert.Blind, now)
}

// troubleData is what a trouble says.
func (r *Rules) troubleData(t Trouble) alert.Data {
	why := r.masks.Text(t.Why)
	facts := map[string]any{"reason": text.Cut(why, alert.MaxFact)}
	if t.Name != "" {
		facts["notifier"] = t.Name
	}
	d := r.ownData(t.Cause, t.Log, facts, "{quote}", matchers.Quote(why), "{since}", text.Time(t.Since),
		"{waiting}", text.Plural(t.Waits, "alert is queued for it", "alerts are queued for it"), "{until}", text.Time(t.Until))
	d.Log.Excerpt = text.Cut(r.masks.Text(t.Line), alert.MaxFact)
	if t.Lost > 0 {
		d.Diagnosis += " " + t.lost()
	}
	return d
}

// Over applies the end of a trouble to its incident.
func (r *Rules) Over(s State, t Trouble, now time.Time) (State, *alert.Alert) {
	if !s.Open {
		return s, nil
	}
	s.Open = false
	if s.Alerts == 0 {
		return s, nil
	}
	own := ownCauses()[s.Content.Cause.ID]
	d := &s.Content
	d.Diagnosis = fill(own.Over, d.Log.Path, d.Facts, "{lasted}", text.Duration(now.Sub(s.First)))
	d.Fix, d.Confirm, d.Log.Excerpt = []alert.Step{}, own.OverConfirm, ""
	if t.Removed {
		what := "The notifier " + fmt.Sprint(d.Facts["notifier"])
		if d.Log.Name != "" {
			what = "The log " + d.Log.Name
		}
		d.Diagnosis = what + " is no longer in the configuration, so this alert ends."
	}
	if t.Lost > 0 {
		d.Diagnosis += " " + t.lost()
		d.Confirm = "Check the open incidents: run jira-oauth-watcher status (if [http] is on), or wait for reminders."
	}
	s.Last = now
	return r.raise(s, alert.Sighted, now)
}

// lost says how many alerts a notifier will not deliver.
func (t Trouble) lost() string {
	switch {
	case t.Cause == ShipFailing:
		return text.Plural(t.Lost, "failure", "failures") + " could not wait any longer: the file does not have all of them."
	case t.Lost == 1:
		return "One alert was dead-lettered: its recipients did not receive it."
	}
	return fmt.Sprintf("%d alerts were dead-lettered: their recipients did not receive them.", t.Lost)
}

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
	s.Last = latest(s.Last, g.At)
	lost := fmt.Sprintf("%d bytes", g.Bytes)
	if g.Bytes < 0 {
		lost = "An unknown part"
	}
	s.Content = r.ownData(alert.LinesLost, log, map[string]any{"lost": lost, "reason": g.Why})
	if r.Muted(s) || s.Alerts > 0 && !r.reminderDue(s, s.Last, g.At) {
		return s, nil
	}
	return r.raise(s, alert.Blind, g.At)
}

// isGap reports whether the incident is that of a log's gaps.
func (s State) isGap() bool { return s.Content.Cause.ID == alert.LinesLost }

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
		"{since}", text.Time(s.First), "{count}", text.Plural(s.Count, "more failure was", "more failures were"))
	return r.alertOverflow(s, now)
}

// alertOverflow raises the alert about what is beyond the limits, when it is due.
func (r *Rules) alertOverflow(s State, now time.Time) (State, *alert.Alert) {
	first := s.Alerts == 0 && now.Sub(s.Unnamed).Abs() >= groupSettles
	again := s.Alerts > 0 && r.reminderDue(s, s.Last.Add(max(now.Sub(s.Seen), 0)), now)
	if !first && !again || r.Muted(s) {
		return s, nil
	}
	s.Unnamed = time.Time{}
	return r.raise(s, alert.Blind, now)
}
