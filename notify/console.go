package notify

import (
	"context"
	"fmt"
	"io"
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

// Render is an alert as text for a terminal, with a line end. What a log said
// is in it without control characters.
func Render(a Alert, style Style) string {
	if style.Width <= 0 {
		style.Width = 100
	}
	p := page{style: style}
	d := a.Data
	p.line(bold, headline(d))
	p.wrap("", "", summary(d))
	if d.Kind != Quiet {
		p.gap()
		for i, step := range d.Fix {
			number := fmt.Sprintf("%2d. ", i+1)
			p.wrap(number, strings.Repeat(" ", len(number)), "["+actor(step.Where)+"] "+step.Text)
		}
		p.gap()
		p.wrap("Fixed when: ", "            ", d.Confirm)
	}
	p.gap()
	for _, f := range particulars(d) {
		p.wrap(fmt.Sprintf("%-19s ", f.name), strings.Repeat(" ", 20), f.value)
	}
	p.wrap(fmt.Sprintf("%-19s ", "Cause"), strings.Repeat(" ", 20), reference(d))
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
