package notify

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Console prints alerts to be read on a terminal.
type Console struct {
	out   io.Writer
	style text.Style
}

// Send prints the alert whole, in one write.
func (c *Console) Send(_ context.Context, d Delivery) (Receipt, error) {
	if _, err := io.WriteString(c.out, Render(d.Alert, c.style)); err != nil {
		return nil, &Error{Err: fmt.Errorf("writing to standard output: %w", err)}
	}
	return nil, nil
}

// Render is an alert as text for a terminal, with a line end. What a log said
// is in it without control characters.
func Render(a alert.Alert, style text.Style) string {
	if style.Width <= 0 {
		style.Width = 100
	}
	p := onTerminal{text.Page{Style: style}}
	d := a.Data
	p.Line(text.Bold, headline(d))
	for _, m := range meaning(d) {
		p.Wrap("", "", m.String())
	}
	if d.Kind != alert.Quiet {
		p.steps(d)
		p.integrations(d)
	}
	p.Gap()
	for _, f := range slices.Concat(particulars(d), circumstances(d), []pair{{"Cause", []string{reference(d)}}}) {
		name := fmt.Sprintf("%-21s ", f.name)
		for _, value := range atMost(f.values, maxList) {
			p.Wrap(name, strings.Repeat(" ", 22), value)
			name = strings.Repeat(" ", 22)
		}
	}
	for _, l := range d.Links {
		p.Line(text.Faint, l.Title+": "+l.URL)
	}
	if d.Kind != alert.Quiet && d.Log.Excerpt != "" {
		p.Gap()
		p.Line(text.Faint, d.Log.Path+" says:")
		for line := range strings.Lines(d.Log.Excerpt) {
			p.Wrap("  | ", "  | ", text.Printable(line))
		}
	}
	p.Gap()
	return p.String()
}

// steps stand under who has to act, and are numbered throughout.
type onTerminal struct{ text.Page }

func (p *onTerminal) steps(d alert.Data) {
	for _, g := range groups(d.Fix) {
		p.Gap()
		p.Line(text.Bold, g.who)
		for i, step := range g.steps {
			number := fmt.Sprintf("%2d. ", g.first+i)
			p.Wrap(number, strings.Repeat(" ", len(number)), step.Text)
		}
	}
	if c := confirmation(d); c != "" {
		p.Gap()
		p.Wrap("Fixed when: ", "            ", c)
	}
}

// integrations are those that a storm has hit.
func (p *onTerminal) integrations(d alert.Data) {
	ids := stricken(d)
	if len(ids) == 0 {
		return
	}
	p.Gap()
	p.Line(text.Bold, many(d))
	for _, id := range ids {
		p.Wrap("  ", "  ", id)
	}
}
