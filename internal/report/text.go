package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// maxRows is how many incidents the table has; the others are in the other
// formats.
const maxRows = 200

// Text writes a report to be read on a terminal: what was read, a table of the
// incidents, and below it each cause once, with what to do.
func Text(w io.Writer, r Report, style text.Style) error {
	if style.Width <= 0 {
		style.Width = 80
	}
	p := &page{Page: text.Page{Style: style}, zone: zoneOf(r)}
	p.summary(r)
	if len(r.Incidents) > 0 {
		p.Gap()
		p.table(r)
		p.timeLines(r.Incidents)
		groups := byCause(r.Incidents)
		for _, g := range groups {
			p.Gap()
			p.cause(g)
		}
		p.former(r.Incidents, groups)
	}
	p.problems(r)
	_, err := io.WriteString(w, p.String())
	return err
}

// zoneOf is the zone that all times are shown in: that of the log's end.
func zoneOf(r Report) *time.Location {
	if !r.To.IsZero() {
		return r.To.Location()
	}
	return time.UTC
}

func (p *page) summary(r Report) {
	size, read := int64(0), 0
	for _, f := range r.Files {
		size += f.Bytes
		if f.Bytes > 0 || f.Problem == "" {
			read++
		}
	}
	what := fmt.Sprintf("%s, %s", text.Count(read, "file"), text.Size(size))
	if len(r.Nodes) > 1 {
		what += fmt.Sprintf(" of %d nodes", len(r.Nodes))
	}
	if !r.From.IsZero() {
		what += fmt.Sprintf(", from %s to %s (%s)", p.clock(r.From), p.clock(r.To), r.To.Format("-07:00"))
	}
	p.Wrap("", "", "Read "+what+"."+asked(r, p))
	switch {
	case r.Failures == 0:
		p.heading("No failure of the OAuth 2.0 flow was found.")
	default:
		open, who := 0, map[string]bool{}
		for _, i := range r.Incidents {
			who[i.Data.Integration.ID] = true
			if i.Open {
				open++
			}
		}
		of := text.Count(len(who), "integration")
		if l := r.LeftOut; l != nil {
			of = fmt.Sprintf("at least %d incidents", len(r.Incidents)+l.Incidents)
		}
		p.heading(fmt.Sprintf("%s of %s; %s at the end.", text.Count(r.Failures, "failure"), of, still(open)))
	}
	if l := r.LeftOut; l != nil {
		p.Wrap("", "", fmt.Sprintf("Of these, %s of %s are only counted, because there are too many: %s. "+
			"Use --since and --until to narrow down the report.",
			text.Count(l.Failures, "failure"), text.Count(l.Incidents, "incident"), causesOf(l.Causes)))
	}
}

func still(open int) string {
	switch open {
	case 0:
		return "none is failing"
	case 1:
		return "1 is still failing"
	}
	return fmt.Sprintf("%d are still failing", open)
}

// asked is what --since and --until asked for.
func asked(r Report, p *page) string {
	s := ""
	if r.Since != nil {
		s += " since " + p.clock(*r.Since)
	}
	if r.Until != nil {
		s += " until " + p.clock(*r.Until)
	}
	if s != "" {
		s = " Limited to failures" + s + "."
	}
	return s
}

func causesOf(all []Spell) string {
	var list []string
	for _, c := range all[:min(len(all), 5)] {
		list = append(list, fmt.Sprintf("%s (%d)", c.Cause, c.Failures))
	}
	if n := len(all) - 5; n > 0 {
		list = append(list, fmt.Sprintf("%d other causes", n))
	}
	return strings.Join(list, ", ")
}

// table has two lines for each incident: who and when, and for what.
func (p *page) table(r Report) {
	list := r.Incidents
	short := shortener(list)
	if n := len(list) - maxRows; n > 0 {
		list = list[n:]
		p.Wrap("", "", fmt.Sprintf("Showing the last %d of %d incidents; --format json has all.", maxRows, maxRows+n))
	}
	wide := len("Integration")
	for _, i := range list {
		wide = max(wide, utf8.RuneCountInString(called(i.Data, short)))
	}
	room := max(p.Style.Width-wide-len("  Failures  "+text.Minute+"  "+text.Minute+"    failing"), len("3 nodes"))
	row := func(id, n, first, last, node, state string) string {
		return fmt.Sprintf("%-*s  %8s  %-16s  %-16s  %-*s  %s", wide, id, n, first, last, room, clip(node, room), state)
	}
	p.Line(text.Faint, row("Integration", "Failures", "First", "Last", "Node", "State"))
	for _, i := range list {
		node := strings.Join(i.Nodes, ", ")
		if len(i.Nodes) > 1 && utf8.RuneCountInString(node) > room {
			node = text.Count(len(i.Nodes), "node")
		}
		f := i.Data.Failures
		p.Line("", row(called(i.Data, short), fmt.Sprint(f.Count), p.clock(f.First), p.clock(f.Last), node, i.State()))
		for _, c := range i.Causes {
			times := ""
			if len(i.Causes) > 1 {
				times = fmt.Sprintf(" (%d)", c.Failures)
			}
			p.Line("", "  "+c.Cause+times)
		}
	}
}

