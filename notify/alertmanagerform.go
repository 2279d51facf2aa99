package notify

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// labelsOf are what an Alertmanager knows an alert by. Whatever differs between
// the nodes of Jira is an annotation instead: the watchers of all nodes then
// tell of one alert, and people hear of it once. Once an incident is known
// there, its labels change with its cause only.
func labelsOf(d alert.Data, known map[string]string) map[string]string {
	if known != nil && (d.Kind == alert.Quiet || d.Kind == alert.Sighted) {
		return known // they name what ends
	}
	labels := map[string]string{
		"alertname":   "JiraOAuthIntegrationFailing",
		"integration": d.Integration.ID,
		"provider":    d.Cause.Provider,
	}
	switch d.Kind {
	case alert.Blind, alert.Sighted:
		// A watcher is blind on its own: while one node's log cannot be read,
		// those of the others can. Without the node, one that sees again would
		// end the alert of another that does not.
		labels = map[string]string{"alertname": "JiraOAuthWatcherBlind", "log": d.Log.Name, "node": d.Node}
		if name := texts(d, "notifier"); known == nil && len(name) == 1 { // several can fail on one node
			labels["notifier"] = name[0]
		}
	case alert.Storm:
		labels["integration"] = alert.Many
	case alert.Test:
		labels["alertname"] = "JiraOAuthWatcherTest"
		delete(labels, "integration")
	default:
		if d.Integration.ID == alert.Unknown { // kept apart by the incident's key
			labels["integration"] = d.ID.Key()
		}
	}
	for _, name := range []string{"alertname", "integration", "log", "node", "notifier"} {
		if value, ok := known[name]; ok {
			labels[name] = value
		}
	}
	labels["cause"], labels["severity"] = d.Cause.ID, d.Cause.Severity.String()
	maps.DeleteFunc(labels, func(_, value string) bool { return value == "" }) // as Alertmanager does
	return labels
}

// alert is how an incident stands. While it is open it ends by itself when it
// would become quiet, and not within the time of a restart of ours.
func (m *Alertmanager) alert(d alert.Data, labels map[string]string, now time.Time) posted {
	a := posted{Labels: labels, Annotations: annotations(d), StartsAt: began(d, now), EndsAt: now, GeneratorURL: m.generator}
	switch d.Kind {
	case alert.Quiet, alert.Sighted:
	case alert.Test:
		a.EndsAt = now.Add(outlive)
	default:
		a.EndsAt = d.Failures.Last.Add(m.quietAfter)
		if soonest := now.Add(outlive); a.EndsAt.Before(soonest) {
			a.EndsAt = soonest
		}
	}
	return a
}

// superseded ends the alert of the cause before.
func (m *Alertmanager) superseded(d alert.Data, r amReceipt) posted {
	return posted{
		Labels: r.Ended, StartsAt: began(d, r.EndedAt), EndsAt: r.EndedAt, GeneratorURL: m.generator,
		Annotations: map[string]string{
			"summary":     subject(alert.Data{Kind: alert.Opened, Cause: alert.Cause{Title: r.Ended["cause"]}}),
			"description": fmt.Sprintf("The cause is %s now.", r.Labels["cause"]),
		},
	}
}

// began is the first failure, or now when its clock is ahead.
func began(d alert.Data, now time.Time) time.Time {
	if first := d.Failures.First; !first.IsZero() && first.Before(now) {
		return first
	}
	return now
}

// annotations say what the labels do not, for people and for the templates of
// receivers. Those without a value are left out.
func annotations(d alert.Data) map[string]string {
	var steps, links []string
	for i, s := range d.Fix {
		steps = append(steps, fmt.Sprintf("%d. [%s] %s", i+1, actor(s.Where), text.Printable(s.Text)))
	}
	for _, l := range d.Links {
		links = append(links, text.Printable(l.Title)+": "+text.Printable(l.URL))
	}
	all := map[string]string{
		"summary":     bounded(text.Printable(subject(d)), 300),
		"description": bounded(d.Diagnosis, 2000),
		"node":        bounded(text.Printable(d.Node), 200),
		"failures":    strconv.Itoa(d.Failures.Count),
		"user":        text.Cut(text.Unlink(harmless(text.Printable(d.Request.User))), 200),
		"reference":   bounded(text.Printable(reference(d)), 500),
		"incident":    bounded(string(d.Incident()), 300),
		"links":       bounded(strings.Join(links, "\n"), 3000),

		"integrations": bounded(text.Printable(roll(d, maxIntegrations)), 2000),
	}
	if d.Integration.Flow != nil {
		all["flow"] = bounded(text.Printable(*d.Integration.Flow), 200)
	}
	if len(d.Links) > 0 && len(d.Links[0].URL) <= 1000 {
		all["runbook_url"] = d.Links[0].URL
	}
	if !d.Failures.First.IsZero() {
		all["first"], all["last"] = d.Failures.First.Format(time.RFC3339), d.Failures.Last.Format(time.RFC3339)
	}
	if d.Kind == alert.Quiet {
		all["description"] = bounded(summary(d), 2000)
	} else {
		all["steps"] = bounded(strings.Join(steps, "\n"), 5000)
		all["confirm"] = bounded(d.Confirm, 1000)
		all["excerpt"] = text.Cut(text.Unlink(harmless(d.Log.Excerpt)), 2000)
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// subject is what is wrong in one line: the same words for as long as it is.
func subject(d alert.Data) string {
	kind := d.Kind
	if kind == alert.Changed || kind == alert.Reminder || kind == alert.Quiet {
		kind = alert.Opened
	}
	_, words := state(alert.Data{Kind: kind})
	return words + ": " + d.Cause.Title
}

// bounded makes a text fit to be shown, also by templates that escape nothing,
// and short.
func bounded(s string, limit int) string { return text.Cut(harmless(s), limit) }
