package status

import (
	"fmt"
	"io"
	"strings"
	"time"

	"jira-oauth-watcher/internal/page"
	"jira-oauth-watcher/internal/text"
)

const columns = 80 // how wide the text is

// Text writes what the page shows, for a terminal.
func Text(w io.Writer, r Report) error {
	t := screen{Page: text.Page{Style: text.Style{Width: columns}}, r: r}
	v := newView(r, query{})
	t.Wrap("", "", v.Headline+".")
	for _, reason := range r.Reasons {
		t.Wrap("", "", reason)
	}
	for _, m := range r.Maintenance {
		t.Wrap("", "", m.String())
	}
	t.Wrap("", "", fmt.Sprintf("%s, as of %s; running since %s.", r.Node, text.Time(r.Time), r.When(r.Started)))
	for _, c := range v.Troubles {
		c.Wide = true // its steps are in no catalogue
	}
	for _, group := range []struct {
		name string
		list []*page.Cause
	}{
		{"Monitoring impaired", v.Troubles}, {"Many integrations at once", v.Storms},
		{"Failing now", v.Failing}, {"Failing, muted", v.Muted},
	} {
		t.heading(group.name, len(group.list))
		for i, c := range group.list {
			if i > 0 {
				t.Gap()
			}
			c.Text(&t.Page)
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
		t.Wrap("", "  ", fmt.Sprintf("%s: %s, %s", c.Name, c.Data.Cause.Title, c.Words()))
	}
	if more := r.Total - len(r.Open) - len(r.Incidents.Closed); more > 0 {
		t.Gap()
		t.Wrap("", "", "And "+text.Count(more, "more incident")+"; use --format json to list them.")
	}
	_, err := io.WriteString(w, t.String())
	return err
}

type screen struct {
	text.Page
	r Report
}

func (t *screen) heading(name string, n int) {
	if n > 0 {
		t.WriteString("\n" + strings.ToUpper(name) + "\n\n")
	}
}

func (t *screen) log(l Log, started time.Time) {
	t.Wrap("", "  ", fmt.Sprintf("%s: %s", l.Name, l.Words()))
	t.Wrap("  ", "    ", l.Path)
	last := "no line since " + t.r.When(started)
	if !l.LastLine.IsZero() {
		last = "last line " + t.r.When(l.LastLine)
	}
	lost := "nothing known to be lost"
	if l.Lost > 0 {
		lost = text.Size(l.Lost) + " LOST"
	}
	t.Wrap("  ", "    ", fmt.Sprintf("read to byte %s, %s behind; %s; %s, %s; %s; %s",
		text.Number(l.Position), text.Size(l.Lag), last, text.Count(l.Lines, "line"), text.Size(l.Bytes),
		text.Count(l.Rotations, "rotation"), lost))
}

func (t *screen) notifier(n Notifier) {
	t.Wrap("", "  ", fmt.Sprintf("%s (%s): %s", n.Name, n.Kind, n.Words(t.r.Time)))
	all := []string{"nothing queued"}
	if n.Queue > 0 {
		all[0] = text.Count(n.Queue, "alert") + " queued, the first one since " + t.r.When(n.Oldest)
	}
	if !n.Succeeded.IsZero() {
		all = append(all, "last success "+t.r.When(n.Succeeded))
	}
	if !n.Failed.IsZero() {
		all = append(all, "last error "+t.r.When(n.Failed)+because(n.Error))
	}
	if n.SetAside > 0 {
		all = append(all, text.Count(n.SetAside, "alert")+" dead-lettered")
	}
	if n.Dropped > 0 {
		all = append(all, text.Count(n.Dropped, "alert")+" dropped from a full queue")
	}
	t.Wrap("  ", "    ", strings.Join(all, "; "))
}
