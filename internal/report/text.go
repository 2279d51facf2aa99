package report

import (
	"cmp"
	_ "embed"
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

//go:embed text.txt
var layout string

// table is a View for a terminal.
type table struct {
	View
	Complete bool
	Rows     []*page.Item
	More     int // further integrations
	wide     int // the column with their names
}

// Text writes a report to be read on a terminal: a table of the integrations, and below it each
// cause once, with what to do; first the causes of what still fails.
func Text(w io.Writer, r Report, style text.Style) error {
	style.Width = cmp.Or(max(style.Width, 0), 80)
	t := table{View: NewView(r), Complete: r.Complete, wide: len("Integration")}
	t.Rows = t.Items[:min(len(t.Items), maxRows)]
	t.More = len(t.Items) - len(t.Rows)
	for _, i := range t.Rows {
		t.wide = max(t.wide, utf8.RuneCountInString(i.Short()))
	}
	for _, c := range slices.Concat(t.Failing, t.Quiet) {
		c.Wide, c.Proof = true, false
	}
	return page.Text(w, style, layout, t, nil)
}

// Row is a line of the table; of a state, only its beginning.
func (t table) Row(name, n, first, last, state string) string {
	state, _, _ = strings.Cut(state, ", ")
	return fmt.Sprintf("%-*s  %8s  %-16s  %-16s  %s", t.wide, name, n, first, last, state)
}
