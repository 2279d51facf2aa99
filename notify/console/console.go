// Package console prints alerts on a terminal.
package console

import (
	"context"
	"fmt"
	"io"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// Notifier prints alerts to be read on a terminal.
type Notifier struct {
	out   io.Writer
	style text.Style
}

// New returns a notifier that writes to out.
func New(out io.Writer, style text.Style) *Notifier { return &Notifier{out, style} }

// Send prints the alert whole, in one write.
func (c *Notifier) Send(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	if _, err := io.WriteString(c.out, Render(d.Alert, c.style)); err != nil {
		return nil, &notify.Error{Err: fmt.Errorf("writing to standard output: %w", err)}
	}
	return nil, nil
}

// Render is an alert as text for a terminal, with a line end. What a log said
// is in it without control characters.
func Render(a alert.Alert, style text.Style) string {
	p := text.Page{Style: style}
	m := message.Of(a.Data)
	p.Line(text.Bold, m.Headline())
	for _, s := range m.Sentences {
		p.Wrap("", "", s.String())
	}
	Advice(&p, m)
	if ids := m.Integrations.First(message.MaxIntegrations); len(ids) > 0 && !m.Ends {
		p.Gap()
		p.Line(text.Bold, m.Integrations.Heading())
		for _, id := range ids {
			p.Wrap("  ", "  ", id)
		}
	}
	p.Gap()
	for _, f := range m.Table() {
		name := fmt.Sprintf("%-21s ", f.Label)
		for _, value := range message.AtMost(f.Values, message.MaxValues) {
			p.Wrap(name, strings.Repeat(" ", 22), value)
			name = strings.Repeat(" ", 22)
		}
	}
	for _, l := range m.Links {
		p.Line(text.Faint, l.Title+": "+l.URL)
	}
	if m.Excerpt != "" {
		p.Gap()
		p.Line(text.Faint, "From "+m.Log+":")
		for line := range strings.Lines(m.Excerpt) {
			p.Wrap("  | ", "  | ", text.Printable(line))
		}
	}
	p.Gap()
	return p.String()
}

// Advice prints what to do, by whom, and how to see that it has helped.
func Advice(p *text.Page, m message.Message) {
	for _, turn := range message.Turns(m.Steps) {
		p.Gap()
		p.Line(text.Bold, turn[0].Who)
		for _, step := range turn {
			number := fmt.Sprintf("%2d. ", step.Number)
			p.Step(number, strings.Repeat(" ", len(number)), step.Text)
		}
	}
	if m.Confirm != "" {
		p.Gap()
		p.Wrap("Fixed when: ", "            ", m.Confirm)
	}
	for _, s := range m.Notes {
		p.Wrap("", "", s.String())
	}
}
