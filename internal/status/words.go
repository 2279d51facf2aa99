package status

import (
	"fmt"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// The words that the page and the text have in common.

// headline is the state in one sentence, and how bad that is: good, warn or bad.
func headline(r Report) (words, mood string) {
	failing, muted, blind := 0, 0, 0
	for _, i := range r.Open {
		switch {
		case i.Muted:
			muted++
		case i.Data.Kind == alert.Blind:
			blind++
		case i.Data.Kind != alert.Storm:
			failing++
		}
	}
	switch {
	case failing > 0:
		return text.Plural(failing, "integration is", "integrations are") + " failing", "bad"
	case !r.Ready:
		return "The watcher does not see everything", "bad"
	case blind > 0 || !heard(r):
		return "No integration is failing, but the watcher has trouble of its own", "warn"
	case muted > 0:
		return "No integration is failing, muted causes apart", "good"
	}
	return "No integration is failing", "good"
}

// heard tells whether all notifiers deliver.
func heard(r Report) bool {
	for _, n := range r.Notifiers {
		if n.Circuit != circuits[notify.Closed] {
			return false
		}
	}
	return true
}

// origin is whose incident it is.
func origin(d alert.Data) string {
	switch {
	case d.Kind == alert.Blind && d.Log.Name != "":
		return "log " + d.Log.Name
	case d.Kind == alert.Blind:
		return fmt.Sprintf("notifier %v", d.Facts["notifier"])
	case d.Kind == alert.Storm:
		return "many integrations"
	case d.Integration.ID == alert.Unknown:
		return "integration not shown in the log"
	}
	return d.Integration.ID
}

// acknowledged says who has acknowledged an incident.
func acknowledged(a *alert.Acknowledged) string {
	switch {
	case a == nil:
		return ""
	case a.Until.IsZero():
		return "acknowledged by " + text.Printable(a.By)
	}
	return "snoozed by " + text.Printable(a.By) + " until " + text.Time(a.Until)
}

// delivery says what a notifier has sent of an incident.
func delivery(d Delivery, now time.Time) string {
	switch d.State {
	case "delivered":
		return fmt.Sprintf("%s delivered %s", d.Kind, text.Ago(d.At, now))
	case "set_aside":
		return fmt.Sprintf("%s set aside, queued %s%s", d.Kind, text.Ago(d.At, now), because(d.Error))
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
		return "has ended"
	}
	return "not looked at yet"
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
		return "held: its settings are refused, its alerts wait" + next
	case "disabled":
		return "disabled: the receiver is gone for good"
	}
	return "delivers"
}

// identifying are the facts that identify an incident elsewhere, with labels.
var identifying = [][2]string{
	{"app_id", "App ID"}, {"app_name", "App name"}, {"tenant_id", "Tenant ID"}, {"tenant", "Tenant"},
	{"resource", "Resource"}, {"unknown_host", "Host"}, {"proxy_status", "Proxy answered"},
	{"correlation_id", "Correlation ID"}, {"trace_id", "Trace ID"},
}

// evidence is the facts of an incident that identify it elsewhere, in order.
func evidence(d alert.Data) [][2]string {
	all := [][2]string{{"Cause", reference(d)}}
	add := func(name, value string) {
		if strings.TrimSpace(value) != "" {
			all = append(all, [2]string{name, value})
		}
	}
	for _, f := range identifying {
		if value, ok := d.Facts[f[0]].(string); ok {
			add(f[1], value)
		}
	}
	add("Tried by", d.Request.User)
	add("From", d.Request.Client)
	add("Request", strings.TrimSpace(d.Request.ID+" "+d.Request.Path))
	add("Jira node", d.Node)
	add("Log", d.Log.Path)
	return all
}

// reference names a cause for searching.
func reference(d alert.Data) string {
	parts := []string{d.Cause.ID}
	if d.Cause.RootCause != nil {
		parts = append(parts, fmt.Sprintf("root cause %d of Atlassian's article", *d.Cause.RootCause))
	}
	return strings.Join(append(parts, d.Cause.Codes...), ", ")
}
