// Package pagerduty keeps open incidents as alerts at PagerDuty, over its Events
// API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview).
package pagerduty

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	}.Post(ctx)
	switch {
	case err != nil:
		return nil, err
	case got.Status >= 200 && got.Status < 300:
		return nil, nil
	}
	failed := got.Failed()
	if got.Status == http.StatusBadRequest && strings.Contains(strings.ToLower(got.Body), "routing") {
		failed.Outcome = notify.BadSettings // "routing_key is invalid"
	}
	return nil, failed
}

// Groups is true: PagerDuty groups alerts into incidents.
func (n *Notifier) Groups() bool { return true }

// event is the body of a request.
type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"` // trigger or resolve
	Key        string   `json:"dedup_key"`
	Client     string   `json:"client,omitempty"`
	ClientURL  string   `json:"client_url,omitempty"`
	Payload    *payload `json:"payload,omitempty"`
	Links      []link   `json:"links,omitempty"`
}

type payload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"` // critical, error, warning or info
	Timestamp string            `json:"timestamp"`
	Component string            `json:"component,omitempty"`
	Class     string            `json:"class"`
	Details   map[string]string `json:"custom_details,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// severities are PagerDuty's, by ours.
var severities = map[conf.Severity]string{
	conf.SeverityCritical: "critical",
	conf.SeverityHigh:     "error",
	conf.SeverityMedium:   "warning",
	conf.SeverityLow:      "info",
}

func (n *Notifier) event(d notify.Delivery) event {
	data := d.Alert.Data
	m := message.Of(data)
	e := event{RoutingKey: n.conf.RoutingKey.Reveal(), Action: "trigger", Key: key(data.Incident()),
		Client: "jira-oauth-watcher", ClientURL: n.page}
	if m.Ends {
		e.Action = "resolve"
	}
	e.Payload = &payload{
		Summary:   shown(m.Title(), maxSummary),
		Source:    cmp.Or(shown(data.Node, maxFact), "unknown"),
		Severity:  cmp.Or(severities[data.Cause.Severity], "error"),
		Timestamp: d.Alert.Timestamp.Format(time.RFC3339),
		Component: shown(m.Whose, maxFact),
		Class:     shown(data.Cause.ID, maxFact),
	}
	if d.Plain {
		return e
	}
	e.Payload.Details = details(m)
	for _, l := range m.Links {
		e.Links = append(e.Links, link{l.URL, shown(l.Title, maxFact)})
	}
	return e
}

// key is the deduplication key of an incident: its ID, or a hash of one that is
// too long.
func key(id alert.ID) string {
	if len(id) <= maxKey {
		return string(id)
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// details are the message as names and texts.
func details(m message.Message) map[string]string {
	all := map[string]string{
		"what happened": shown(m.Summary(), maxText),
		"fixed when":    shown(m.Confirm, maxText),
		"reference":     shown(m.Reference, maxFact),
		"integrations":  shown(m.Integrations.Text(message.MaxIntegrations), maxText),
		"log":           text.Unlink(short(m.Excerpt, maxText)),
	}
	var steps []string
	for _, s := range m.Steps {
		steps = append(steps, fmt.Sprintf("%d. [%s] %s", s.Number, s.Who,
			short(text.PrintableLines(text.Indented(s.Text)), maxText)))
	}
	all["how to fix it"] = text.Cut(strings.Join(steps, "\n"), 2*maxText)
	for _, f := range slices.Concat(m.Facts, m.Circumstances) {
		all[f.Label] = text.Unlink(shown(strings.Join(message.AtMost(f.Values, message.MaxValues), " "), maxFact))
	}
	maps.DeleteFunc(all, func(_, words string) bool { return text.Blank(words) })
	return all
}

// shown is a text on one line, short and without mentions.
func shown(s string, limit int) string { return short(text.Printable(s[:min(len(s), 8*limit)]), limit) }

func short(s string, limit int) string {
	return text.Cut(text.Harmless(s[:min(len(s), 8*limit)]), limit)
}