// maxCalled is how much of a name the table shows.
const maxCalled = 24

// called is the name that the operator gave an integration, or its short ID.
func called(d alert.Data, short func(string) string) string {
	if d.Integration.Name == nil {
		return short(d.Integration.ID)
	}
	return clip(text.Printable(*d.Integration.Name), maxCalled)
}

// shortener cuts integrations' IDs as far as they stay different.
func shortener(list []Incident) func(string) string {
	for _, n := range []int{8, 13, 18, 23} {
		full := map[string]string{}
		same := slices.ContainsFunc(list, func(i Incident) bool {
			id := i.Data.Integration.ID
			other, known := full[id[:min(n, len(id))]]
			full[id[:min(n, len(id))]] = id
			return known && other != id
		})
		if !same {
			return func(id string) string { return id[:min(n, len(id))] }
		}
	}
	return func(id string) string { return id }
}

// group is the incidents whose last failure had one cause.
type group struct {
	cause alert.Cause
	all   []Incident
}

// byCause groups incidents by cause, the one with most failures first.
func byCause(list []Incident) []group {
	var groups []group
	for _, i := range list {
		at := slices.IndexFunc(groups, func(g group) bool { return g.cause.ID == i.Data.Cause.ID })
		if at < 0 {
			at = len(groups)
			groups = append(groups, group{cause: i.Data.Cause})
		}
		groups[at].all = append(groups[at].all, i)
	}
	slices.SortStableFunc(groups, func(a, b group) int { return b.failures() - a.failures() })
	return groups
}

func (g group) failures() (n int) {
	for _, i := range g.all {
		n += i.Data.Failures.Count
	}
	return n
}

// maxNamed is how many integrations a cause names.
const maxNamed = 10

// cause is what one cause means and how to fix it, with the facts of the last
// failure.
func (p *page) cause(g group) {
	last := Last(g.all)
	p.heading(last.Cause.ID + ": " + last.Cause.Title)
	var about []string
	if last.Cause.RootCause != nil {
		about = append(about, fmt.Sprintf("root cause %d of Atlassian's article", *last.Cause.RootCause))
	}
	about = append(about, last.Cause.Codes...)
	about = append(about, fmt.Sprintf("severity %s, cause %s", last.Cause.Severity, last.Cause.Confidence))
	p.Wrap("  ", "  ", strings.Join(about, ", "))
	var ids []string
	for _, i := range g.all {
		id := i.Data.Integration.ID
		if name := i.Data.Integration.Name; name != nil {
			id = text.Printable(*name) + " (" + id + ")"
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for i, id := range ids[:min(len(ids), maxNamed)] {
		word := "  Integration "
		if i > 0 {
			word = strings.Repeat(" ", len(word))
		}
		p.Line("", word+id)
	}
	if n := len(ids) - maxNamed; n > 0 {
		p.Line("", fmt.Sprintf("              and %d more", n))
	}
	p.Gap()
	m := Message(last)
	p.Wrap("  ", "  ", m.Description)
	if len(ids) > 1 {
		p.Wrap("  ", "  ", "(IDs and names in this section are those of "+last.Integration.ID+", which failed last.)")
	}
	p.Gap()
	for _, step := range m.Steps {
		p.Step(fmt.Sprintf("  %2d. ", step.Number), "      ", "["+step.Who+"] "+step.Text)
	}
	p.Wrap("  Fixed when: ", "              ", m.Confirm)
	for _, l := range m.Links {
		p.Line(text.Faint, "  "+l.URL)
	}
}

// former names the causes that are no incident's last one: a report has no
// diagnosis of them.
func (p *page) former(list []Incident, described []group) {
	var over []string
	for _, i := range list {
		for _, c := range i.Causes {
			known := slices.ContainsFunc(described, func(g group) bool { return g.cause.ID == c.Cause })
			if s := c.Cause + " (" + c.Title + ")"; !known && !slices.Contains(over, s) {
				over = append(over, s)
			}
		}
	}
	if len(over) == 0 {
		return
	}
	p.Gap()
	p.heading("Earlier causes, since superseded (run jira-oauth-watcher causes ID for details):")
	for _, s := range over {
		p.Wrap("  ", "    ", s)
	}
}

// problems are the files that were not read whole.
func (p *page) problems(r Report) {
	if r.Complete {
		return
	}
	p.Gap()
	p.heading("Not read completely:")
	n := 0
	for _, f := range r.Files {
		if f.Problem == "" {
			continue
		}
		if n++; n <= maxRows {
			p.Wrap("  ", "    ", f.Path+": "+f.Problem)
		}
	}
	if n > maxRows {
		p.Line("", fmt.Sprintf("  and %d more", n-maxRows))
	}
}
