// Package teams posts alerts to a channel or chat of Microsoft Teams, as an Adaptive
// Card for a workflow ("Send webhook alerts to a channel").
package teams

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"text/template"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/notify"
)

// maxBody is how many bytes a card has. Teams permits 28 KB, counted after an expansion
// of its own: cards of 24 KB have been refused, after the workflow's 202.
const maxBody = 21_000

// limits are how long a text may be, from what is worth reading to what fits in any case.
var limits = []int{2000, 1000, 300, 40}

// source makes a card only of texts in which Teams interprets nothing (TextRun).
//
//go:embed card.json.tmpl
var source string

var form = template.Must(template.New("card").Funcs(message.Functions).Parse(source))

// Notifier posts one card per alert: a workflow cannot edit cards.
type Notifier struct {
	client *http.Client
	conf   conf.Teams
}

// New returns a notifier.
func New(c conf.Teams) (*Notifier, error) {
	client, err := notify.NewClient(c.Notifier, conf.Client{})
	return &Notifier{client, c}, err
}

// Send calls the workflow. It answers 202 before it posts: a failure after that shows only
// in its run history. A plain alert has neither facts nor an excerpt.
func (n *Notifier) Send(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := card(d)
	if err != nil {
		return nil, &notify.Error{Outcome: notify.BadMessage, Err: err}
	}
	_, err = notify.Request{Client: n.client, To: n.conf.WorkflowURL, Body: body}.Send(ctx)
	return nil, err
}

// card is the largest one that fits: the excerpt goes first, then the facts.
func card(d notify.Delivery) ([]byte, error) {
	var out bytes.Buffer
	for i, limit := range limits {
		m := message.Of(d.Alert.Data).Harmless(limit)
		if i > 0 || d.Plain {
			m.Excerpt = ""
		}
		if i == len(limits)-1 {
			m.Steps, m.Links = m.Steps[:min(len(m.Steps), 10)], m.Links[:min(len(m.Links), 3)]
			m.Integrations.IDs = m.Integrations.IDs[:min(len(m.Integrations.IDs), 10)]
		}
		if m.Facts = m.Facts[:min(len(m.Facts), 40>>(2*i))]; d.Plain {
			m.Facts, m.Circumstances = nil, nil
		}
		var text bytes.Buffer
		if err := form.Execute(&text, m); err != nil {
			return nil, err
		}
		out.Reset()
		if err := json.Compact(&out, text.Bytes()); err != nil {
			return nil, err
		}
		if out.Len() <= maxBody {
			break
		}
	}
	return out.Bytes(), nil
}
