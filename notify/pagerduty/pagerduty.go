// Package pagerduty keeps open incidents as alerts at PagerDuty, over its Events
// API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview).
package pagerduty

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// Limits of the Events API, and of what is worth reading in an alert.
const (
	maxKey     = 255 // bytes of a dedup_key
	maxSummary = 1024
	maxText    = 4000
	maxFact    = 500
)

// Notifier triggers an alert for each incident, and resolves it at its end.
// Further alerts of an incident have its deduplication key: PagerDuty adds them
// to the log of the alert without notifying again.
type Notifier struct {
	client *http.Client
	conf   conf.PagerDuty
	page   string // that the alerts link to, "" = none
}

// New makes notifiers whose alerts link to a page, "" = none.
func New(page string) func(conf.PagerDuty) (*Notifier, error) {
	return func(c conf.PagerDuty) (*Notifier, error) {
		client, err := notify.NewClient(c.Notifier, conf.Client{})
		return &Notifier{client: client, conf: c, page: page}, err
	}
}

// Send triggers or resolves. A plain alert has no details.
func (n *Notifier) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := text.JSON(n.event(d))
	if err != nil {
		return nil, &notify.Error{Outcome: notify.BadMessage, Err: err}
	}
	got, err := notify.Request{
		Client: n.client, To: conf.NewSecret(n.conf.APIURL), Body: []byte(body),
		Secrets: []conf.Secret{n.conf.RoutingKey},
	}.Send(ctx)
	if failed, ok := errors.AsType[*notify.Error](err); ok && got.Status == http.StatusBadRequest &&
		strings.Contains(strings.ToLower(got.Body), "routing") {
		failed.Outcome = notify.BadSettings // "routing_key is invalid"
	}
	return nil, err
}

// Groups is true: PagerDuty groups alerts into incidents.
func (n *Notifier) Groups() bool { return true }

// severities are PagerDuty's, by ours.
var severities = []string{"info", "warning", "error", "critical"}

type object map[string]any

// event is the body of a request.
func (n *Notifier) event(d notify.Delivery) object {
	data := d.Alert.Data
	m := message.Of(data).Harmless(maxText)
	payload := object{
		"summary":   text.Cut(m.Title(), maxSummary),
		"source":    cmp.Or(text.Cut(m.Node, maxFact), "unknown"),
		"severity":  severities[data.Cause.Severity],
		"timestamp": d.Alert.Timestamp.Format(time.RFC3339),
		"component": text.Cut(m.Whose, maxFact),
		"class":     text.Cut(text.Harmless(text.Printable(data.Cause.ID)), maxFact),
	}
	e := object{"routing_key": n.conf.RoutingKey.Reveal(), "event_action": "trigger", "dedup_key": n.key(data.Incident()),
		"client": "jira-oauth-watcher", "client_url": n.page, "payload": payload}
	if m.Ends {
		e["event_action"] = "resolve"
	}
	if n.page == "" {
		delete(e, "client_url")
	}
	if d.Plain {
		return e
	}
	payload["custom_details"] = details(m)
	var links []object
	for _, l := range m.Links {
		links = append(links, object{"href": l.URL, "text": text.Cut(l.Title, maxFact)})
		e["links"] = links
	}
	return e
}

// key is the deduplication key of an incident: its ID or, across nodes, its key, which is the same on
// all nodes. One that is too long is hashed.
func (n *Notifier) key(id alert.ID) string {
	if n.conf.AcrossNodes {
		id = alert.ID("jira-oauth-watcher/" + id.Key())
	}
	if len(id) <= maxKey {
		return string(id)
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(id)))
}

// details are the message as names and texts.
func details(m message.Message) map[string]string {
	all := map[string]string{
		"what happened": text.Cut(m.Summary(), maxText),
		"fixed when":    m.Confirm,
		"reference":     m.Reference,
		"integrations":  text.Cut(m.Integrations.Text(message.MaxIntegrations), maxText),
		"log":           m.Excerpt,
	}
	var steps []string
	for _, s := range m.Steps {
		steps = append(steps, fmt.Sprintf("%d. [%s] %s", s.Number, s.Who, text.Indented(s.Text)))
	}
	all["how to fix it"] = text.Cut(strings.Join(steps, "\n"), 2*maxText)
	for _, f := range slices.Concat(m.Facts, m.Circumstances) {
		all[f.Label] = text.Cut(strings.Join(f.Values, " "), maxFact)
	}
	maps.DeleteFunc(all, func(_, words string) bool { return text.Blank(words) })
	return all
}
