package status

import (
	"fmt"
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
	case r.Counts.Troubles > 0 || !delivering(r):
		return "No integration is failing, but the watcher has a problem", "warn"
	case r.Counts.Muted > 0:
		return "No integration is failing, except for muted causes", "good"
	}
	return "No integration is failing", "good"
}

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

// delivering reports whether all notifiers deliver.
func delivering(r Report) bool {
	for _, n := range r.Notifiers {
		if n.Circuit != circuits[notify.Closed] {
			return false
		}
	}
	return true
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

// logState says how a log is read.
func logState(l Log) string {
	switch l.State {
	case "following":
		return "followed to its end"
	case "behind":
		return "being read, " + text.Size(l.Lag) + " to go"
	case "waiting":
		return "cannot be read" + because(l.Reason)
	case "ended":
		return "ended"
	}
	return "not polled yet"
}

// circuitState says what a notifier does.
func circuitState(n Notifier, now time.Time) string {
	next := ""
	if n.NextTry.After(now) {
		next = ", next try " + text.Ago(n.NextTry, now)
	}
	switch n.Circuit {
	case "waiting":
		return "the last attempt failed" + next
	case "held":
		return "suspended: the receiver rejects its settings, alerts are queued" + next
	case "disabled":
		return "disabled: the receiver answered 410 Gone"
	}
	return "delivers"
}
