// Package teams posts alerts to a channel or chat of Microsoft Teams, as an Adaptive
// Card for a workflow ("Send webhook alerts to a channel").
package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// maxBody is how many bytes a card has. Teams permits 28 KB, counted after an expansion
// of its own: cards of 24 KB have been refused, after the workflow's 202.
const maxBody = 21_000

// sizes are the limits of a card in characters, from what is worth reading to what fits
// in any case.
var sizes = []struct{ text, excerpt, facts int }{
	{2000, 2000, 40}, {1000, 0, 20}, {300, 0, 10}, {50, 0, 0},
}

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
	got, err := notify.Request{Client: n.client, To: n.conf.WorkflowURL, Body: body(d)}.Post(ctx)
	if err != nil {
		return nil, err
	}
	if got.Status < 200 || got.Status > 299 {
		return nil, got.Failed()
	}
	return nil, nil
}

// body is the largest card that fits.
func body(d notify.Delivery) []byte {
	m := message.Of(d.Alert.Data)
	var out bytes.Buffer
	for _, size := range sizes {
		if d.Plain {
			size.excerpt, size.facts = 0, 0
		}
		out.Reset()
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.Encode(object{"type": "message", "attachments": []object{{ // a buffer, and nothing that is no JSON
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content":     card(m.Harmless(size.text), size.excerpt, size.facts),
		}}})
		if out.Len() <= maxBody {
			break
		}
	}
	return out.Bytes()
}

type object map[string]any

// run is a text in which Teams interprets nothing.
type run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Weight string `json:"weight,omitempty"`
	Size   string `json:"size,omitempty"`
	Font   string `json:"fontType,omitempty"`
	Struck bool   `json:"strikethrough,omitempty"`
}

func plain(s string) run { return run{Type: "TextRun", Text: s} }
func bold(s string) run  { return run{Type: "TextRun", Text: s, Weight: "Bolder"} }
func code(s string) run  { return run{Type: "TextRun", Text: s, Font: "Monospace"} }

// rows are the body of a card.
type rows []object

// add adds a paragraph. spacing is how far it is from the one before.
func (r *rows) add(spacing string, runs ...run) {
	*r = append(*r, object{"type": "RichTextBlock", "spacing": spacing, "inlines": runs})
}

func card(m message.Message, excerpt, facts int) object {
	var r rows
	title := bold(m.Headline())
	title.Size = "Large"
	r.add("Default", title)
	var happened []run
	for _, s := range m.Sentences {
		happened = append(happened, sentence(s)...)
	}
	if len(happened) > 0 {
		r.add("Default", happened...)
	}
	for _, turn := range message.Turns(m.Steps) {
		r.add("Medium", bold(turn[0].Who))
		for _, step := range turn {
			r.step(step)
		}
	}
	if m.Confirm != "" {
		r.add("Medium", bold("Fixed when: "), plain(m.Confirm))
	}
	if ids := m.Integrations.Text(message.MaxIntegrations); ids != "" && !m.Ends {
		r.add("Medium", plain(ids))
	}
	table := append(slices.Concat(m.Facts, m.Circumstances), message.Fact{Label: "Cause", Values: []string{m.Reference}})
	spacing := "Medium"
	for _, f := range table[:min(len(table), facts)] {
		r.add(spacing, bold(f.Label+": "), plain(strings.Join(f.Values, ", ")))
		spacing = "None"
	}
	if excerpt > 0 && m.Excerpt != "" {
		log := code(text.Cut(m.Excerpt, excerpt))
		log.Size = "Small"
		r.add("Medium", log)
	}
	actions := []object{}
	for _, l := range m.Links {
		actions = append(actions, object{"type": "Action.OpenUrl", "title": text.Cut(l.Title, 100), "url": l.URL})
	}
	return object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"msteams": object{"width": "Full"}, "fallbackText": m.Title(), "body": r, "actions": actions,
	}
}

func sentence(s message.Sentence) (runs []run) {
	for _, f := range s {
		r := plain(f.Text)
		if !f.At.IsZero() {
			r.Text = text.Time(f.At)
		}
		switch f.Emphasis {
		case message.Strong:
			r.Weight = "Bolder"
		case message.Exact:
			r.Font = "Monospace"
		case message.Struck:
			r.Struck = true
		}
		runs = append(runs, r)
	}
	return append(runs, plain(" "))
}

// step adds a step, with its commands ready to be copied.
func (r *rows) step(s message.Step) {
	number := fmt.Sprintf("%d. ", s.Number)
	for _, b := range text.Blocks(s.Text) {
		if b.Code {
			r.add("Small", code(b.Text))
		} else {
			r.add("Small", plain(number+b.Text))
		}
		number = ""
	}
}
