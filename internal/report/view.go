package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/page"
	"jira-oauth-watcher/internal/text"
)

// View is what the text and the HTML page show of a report.
type View struct {
	Headline string
	Mood     string // how bad it is: bad, warn, good or ""
	About    []string
	Problems []string     // of files
	Items    []*page.Item // integrations, in order
	Failing  []*page.Cause
	Quiet    []*page.Cause
}

// Bounds of lists; what is not listed is counted.
const (
	maxProblems = 20
	maxNodes    = 10
	maxMoments  = 50
	maxEarlier  = 50 // incidents and causes before the last ones, of one cause
)

// silence is why quiet is not enough.
const silence = "Jira does not log successful connections, so \"quiet\" does not prove that a connection works: " +
	"run Test connection in Jira."

// NewView is what to show of r.
func NewView(r Report) View {
	lists, v := r.byIntegration(), View{}
	r.Incidents = slices.Concat(lists...)
	v.headline(r)
	v.about(r)
	for _, f := range r.Files {
		if f.Problem != "" {
			v.Problems = append(v.Problems, f.Path+": "+f.Problem)
		}
	}
	if n := len(v.Problems) - maxProblems; n > 0 {
		v.Problems = append(v.Problems[:maxProblems], "and "+text.Count(n, "more file"))
	}
	heads := map[string]*page.Item{}
	for _, list := range lists {
		last := list[0]
		for _, i := range list[1:] {
			sum, f := &last.Data.Failures, i.Data.Failures
			if sum.Count += f.Count; f.First.Before(sum.First) {
				sum.First = f.First
			}
		}
		heads[Key(last)] = r.item(last)
		v.Items = append(v.Items, heads[Key(last)])
	}
	for _, c := range v.earlier(r, heads, page.Group(v.Items, "bad")) {
		if c.Mood == "bad" {
			v.Failing = append(v.Failing, c)
		} else {
			v.Quiet = append(v.Quiet, c)
		}
	}
	page.Expand(v.Failing, false)
	if len(v.Failing) == 0 {
		page.Expand(v.Quiet, false)
	}
	return v
}

// item is an integration with its last incident.
func (r Report) item(i Incident) *page.Item {
	d := i.Data
	d.Kind = alert.Opened // also of one that is closed, its steps are asked for
	item := page.NewItem(d)
	item.Nodes, item.Open, item.State = names(i.Nodes), i.Open, i.State()
	item.First, item.Last = r.clock(d.Failures.First), r.clock(d.Failures.Last)
	switch {
	case !i.ResolvedAt.IsZero() && !i.Open:
		item.State = "resolved, " + r.clock(i.ResolvedAt)
	case i.Open && d.Failures.Count == 1 && !r.To.IsZero():
		item.State = "failed once, " + text.Duration(max(r.To.Sub(d.Failures.Last), 0)) + " before the end"
	case i.Open:
		item.State = ""
	}
	for _, m := range i.Timeline[:min(len(i.Timeline), maxMoments)] {
		said := m.Text
		if m.What == "changed" {
			said = "The cause changes: " + said
		}
		item.Moments = append(item.Moments, [2]string{r.clock(m.At), said})
	}
	if n := i.UncountedMoments + max(len(i.Timeline)-maxMoments, 0); n > 0 {
		item.Moments = append(item.Moments, [2]string{"…", text.Count(n, "more change")})
	}
	return item
}

// earlier adds to the causes what came before the last ones of the integrations: each cause is
// shown with its steps.
func (v *View) earlier(r Report, heads map[string]*page.Item, all []*page.Cause) []*page.Cause {
	known, added := map[string]*page.Cause{}, map[*page.Cause]int{}
	for _, c := range all {
		known[c.Data.Cause.ID] = c
	}
	for _, i := range r.Incidents {
		head := heads[Key(i)]
		last := i.Data.ID == head.Data.ID
		for _, s := range i.Causes {
			if last && s.Cause == head.Data.Cause.ID {
				continue
			}
			state := "another cause came after"
			if !last {
				state = "an earlier incident"
			}
			c := known[s.Cause]
			if c == nil {
				c = page.NewCause(r.contentOf(s))
				known[s.Cause], all = c, append(all, c)
			}
			if added[c]++; added[c] > maxEarlier {
				c.More = "And " + text.Number(added[c]-maxEarlier) + " more that other causes came after."
				continue
			}
			c.Items = append(c.Items, &page.Item{
				Name: head.Name, ID: head.ID, Count: text.Count(s.Failures, "failure"),
				First: r.clock(s.First), Last: r.clock(s.Last), State: state,
			})
		}
	}
	return all
}

