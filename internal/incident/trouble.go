package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// The cause IDs of alerts about what keeps the watcher from seeing or from
// being heard, for as long as it lasts.
const (
	LogUnreadable   = "log-unreadable"
	LogSilent       = "log-silent"
	LogForeign      = "log-not-jira"
	NotifierFailing = "notifier-failing"
)

// OwnCauses are the cause IDs of alerts about the watcher itself, which no
// catalogue has.
var OwnCauses = []string{alert.LinesLost, LogUnreadable, LogSilent, LogForeign, NotifierFailing}

// Trouble is something that keeps the watcher from seeing or from being heard.
type Trouble struct {
	Cause string // LogUnreadable, LogSilent, LogForeign or NotifierFailing
	Log   Source // of all but the last
	Line  string // the first of a LogForeign
	Name  string // of the notifier
	Why   string // without a secret
	Lost  int    // alerts that the notifier was given up for, and nobody told of
	Since time.Time
}

// TroubleKey is the key of the trouble's incident.
func (r *Rules) TroubleKey(t Trouble) string {
	sum := sha256.Sum256([]byte(r.node + "\x00" + t.Log.Path + "\x00" + t.Name))
	return t.Cause + "-" + hex.EncodeToString(sum[:4])
}

// Lasting tells whether the incident is a trouble: it ends when that ends, and
// not by itself.
func (s State) Lasting() bool {
	switch s.Content.Cause.ID {
	case LogUnreadable, LogSilent, LogForeign, NotifierFailing:
		return true
	}
	return false
}

// Trouble takes a trouble that goes on at the wall clock's now into its
// incident: the new state, and an alert at its beginning and after every
// repeat_interval.
func (r *Rules) Trouble(s State, t Trouble, now time.Time) (State, *alert.Alert) {
	if !s.Open {
		s = State{Key: r.TroubleKey(t), Open: true, First: t.Since, Last: now}
	} else if r.conf.RepeatInterval == 0 || now.Sub(s.LastAlert) < r.pause(s) || s.remindersOff(now) {
		return s, nil
	}
	s.Seen, s.Last = now, now
	s.Count++
	s.NewFailures++
	s.Content = r.troubleData(t)
	if r.muted(s.Content) {
		return s, nil
	}
	repeated := s.Alerts > 0
	s, a := r.raise(s, alert.Blind, now)
	if repeated {
		s.Interval = min(2*r.pause(s), max(maxInterval, r.conf.RepeatInterval))
	}
	return s, a
}

// Over takes the end of a trouble into its incident.
func (r *Rules) Over(s State, t Trouble, now time.Time) (State, *alert.Alert) {
	if !s.Open {
		return s, nil
	}
	s.Open = false
	if s.Alerts == 0 || r.muted(s.Content) {
		return s, nil
	}
	lasted := now.Sub(s.First).Round(time.Second)
	s.Last = now
	s.Content.Fix = []alert.Step{}
	switch s.Content.Cause.ID {
	case LogUnreadable:
		s.Content.Diagnosis = fmt.Sprintf("%s can be read again, after %s. What was written meanwhile is read now, as far as it is still there.", s.Content.Log.Path, lasted)
		s.Content.Confirm = "Nothing is to be done; an alert tells if lines are missing."
	case LogSilent:
		s.Content.Diagnosis = fmt.Sprintf("%s has new lines again, after %s.", s.Content.Log.Path, lasted)
		s.Content.Confirm = "Nothing is to be done."
	case LogForeign:
		s.Content.Diagnosis = fmt.Sprintf("%s has lines of Jira's log now. Failures in it are reported.", input(s.Content.Log.Path))
		s.Content.Log.Excerpt = ""
		s.Content.Confirm = "Nothing is to be done."
	case NotifierFailing:
		s.Content.Diagnosis = fmt.Sprintf("The notifier %s delivers again, after %s. What waited is delivered now.", s.Content.Facts["notifier"], lasted)
		s.Content.Confirm = "Nothing is to be done."
		if t.Lost > 0 {
			s.Content.Diagnosis += " " + deadLetters(t.Lost)
			s.Content.Confirm = "Look at what is open: jira-oauth-watcher status, if [http] is on, or the reminders that follow."
		}
	}
	return r.raise(s, alert.Sighted, now)
}

