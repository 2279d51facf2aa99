package report

import (
	"fmt"
	"io"
	"unicode/utf8"

	"jira-oauth-watcher/internal/page"
	"jira-oauth-watcher/internal/text"
)

// Bounds of the text; the others are in the other formats.
const (
	maxRows  = 200 // integrations in the table
	maxNamed = 24  // characters of a name there
)

// Text writes a report to be read on a terminal: a table of the integrations, and below it each
// cause once, with what to do; first the causes of what still fails.
func Text(w io.Writer, r Report, style text.Style) error {
	if style.Width <= 0 {
		style.Width = 80
	}
	p := &text.Page{Style: style}
	v := NewView(r)
	page.Heading(p, v.Headline+".")
	for _, s := range v.About {
		p.Wrap("", "", s)
	}
	if len(v.Items) > 0 {
		p.Gap()
		table(p, v.Items)
	}
	causes(p, v.Failing, "")
	if len(v.Failing) > 0 {
		causes(p, v.Quiet, "No longer failing at the end of the logs:")
	} else {
		causes(p, v.Quiet, "")
	}
	if !r.Complete {
		p.Gap()
		page.Heading(p, "Not all was read:")
		for _, s := range v.Problems {
			p.Wrap("  ", "    ", s)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func causes(p *text.Page, all []*page.Cause, heading string) {
	if len(all) > 0 && heading != "" {
		p.Gap()
		page.Heading(p, heading)
	}
	for _, c := range all {
		p.Gap()
		c.Wide, c.Proof = true, false
		c.Text(p)
	}
}

// table has two lines for each integration: who and when, and for what.
func table(p *text.Page, list []*page.Item) {
	all := len(list)
	list = list[:min(all, maxRows)]
	wide := len("Integration")
	for _, i := range list {
		wide = max(wide, utf8.RuneCountInString(called(i)))
	}
	row := func(name, n, first, last, state string) string {
		return fmt.Sprintf("%-*s  %8s  %-16s  %-16s  %s", wide, name, n, first, last, state)
	}
	p.Line(text.Faint, row("Integration", "Failures", "Since", "Last failure", "State"))
	for _, i := range list {
		p.Line("", row(called(i), text.Number(i.Data.Failures.Count), i.First, i.Last, i.Status()))
		p.Line("", "  "+i.Data.Cause.ID)
	}
	if all > maxRows {
		p.Wrap("", "", fmt.Sprintf("And %s; --format json has all.", text.Count(all-maxRows, "more integration")))
	}
}

// called is a name as far as the table shows it, or the beginning of an ID.
func called(i *page.Item) string {
	runes := []rune(text.Printable(i.Name))
	if i.ID == "" && len(runes) == len("d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40") {
		return string(runes[:13])
	}
	if len(runes) > maxNamed {
		return string(runes[:maxNamed-1]) + "…"
	}
	return string(runes)
}
