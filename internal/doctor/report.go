package doctor

import (
	"cmp"
	"fmt"
	"io"
	"strings"

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

// Text writes the report for a terminal. who names the people who have to act.
func (r *Report) Text(w io.Writer, who func(where string) string) error {
	p := &text.Page{}
	p.Line("", "Java: "+cmp.Or(r.Java.Home, "not found"))
	if r.Java.Store != "" {
		p.Line("", fmt.Sprintf("Trust store: %s, %s", r.Java.Store, text.Count(r.Java.Certificates, "certificate")))
	}
	for _, s := range r.Java.Hidden {
		p.Wrap("Not seen: ", "  ", s)
	}
	for i := range r.Endpoints {
		p.Gap()
		r.Endpoints[i].text(p)
	}
	p.Gap()
	v := r.Verdict
	if p.Line(text.Bold, "Verdict: "+v.Title+"."); v.Text != "" {
		p.Wrap("", "", v.Text)
	}
	if v.Who != "" {
		p.Line("", "Who has to act: "+who(v.Who)+".")
	}
	for _, c := range []struct{ title, command string }{
		{"On this machine:", v.Command}, {"Jira in a container:", v.Container},
	} {
		if c.command != "" {
			p.Line("", c.title)
			for line := range strings.SplitSeq(c.command, "\n") {
				p.Line("", "  "+line)
			}
		}
	}
	if v.Cause != "" {
		p.Wrap("", "", "In Jira's log, this is the cause "+v.Cause+": jira-oauth-watcher causes "+v.Cause)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (r *Result) text(p *text.Page) {
	via := ""
	if r.Via != "" {
		via = ", through the proxy " + r.Via
	}
	p.Line(text.Bold, fmt.Sprintf("%s (%s%s): %s", r.Address(), r.Role, via, r.Verdict.Title))
	for _, s := range r.Steps {
		p.Wrap(fmt.Sprintf("  %-5s %-8s ", s.State, s.Name), "                 ",
			fmt.Sprintf("%s: %s (%.0f ms)", s.Tried, s.Got, s.Took))
		if s.Means != "" {
			p.Wrap("                 ", "                 ", s.Means)
		}
	}
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