// input is a log's path in a sentence.
func input(path string) string {
	if path == "-" {
		return "Standard input"
	}
	return path
}

// givenUp says how many alerts a notifier will not deliver.
func deadLetters(n int) string {
	if n == 1 {
		return "One alert was given up and set aside: whoever reads there has not had it."
	}
	return fmt.Sprintf("%d alerts were given up and set aside: whoever reads there has not had them.", n)
}

// trouble is what a trouble says.
func (r *Rules) troubleData(t Trouble) alert.Data {
	d := alert.Data{
		Node:        r.masks.Node(r.node),
		Integration: alert.Integration{ID: alert.Unknown, KnownBy: alert.ByNothing},
		Cause:       alert.Cause{ID: t.Cause, Provider: "any", Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{}},
		Links:       []alert.Link{},
		Facts:       map[string]any{"reason": text.Cut(r.masks.Text(t.Why), alert.MaxFact)},
		Log:         alert.Log{Name: t.Log.Name, Path: t.Log.Path},
	}
	since := t.Since.Format("2006-01-02 15:04:05 -07:00")
	switch t.Cause {
	case LogUnreadable:
		d.Cause.Title = "a log cannot be read"
		d.Diagnosis = fmt.Sprintf("%s cannot be read since %s (%s). Failures that are written there are not told until it can.", t.Log.Path, since, d.Facts["reason"])
		d.Fix = []alert.Step{
			{Where: "jira-host", Text: "See that the file is there, and that path in the [[log]] table names it: ls -l " + t.Log.Path},
			{Where: "jira-host", Text: "See that the service's user may read it: it must be in the group of the file, and every directory above must let it pass; then: systemctl restart jira-oauth-watcher"},
		}
		d.Confirm = "An alert says that the log can be read again."
	case LogSilent:
		d.Cause.Title = "a log has no new lines"
		d.Diagnosis = fmt.Sprintf("%s has had no new line since %s, which is longer than silent_after. Either Jira stands still, or it writes elsewhere: then no failure is seen.", t.Log.Path, since)
		d.Fix = []alert.Step{
			{Where: "jira-host", Text: "See whether Jira runs, and whether its file system is full: df -h"},
			{Where: "jira-host", Text: "See whether Jira writes to another file now (after an upgrade, a new home directory or a changed log4j configuration), and name that one in the [[log]] table."},
		}
		d.Confirm = "An alert says that the log has new lines again."
	case LogForeign:
		d.Cause.Title = "a log does not look like a Jira log"
		d.Diagnosis = fmt.Sprintf("%s does not look like a Jira log: %s. While that is so, no failure is found in it.", input(t.Log.Path), d.Facts["reason"])
		d.Log.Excerpt = text.Cut(r.masks.Text(t.Line), alert.MaxFact)
		d.Fix = []alert.Step{
			{Where: "jira-host", Text: "See that path in the [[log]] table names atlassian-jira.log, and not the access, security or Tomcat log or that of another program. What is read from a container or a collector must hold that log too: Jira writes it to a file, not to standard output."},
			{Where: "jira-host", Text: "If a collector passes the log on, let it pass each line as it is or as JSON with the line in log or message; the first line that was read is below."},
		}
		d.Confirm = "An alert says that the log has lines of Jira's."
	case NotifierFailing:
		d.Cause.Title = "a notifier does not deliver"
		d.Facts["notifier"] = t.Name
		d.Diagnosis = fmt.Sprintf("The notifier %s does not deliver its alerts: %s. Whoever reads there is not told.", t.Name, matchers.Quote(r.masks.Text(t.Why)))
		if t.Lost > 0 {
			d.Diagnosis += " " + deadLetters(t.Lost)
		}
		d.Fix = []alert.Step{
			{Where: "jira-host", Text: "Mend its address, secret or permissions in the configuration or at the receiver, then: systemctl reload jira-oauth-watcher"},
			{Where: "jira-host", Text: "See that it works: jira-oauth-watcher test-alert --to " + t.Name},
		}
		d.Confirm = "An alert says that the notifier delivers again."
	}
	return d
}
