package doctor

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// A Report is what the command doctor prints.
type Report struct {
	Verdict   Verdict  `json:"verdict"`
	Java      Java     `json:"java"`
	Endpoints []Result `json:"endpoints"`
}

// Java is what could be seen of Jira's Java.
type Java struct {
	PID          int      `json:"pid"` // of the running Jira, 0 = not seen
	Home         string   `json:"home"`
	TrustStore   string   `json:"trust_store"`
	Certificates int      `json:"certificates"` // in the trust store
	Options      []string `json:"options"`      // without passwords; null = not seen
	NotSeen      []string `json:"not_seen"`
}

// NewReport puts a report together, without the overall verdict.
func NewReport(d *Doctor, results []Result) *Report {
	j := d.JVM
	r := &Report{Java: Java{j.PID, j.Home, j.Store, 0, j.Options, j.Hidden}, Endpoints: results}
	if store, err := j.Trust(); err == nil {
		r.Java.Certificates = store.Len()
	}
	return r
}

// Text writes the report for a terminal. who names the people who have to act.
func (r *Report) Text(w io.Writer, who func(where string) string) error {
	p := &text.Page{}
	p.Line("", "Java: "+cmp.Or(r.Java.Home, "not found"))
	if r.Java.TrustStore != "" {
		p.Line("", fmt.Sprintf("Trust store: %s, %s", r.Java.TrustStore, text.Count(r.Java.Certificates, "certificate")))
	}
	for _, s := range r.Java.NotSeen {
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
