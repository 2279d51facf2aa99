package incident

import (
	"fmt"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// Trouble is a condition that prevents the watcher from reading a log or from delivering, for as
// long as it lasts.
type Trouble struct {
	Cause   string    // LogUnreadable, LogSilent, LogForeign, NotifierFailing or NotifierRemoved
	Log     Source    // of all causes except the last two
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
	if r.muted(s.Content) {
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
	since := t.Since.Format("2006-01-02 15:04:05 -07:00")
	waiting := text.Plural(t.Waits, "alert is queued for it", "alerts are queued for it")
	d := r.ownData(t.Cause, t.Log, facts, "{waiting}", waiting, "{until}", text.Time(t.Until),
		"{quote}", matchers.Quote(why), "{since}", since)
	d.Log.Excerpt = text.Cut(r.masks.Text(t.Line), alert.MaxFact)
	if t.Lost > 0 {
		d.Diagnosis += " " + deadLetters(t.Lost)
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
	d.Diagnosis = fill(own.Over, d.Log.Path, d.Facts, "{lasted}", now.Sub(s.First).Round(time.Second).String())
	d.Fix, d.Confirm, d.Log.Excerpt = []alert.Step{}, own.OverConfirm, ""
	if t.Removed {
		what := "The notifier " + fmt.Sprint(d.Facts["notifier"])
		if d.Log.Name != "" {
			what = "The log " + d.Log.Name
		}
		d.Diagnosis = what + " is no longer in the configuration, so this alert ends."
	}
	if t.Lost > 0 {
		d.Diagnosis += " " + deadLetters(t.Lost)
		d.Confirm = "Check the open incidents: run jira-oauth-watcher status (if [http] is on), or wait for reminders."
	}
	s.Last = now
	return r.raise(s, alert.Sighted, now)
}

// deadLetters says how many alerts a notifier will not deliver.
func deadLetters(n int) string {
	if n == 1 {
		return "One alert was dead-lettered: its recipients did not receive it."
	}
	return fmt.Sprintf("%d alerts were dead-lettered: their recipients did not receive them.", n)
}
