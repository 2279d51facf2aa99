package status

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// The words that the page and the text have in common.

// headline is the state in one sentence, and how bad that is: good, warn or bad.
func headline(r Report) (words, mood string) {
	switch {
	case r.Counts.Failing > 0:
		return text.Plural(r.Counts.Failing, "integration is", "integrations are") + " failing", "bad"
	case !r.Ready:
		return "Monitoring is impaired", "bad"
	case r.Counts.Troubles > 0 || slices.ContainsFunc(r.Notifiers, failing):
		return "No integration is failing, but the watcher has a problem", "warn"
	case r.Counts.Muted > 0:
		return "No integration is failing, except for muted causes", "good"
	}
	return "No integration is failing", "good"
}

// failing reports whether a notifier does not deliver.
func failing(n Notifier) bool { return n.Circuit != circuits[notify.Closed] }

// String says until when which alerts are held back.
func (m Maintenance) String() string {
	words := "Maintenance until " + text.Time(m.To) + ": alerts are held back"
	if len(m.Causes) > 0 {
		words += ", for the causes " + strings.Join(m.Causes, ", ")
	}
	if len(m.Integrations) > 0 {
		words += ", of the integrations " + strings.Join(m.Integrations, ", ")
	}
	return words + "."
}

// delivery says what a notifier has sent of an incident.
func delivery(d Delivery, now time.Time) string {
	switch d.State {
	case "delivered":
		return fmt.Sprintf("%s delivered %s", d.Kind, text.Ago(d.At, now))
	case "set_aside":
		return fmt.Sprintf("%s dead-lettered, queued %s%s", d.Kind, text.Ago(d.At, now), because(d.Error))
	}
	tried := ""
	if d.Attempts > 0 {
		tried = ", tried " + text.Count(d.Attempts, "time")
	}
	return fmt.Sprintf("%s waiting, queued %s%s%s", d.Kind, text.Ago(d.At, now), tried, because(d.Error))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + text.Printable(reason)
}

// Words say how a log is read.
func (l Log) Words() string {
	switch l.State {
	case "following":
		return "up to date"
	case "behind":
		return "being read, " + text.Size(l.Lag) + " to go"
	case "waiting":
		return "cannot be read" + because(l.Reason)
	case "ended":
		return "ended"
	}
	return "not polled yet"
}

// Mood is how bad that is.
func (l Log) Mood() string {
	switch {
	case l.State == "waiting":
		return "bad"
	case l.Lost > 0 || l.State == "starting":
		return "warn"
	}
	return "good"
}

// circuitWords say what a notifier does, and how bad that is.
var circuitWords = map[string]struct{ words, mood string }{
	"closed":   {"delivers", "good"},
	"waiting":  {"the last attempt failed", "warn"},
	"held":     {"suspended: the receiver rejects its settings, alerts are queued", "bad"},
	"disabled": {"disabled: the receiver answered 410 Gone", "bad"},
}

// Words say what a notifier does.
func (n Notifier) Words(now time.Time) string {
	words := circuitWords[n.Circuit].words
	if (n.Circuit == "waiting" || n.Circuit == "held") && n.NextTry.After(now) {
		words += ", next try " + text.Ago(n.NextTry, now)
	}
	return words
}

// Mood is how bad that is.
func (n Notifier) Mood() string { return circuitWords[n.Circuit].mood }
