package notify

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Style is how a terminal is written to. The zero value is plain text, 100
// columns wide.
type Style struct {
	Color bool
	Width int // columns; 0 = 100
}

// Console prints alerts to be read on a terminal.
type Console struct {
	out   io.Writer
	style Style
}

// Send prints the alert whole, in one write.
func (c *Console) Send(_ context.Context, d Delivery) (Receipt, error) {
	if _, err := io.WriteString(c.out, Render(d.Alert, c.style)); err != nil {
		return nil, &Error{Err: fmt.Errorf("writing to standard output: %w", err)}
	}
	return nil, nil
}

const (
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	reset = "\x1b[0m"
)

// Styles are all sequences for a terminal that this program writes.
var Styles = []string{bold, faint, reset}

// Render is an alert as text for a terminal, with a line end. What a log said
// is in it without control characters.
func Render(a Alert, style Style) string {
	if style.Width <= 0 {
		style.Width = 100
	}
	p := page{style: style}
	d := a.Data
	p.line(bold, headline(d))
	for _, m := range meaning(d) {
		p.wrap("", "", m.String())
	}
	if d.Kind != Quiet {
		p.steps(d)
		p.integrations(d)
	}
	p.gap()
	for _, f := range slices.Concat(particulars(d), circumstances(d), []pair{{"Cause", []string{reference(d)}}}) {
		name := fmt.Sprintf("%-21s ", f.name)
		for _, value := range atMost(f.values, maxList) {
			p.wrap(name, strings.Repeat(" ", 22), value)
			name = strings.Repeat(" ", 22)
		}
	}
	for _, l := range d.Links {
		p.line(faint, l.Title+": "+l.URL)
	}
	if d.Kind != Quiet && d.Log.Excerpt != "" {
		p.gap()
		p.line(faint, d.Log.Path+" says:")
		for line := range strings.Lines(d.Log.Excerpt) {
			p.wrap("  | ", "  | ", Printable(line))
		}
	}
	p.gap()
	return p.String()
}

type page struct {
	strings.Builder
	style Style
}

// steps stand under who has to act, and are numbered throughout.
func (p *page) steps(d Data) {
	for _, g := range groups(d.Fix) {
		p.gap()
		p.line(bold, g.who)
		for i, step := range g.steps {
			number := fmt.Sprintf("%2d. ", g.first+i)
			p.wrap(number, strings.Repeat(" ", len(number)), step.Text)
		}
	}
	if c := confirmation(d); c != "" {
		p.gap()
		p.wrap("Fixed when: ", "            ", c)
	}
}

// integrations are those that a storm has hit.
func (p *page) integrations(d Data) {
	ids := stricken(d)
	if len(ids) == 0 {
		return
	}
	p.gap()
	p.line(bold, many(d))
	for _, id := range ids {
		p.wrap("  ", "  ", id)
	}
}

func (p *page) gap() { p.WriteByte('\n') }

func (p *page) line(look, text string) {
	text = Printable(text)
	if p.style.Color {
		text = look + text + reset
	}
	p.WriteString(text + "\n")
}

// wrap breaks a text at words. A word that is longer than the line stays
// whole, so that commands and URLs can be copied.
func (p *page) wrap(first, next, text string) {
	line, width := first, utf8.RuneCountInString(first)
	empty := true
	for _, word := range strings.Fields(Printable(text)) {
		n := utf8.RuneCountInString(word)
		if !empty && width+1+n > p.style.Width {
			p.WriteString(line + "\n")
			line, width, empty = next, utf8.RuneCountInString(next), true
		}
		if !empty {
			line += " "
			width++
		}
		line += word
		width += n
		empty = false
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}
