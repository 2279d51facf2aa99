package alertmanager

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
)

// labelsOf are what an Alertmanager knows an alert by. Whatever differs between the
// nodes of Jira is an annotation instead: the watchers of all nodes then report one
// alert, and people are notified once. Once an incident is known there, its labels
// change with its cause and its severity only.
func labelsOf(d alert.Data, m message.Message, known map[string]string) map[string]string {
	if known != nil && m.Ends {
		return known // they name what ends
	}
	labels := map[string]string{
		"alertname":   "JiraOAuthIntegrationFailing",
		"integration": d.Integration.ID,
		"provider":    d.Cause.Provider,
	}
	switch m.Subject {
	case message.Watcher:
		// A watcher is impaired by itself: while one node's log cannot be read,
		// those of the others can. Without the node, one that has recovered would
		// end the alert of another that has not.
		labels = map[string]string{"alertname": "JiraOAuthWatcherBlind", "log": d.Log.Name, "node": d.Node}
		if name, ok := d.Facts["notifier"].(string); known == nil && ok { // several can fail on one node
			labels["notifier"] = name
		}
	case message.Many:
		labels["integration"] = alert.Many
		if end, ok := d.Facts["maintenance_to"].(string); ok { // a summary is not the storm of its cause
			labels["maintenance"] = end
		} else if key := d.ID.Key(); key == "storm" || strings.HasPrefix(key, "storm-app-") { // any of its causes may come first
			labels["group"] = key
		}
	case message.Trial:
		labels["alertname"] = "JiraOAuthWatcherTest"
		delete(labels, "integration")
	default:
		if d.Integration.ID == alert.Unknown { // kept apart by the incident's key
			labels["integration"] = d.ID.Key()
		}
	}
	for _, name := range []string{"alertname", "integration", "log", "node", "notifier", "maintenance", "group"} {
		if value, ok := known[name]; ok {
			labels[name] = value
		}
	}
	labels["cause"], labels["severity"] = d.Cause.ID, d.Cause.Severity.String()
	maps.DeleteFunc(labels, func(_, value string) bool { return value == "" }) // as Alertmanager does
	return labels
}

// alert is the current state of an incident. While it is open it ends by itself
// when it would become quiet, and not within the time of a restart of ours.
func (a *Notifier) alert(d alert.Data, labels map[string]string, now time.Time) posted {
	m := message.Of(d)
	p := posted{Labels: labels, Annotations: annotations(d, m), StartsAt: began(d, now), EndsAt: now,
		GeneratorURL: a.generator}
	if m.Ends {
		return p
	}
	p.EndsAt = now.Add(outlive)
	if quiet := d.Failures.Last.Add(a.quietAfter); m.Subject != message.Trial && quiet.After(p.EndsAt) {
		p.EndsAt = quiet
	}
	return p
}

// superseded ends the alert of the cause before, or of the severity before.
func (a *Notifier) superseded(d alert.Data, r receipt) posted {
	before := message.Of(alert.Data{Kind: alert.Opened, Cause: alert.Cause{Title: r.Ended["cause"]},
		Integration: d.Integration, Mailbox: d.Mailbox})
	now := fmt.Sprintf("The cause is %s now.", r.Labels["cause"])
	if r.Ended["cause"] == r.Labels["cause"] {
		now = fmt.Sprintf("The severity is %s now.", r.Labels["severity"])
	}
	return posted{
		Labels: r.Ended, StartsAt: began(d, r.EndedAt), EndsAt: r.EndedAt, GeneratorURL: a.generator,
		Annotations: map[string]string{
			"summary":     bounded(text.Printable(before.Topic), 300),
			"description": now,
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
func annotations(d alert.Data, m message.Message) map[string]string {
	var steps, links []string
	for _, s := range m.Steps {
		steps = append(steps, fmt.Sprintf("%d. [%s] %s", s.Number, s.Who, text.PrintableLines(text.Indented(s.Text))))
	}
	for _, l := range m.Links {
		links = append(links, text.Printable(l.Title)+": "+l.URL)
	}
	all := map[string]string{
		"summary":      bounded(text.Printable(m.Topic), 300),
		"description":  bounded(m.Description, 2000),
		"steps":        bounded(strings.Join(steps, "\n"), 5000),
		"confirm":      bounded(m.Confirm, 1000),
		"excerpt":      text.Cut(text.Unlink(text.Harmless(m.Excerpt)), 2000),
		"node":         bounded(text.Printable(d.Node), 200),
		"failures":     strconv.Itoa(d.Failures.Count),
		"user":         text.Cut(text.Unlink(text.Harmless(text.Printable(d.Request.User))), 200),
		"reference":    bounded(text.Printable(m.Reference), 500),
		"incident":     bounded(string(d.Incident()), 300),
		"links":        bounded(strings.Join(links, "\n"), 3000),
		"integrations": bounded(text.Printable(m.Integrations.Text(message.MaxIntegrations)), 2000),
	}
	if d.Integration.Flow != nil {
		all["flow"] = bounded(text.Printable(*d.Integration.Flow), 200)
	}
	if len(m.Links) > 0 {
		all["runbook_url"] = m.Links[0].URL
	}
	if !d.Failures.First.IsZero() {
		all["first"], all["last"] = d.Failures.First.Format(time.RFC3339), d.Failures.Last.Format(time.RFC3339)
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// bounded makes a text fit to be shown, also by templates that escape nothing,
// and short.
func bounded(s string, limit int) string { return text.Cut(text.Harmless(s), limit) }
