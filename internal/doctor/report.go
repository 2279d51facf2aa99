package doctor

import (
	_ "embed" // report.txt
	"fmt"
	"io"
	"text/template"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/text"
)

// A Report is what the command doctor prints.
type Report struct {
	Verdict   Verdict   `json:"verdict"`
	Java      *java.JVM `json:"java"` // of Jira, as far as it could be seen
	Endpoints []Result  `json:"endpoints"`
}

// NewReport puts a report together, without the overall verdict.
func NewReport(d *Doctor, results []Result) *Report {
	if store, err := d.JVM.Trust(); err == nil {
		d.JVM.Certificates = store.Len()
	}
	return &Report{Java: d.JVM, Endpoints: results}
}

//go:embed report.txt
var layout string

// Text writes the report for a terminal. who names the people who have to act.
func (r *Report) Text(w io.Writer, who func(where string) string) error {
	return text.Style{}.Layout(w, layout, r, template.FuncMap{"who": who})
}

// Alert is the result as an alert has it.
func (r *Result) Alert() *alert.Probe {
	v := r.Verdict
	a := &alert.Probe{Host: r.Host, Port: r.Port, At: r.At, OK: v.OK, Verdict: v.ID, Title: v.Title, Text: v.Text,
		Who: v.Who, Command: v.Command}
	for _, s := range r.Steps {
		if len(a.Seen) < alert.MaxSeen {
			a.Seen = append(a.Seen, text.Cut(fmt.Sprintf("%s: %s → %s", s.Name, s.Tried, s.Got), 300))
		}
	}
	return a
}
