package page

import (
	"fmt"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// maxRows is how many items of a cause a terminal shows.
const maxRows = 20

// Heading wraps a line that stands out where there is color.
func Heading(p *text.Page, s string) {
	if p.Style.Color {
		p.WriteString(text.Bold)
		defer p.WriteString(text.Reset)
	}
	p.Wrap("", "  ", s)
}

// Text writes a cause for a terminal, as a page shows it. What is not expanded is left out.
func (c *Cause) Text(p *text.Page) {
	Heading(p, fmt.Sprintf("[%s] %s", c.Data.Cause.Severity, c.Title()))
	p.Wrap("  ", "  ", c.About())
	items := c.Items[:min(len(c.Items), maxRows)]
	for _, i := range items {
		name := i.Name
		if i.ID != "" {
			name += " (" + i.ID + ")"
		}
		p.Wrap("  - ", "    ", name+": "+i.Words())
		for _, m := range i.Moments {
			p.Wrap("      "+m[0]+"  ", "                        ", m[1])
		}
		for _, n := range i.Notes {
			p.Wrap("      ", "        ", n.Text)
		}
	}
	if n := len(c.Items) - len(items); n > 0 || c.More != "" {
		p.Wrap("  - ", "    ", fmt.Sprintf("and %d more", max(n, c.Members-len(items))))
	}
	p.Gap()
	p.Wrap("  ", "  ", c.Message.Description)
	if c.Varies() {
		p.Wrap("  ", "  ", "(IDs and names here and below are those of "+c.Items[0].Name+".)")
	}
	if !c.Wide {
		p.Wrap("  ", "    ", "How to fix it: jira-oauth-watcher causes "+c.Data.Cause.ID)
		return
	}
	p.Gap()
	for _, step := range c.Message.Steps {
		p.Step(fmt.Sprintf("  %2d. ", step.Number), "      ", "["+step.Who+"] "+step.Text)
	}
	if c.Message.Confirm != "" {
		p.Wrap("  Fixed when: ", "              ", c.Message.Confirm)
	}
	for _, l := range c.Message.Links {
		p.Line(text.Faint, "  "+l.URL)
	}
	for _, i := range items {
		if !c.Proof || i.Anchor == "" {
			continue
		}
		p.Gap()
		for _, e := range i.Evidence() {
			p.Wrap(fmt.Sprintf("  %-15s ", e[0]), strings.Repeat(" ", 18), e[1])
		}
		for line := range strings.Lines(i.Data.Log.Excerpt) {
			p.Wrap("  | ", "  | ", line)
		}
	}
}
