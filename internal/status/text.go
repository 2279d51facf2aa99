package status

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/text"
)

const (
	columns  = 80 // how wide the text is
	textWide = 3  // incidents that are shown with their steps
	textRows = 20 // integrations of a storm that are listed
)

// Text writes what the page shows, for a terminal.
func Text(w io.Writer, r Report) error {
	t := screen{Page: text.Page{Style: text.Style{Width: columns}}, now: r.Time}
	v := newView(r, query{}, textWide)
	t.Wrap("", "", v.Headline+".")
	for _, reason := range r.Reasons {
		t.Wrap("", "", reason)
	}
	for _, m := range r.Maintenance {
		t.Wrap("", "", m.String())
	}
	t.Wrap("", "", fmt.Sprintf("%s, as of %s; running since %s.", r.Node, text.Time(r.Time), t.when(r.Started)))
	for _, group := range []struct {
		name string
		list []card
	}{
		{"What keeps the watcher from seeing, or from being heard", v.Troubles}, {"Many at once", v.Storms},
		{"Failing now", v.Failing}, {"Failing, muted", v.Muted},
	} {
		t.heading(group.name, len(group.list))
		for i, c := range group.list {
			if i > 0 {
				t.Gap()
			}
			t.card(c)
		}
	}
	t.heading("Logs", len(v.Logs))
	for _, l := range v.Logs {
		t.log(l, r.Started)
	}
	t.heading("Notifiers", len(v.Notifiers))
	for _, n := range v.Notifiers {
		t.notifier(n)
	}
	t.heading("Closed in the last 7 days", len(v.Closed))
	for _, c := range v.Closed {
		f := c.Data.Failures
		t.Wrap("", "  ", fmt.Sprintf("%s, %s: %s to %s, closed %s", c.Title(), c.Origin(),
			strings.TrimSpace(c.Failures()+" from "+text.Time(f.First)), text.Time(f.Last), text.Ago(c.Closed, r.Time)))
		t.chart(c)
	}
	if more := r.Total - len(r.Open) - len(r.Closed); more > 0 {
		t.Gap()
		t.Wrap("", "", "And "+text.Count(more, "more incident")+", use --format json to list them.")
	}
	_, err := io.WriteString(w, t.String())
	return err
}

type screen struct {
	text.Page
	now time.Time
}

func (t *screen) heading(name string, n int) {
	if n > 0 {
		t.WriteString("\n" + strings.ToUpper(name) + "\n\n")
	}
}

func (t *screen) when(at time.Time) string { return text.Time(at) + " (" + text.Ago(at, t.now) + ")" }

func (t *screen) card(c card) {
	t.Wrap("", "  ", fmt.Sprintf("[%s] %s", c.Data.Cause.Severity, c.Title()))
	t.Wrap("  ", "  ", c.Origin())
	since := "Since " + t.when(c.Data.Failures.First)
	if n := c.Failures(); n != "" {
		since = n + " since " + t.when(c.Data.Failures.First) + ", the last one " + t.when(c.Data.Failures.Last)
	}
	if a := c.Acknowledged(); a != "" {
		since += "; " + a
	}
	t.Wrap("  ", "  ", since)
	t.chart(c)
	t.Wrap("  ", "  ", c.Message.Description)
	for _, d := range c.Deliveries() {
		t.Wrap("  ", "    ", d.Notifier+": "+d.Words)
	}
	rows := c.Rows[:min(len(c.Rows), textRows)]
	for _, row := range rows {
		last := text.Ago(row.Data.Failures.Last, t.now)
		t.Wrap("  - ", "    ", fmt.Sprintf("%s: %s, the last one %s", row.Origin(), row.Failures(), last))
	}
	if more := len(c.Rows) - len(rows) + c.MoreRows; more > 0 {
		t.Wrap("  - ", "    ", fmt.Sprintf("and %d more", more))
	}
	if !c.Wide && !slices.Contains(incident.OwnCauses, c.Data.Cause.ID) { // those are in no catalogue
		t.Wrap("  ", "    ", "How to mend it: jira-oauth-watcher causes "+c.Data.Cause.ID)
		return
	}
	for _, step := range c.Message.Steps {
		t.Step(fmt.Sprintf("  %2d. ", step.Number), "      ", "["+step.Who+"] "+step.Text)
	}
	if len(c.Message.Steps) > 0 {
		t.Wrap("  Fixed when: ", "      ", c.Message.Confirm)
	}
	for _, l := range c.Message.Links {
		t.Wrap("  ", "    ", l.Title+": "+l.URL)
	}
	for _, e := range c.Evidence() {
		t.Wrap(fmt.Sprintf("  %-15s ", e[0]), strings.Repeat(" ", 18), e[1])
	}
	for line := range strings.Lines(c.Data.Log.Excerpt) {
		t.Wrap("  | ", "  | ", line)
	}
}

func (t *screen) chart(c card) {
	if line := spark(c.Hours); line != "" && c.Chart() != nil {
		t.WriteString("  " + line + " 7 days\n")
	}
}

func (t *screen) log(l logCard, started time.Time) {
	t.Wrap("", "  ", fmt.Sprintf("%s: %s", l.Name, l.Words))
	t.Wrap("  ", "    ", l.Path)
	last := "no line since " + t.when(started)
	if !l.LastLine.IsZero() {
		last = "last line " + t.when(l.LastLine)
	}
	lost := "nothing known to be lost"
	if l.Lost > 0 {
		lost = text.Size(l.Lost) + " LOST"
	}
	t.Wrap("  ", "    ", fmt.Sprintf("read to byte %s, %s behind; %s; %s, %s; %s; %s",
		text.Number(l.Position), text.Size(l.Lag), last, text.Count(l.Lines, "line"), text.Size(l.Bytes),
		text.Count(l.Rotations, "rotation"), lost))
}

func (t *screen) notifier(n notifierCard) {
	t.Wrap("", "  ", fmt.Sprintf("%s (%s): %s", n.Name, n.Kind, n.Words))
	all := []string{"nothing waits"}
	if n.Queue > 0 {
		all[0] = text.Plural(n.Queue, "alert waits", "alerts wait") + ", the first one since " + t.when(n.Oldest)
	}
	if !n.Succeeded.IsZero() {
		all = append(all, "last success "+t.when(n.Succeeded))
	}
	if !n.Failed.IsZero() {
		all = append(all, "last error "+t.when(n.Failed)+because(n.Error))
	}
	if n.SetAside > 0 {
		all = append(all, text.Count(n.SetAside, "alert")+" set aside")
	}
	if n.Dropped > 0 {
		all = append(all, text.Count(n.Dropped, "alert")+" dropped from a full queue")
	}
	t.Wrap("  ", "    ", strings.Join(all, "; "))
}
