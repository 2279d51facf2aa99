// Package html writes a report as one page that is read, printed or attached to
// a ticket.
package html

import (
	"bufio"
	"embed"
	"fmt"
	"html/template"
	"io"

	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/text"
)

// Bounds of a page. A page of 10,000 incidents stays below 5 MB: what is
// repeated for each integration, cause and file is written while there is room
// for it, in bytes, and is counted in one sentence afterwards.
const (
	maxSections = 500     // integrations with a separate section
	maxRows     = 2000    // integrations in the summary
	maxDays     = 40      // rows of counts, and one for each gap
	maxBars     = 400     // bars of a time line
	minBars     = 100     // the same where there are many time lines
	allBars     = 60_000  // bars of all time lines together
	roomRows    = 700_000 // bytes of the summary
	roomCauses  = 800_000 // bytes of what to do
	roomDetails = 3_000_000
	roomFiles   = 150_000
)

//go:embed page.html chart.html style.css
var files embed.FS

var tmpl = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"clock": clock, "number": text.Number[int], "count": text.Count[int], "size": text.Size, "spans": text.Spans, "blocks": text.Blocks,
}).ParseFS(files, "*"))

// Write writes r as one self-contained document: no script, no request. Untrusted text
// of a log stays text.
func Write(w io.Writer, r report.Report) error {
	out := bufio.NewWriter(w)
	if err := tmpl.Execute(out, newPage(r)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