// contentOf is what is known of a spell's cause: from the first incident with it, or from the catalogue.
func (r Report) contentOf(s Spell) alert.Data {
	for _, i := range r.Incidents {
		if i.Data.Cause.ID == s.Cause {
			return i.Data
		}
	}
	if d, ok := r.Advice[s.Cause]; ok {
		return d
	}
	return alert.Data{Cause: alert.Cause{ID: s.Cause, Title: s.Title}}
}

func (v *View) headline(r Report) {
	end := " at the end of the logs"
	if !r.Complete {
		end = " at the end of what was read"
	}
	failed := text.Count(r.Integrations, "mail integration") + " failed; "
	if r.LeftOut != nil {
		failed = "At least " + failed
	}
	switch {
	case r.Unread():
		v.Headline, v.Mood = "Nothing could be read", "warn"
	case r.Integrations == 0 && r.Complete:
		v.Headline, v.Mood = "No failure of a mail integration was found", "good"
	case r.Integrations == 0:
		v.Headline, v.Mood = "No failure of a mail integration was found in what was read", "warn"
	case r.Failing == 0:
		v.Headline = failed + "none is still failing" + end
	case r.Failing == r.Integrations && r.LeftOut == nil:
		v.Headline, v.Mood = text.Plural(r.Failing, "mail integration is", "mail integrations are")+" failing"+end, "bad"
	default:
		v.Headline, v.Mood = failed+text.Plural(r.Failing, "is", "are")+" still failing"+end, "bad"
	}
}

// about says what was read, and what is not in the report.
func (v *View) about(r Report) {
	size, files := int64(0), 0
	for _, f := range r.Files {
		size += f.Bytes
		if f.Bytes > 0 || f.Problem == "" {
			files++
		}
	}
	read := fmt.Sprintf("Read %s, %s", text.Count(files, "file"), text.Size(size))
	if len(r.Nodes) > 0 {
		read += " (" + strings.TrimPrefix(text.Plural(len(r.Nodes), "node", "nodes"), "1 ") + ": " + names(r.Nodes) + ")"
	}
	if !r.From.IsZero() {
		read += fmt.Sprintf(", from %s to %s (%s)", r.clock(r.From), r.clock(r.To), r.zoneName())
	}
	if r.Failures > 0 {
		of := text.Count(r.Integrations, "integration")
		if l := r.LeftOut; l != nil {
			of = fmt.Sprintf("at least %s", text.Count(len(r.Incidents)+l.Incidents, "incident"))
		}
		read = text.Count(r.Failures, "failure") + " of " + of + ". " + read
	}
	v.About = []string{read + "."}
	asked := ""
	if r.Since != nil {
		asked += " since " + r.clock(*r.Since)
	}
	if r.Until != nil {
		asked += " until " + r.clock(*r.Until)
	}
	if asked != "" {
		v.About = append(v.About, "Limited to failures"+asked+".")
	}
	if l := r.LeftOut; l != nil {
		v.About = append(v.About, fmt.Sprintf("At least %s with %s are only counted, because there are too many: %s. "+
			"Use --since and --until to narrow down the report.",
			text.Count(l.Incidents, "more incident"), text.Count(l.Failures, "failure"), causesOf(l.Causes)))
	}
	if !r.Unread() && r.Failing < max(r.Integrations, 1) {
		v.About = append(v.About, silence)
	}
}

func causesOf(all []Spell) string {
	var list []string
	for _, c := range all[:min(len(all), 5)] {
		list = append(list, fmt.Sprintf("%s (%s)", c.Cause, text.Number(c.Failures)))
	}
	if n := len(all) - 5; n > 0 {
		list = append(list, fmt.Sprintf("%d other causes", n))
	}
	return strings.Join(list, ", ")
}

// names joins names, of which some are written.
func names(all []string) string {
	s := strings.Join(all[:min(len(all), maxNodes)], ", ")
	if n := len(all) - maxNodes; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}

func (r Report) zone() *time.Location {
	switch {
	case r.Zone != nil:
		return r.Zone
	case r.To.IsZero():
		return time.UTC
	}
	_, seconds := r.To.Zone()
	return time.FixedZone(r.To.Format("UTC-07:00"), seconds)
}

func (r Report) zoneName() string {
	if r.To.In(r.zone()).Format("-07:00") == "+00:00" {
		return "UTC"
	}
	return r.zone().String()
}

// clock is a time to the minute, in the report's zone.
func (r Report) clock(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(r.zone()).Format(text.Minute)
}
