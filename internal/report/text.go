package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"jira-oauth-watcher/internal/page"
	"jira-oauth-watcher/internal/text"
)

// maxRows is how many integrations the table has; the others are in the other formats.
const maxRows = 200

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
	for n, c := range slices.Concat(v.Failing, v.Quiet) {
		p.Gap()
		if n > 0 && n == len(v.Failing) {
			page.Heading(p, "No longer failing at the end of the logs:")
			p.Gap()
		}
		c.Wide, c.Proof = true, false
		c.Text(p)
	}
	if !r.Complete {
		p.Gap()
		page.Heading(p, "Not read completely:")
		for _, s := range v.Problems {
			p.Wrap("  ", "    ", s)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// table has two lines for each integration: who and when, and for what.
func table(p *text.Page, list []*page.Item) {
	all := len(list)
	list = list[:min(all, maxRows)]
	wide := len("Integration")
	for _, i := range list {
		wide = max(wide, utf8.RuneCountInString(i.Short()))
	}
	row := func(name, n, first, last, state string) string {
		return fmt.Sprintf("%-*s  %8s  %-16s  %-16s  %s", wide, name, n, first, last, state)
	}
	p.Line(text.Faint, row("Integration", "Failures", "Since", "Last failure", "State"))
	for _, i := range list {
		state, _, _ := strings.Cut(i.Status(), ", ")
		p.Line("", row(i.Short(), text.Number(i.Data.Failures.Count), i.First, i.Last, state))
		p.Line("", "  "+i.Data.Cause.ID)
	}
	if all > maxRows {
		p.Wrap("", "", fmt.Sprintf("And %s; --format json has all.", text.Count(all-maxRows, "more integration")))
	}
}
