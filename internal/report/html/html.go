// Package html writes a report as one page that is read, printed or attached to
// a ticket.
package html

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"

	"jira-oauth-watcher/internal/page"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/text"
)

// Bounds of a page: it stays small enough for a ticket. What is left out is counted.
const (
	maxRows   = 1000 // integrations in the list
	maxCauses = 100
	maxProofs = 200 // integrations with their evidence
	maxFiles  = 200
)

//go:embed page.html
var pageHTML string

var tmpl = page.Template(pageHTML)

// view is all that the page shows.
type view struct {
	report.View
	Title   string
	CSS     template.CSS
	Made    string
	Whole   bool // all was read
	LeftOut []string
	Files   []report.File
}

// Write writes r as one self-contained document: no script, no request. Untrusted text
// of a log stays text.
func Write(w io.Writer, r report.Report) error {
	out := bufio.NewWriter(w)
	err := tmpl.Execute(out, newView(r))
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func newView(r report.Report) view {
	v := view{
		View: report.NewView(r), CSS: template.CSS(page.CSS), Whole: r.Complete, Files: r.Files,
		Made: r.Made.At.UTC().Format(text.Minute) + " UTC by jira-oauth-watcher " + r.Made.Version,
	}
	v.Title = v.Headline
	if !r.From.IsZero() {
		v.Title += r.From.Format(", 2006-01-02") + r.To.Format(" to 2006-01-02")
	}
	causes := slices.Concat(v.Failing, v.Quiet)
	for n, c := range causes {
		if c.Anchor = fmt.Sprint("cause-", n+1); n >= maxCauses {
			c.Anchor = ""
		}
	}
	for n, i := range v.Items {
		i.Anchor = fmt.Sprint("i", n+1)
		if n >= maxProofs || i.Cause.Anchor == "" || !slices.Contains(i.Cause.Shown(), i) {
			i.Anchor = ""
		}
	}
	v.Failing = v.Failing[:min(len(v.Failing), maxCauses)]
	v.Quiet = v.Quiet[:min(len(v.Quiet), maxCauses-len(v.Failing))]
	v.leave(len(causes)-maxCauses, "cause", "not described")
	v.leave(len(v.Items)-maxProofs, "integration", "without evidence")
	v.leave(len(v.Items)-maxRows, "integration", "not in the list")
	v.leave(len(v.Files)-maxFiles, "file", "not listed")
	v.Items, v.Files = v.Items[:min(len(v.Items), maxRows)], v.Files[:min(len(v.Files), maxFiles)]
	return v
}

// leave says how many of something are left out.
func (v *view) leave(n int, what, how string) {
	if n > 0 {
		v.LeftOut = append(v.LeftOut, text.Count(n, what)+" "+how)
	}
}
