package status

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/page"
	"jira-oauth-watcher/internal/text"
)

const refreshEvery = "30" // seconds

//go:embed page.html
var pageHTML string

// policy allows a page nothing but this text and this style.
var policy = "default-src 'none'; style-src 'sha256-" + hashOf(page.CSS) + "'; img-src data:; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'"

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var pageTemplate = page.Template(pageHTML)

// view is a Report as the page shows it.
type view struct {
	Report
	query
	Headline, Mood                   string
	Style                            template.HTML
	Items                            []*page.Item // those that have a row in the list
	Troubles, Storms, Failing, Muted []*page.Cause
	Closed                           []*page.Item
}

// When is a time as the page shows it, in the zone of the report.
func (r Report) When(t time.Time) string {
	clock := r.clock(t)
	if d := r.Time.Sub(t); d > time.Second || d < -time.Second {
		clock += " (" + text.Ago(t, r.Time) + ")"
	}
	return clock
}

func (r Report) clock(t time.Time) string { return t.In(r.Time.Location()).Format(text.Minute) }

// item is an incident in a cause or in the list.
func (r Report) item(i Incident) *page.Item {
	i.Data.Acknowledged = i.Acknowledged
	item := page.NewItem(i.Data)
	item.Open, item.Nodes = i.State == "open", i.Data.Node
	item.First, item.Last = r.clock(i.Data.Failures.First), text.Ago(i.Data.Failures.Last, r.Time)
	if a := item.Message.Acknowledged; a != nil {
		item.State = strings.ToLower(a.String()[:1]) + a.String()[1:]
	}
	if !i.Closed.IsZero() {
		item.Last, item.State = r.clock(i.Data.Failures.Last), "closed "+text.Ago(i.Closed, r.Time)
	}
	for _, d := range i.Deliveries {
		item.Notes = append(item.Notes, page.Note{Class: d.State, Text: d.Notifier + ": " + delivery(d, r.Time)})
	}
	return item
}

func newView(r Report, q query) view {
	v := view{Report: r, query: q, Style: template.HTML("<style>" + page.CSS + "</style>")}
	v.Headline, v.Mood = headline(r)
	storms := map[alert.ID]*page.Cause{}
	var failing, muted []*page.Item
	for _, i := range r.Open {
		item := r.item(i)
		subject := item.Message.Subject
		switch storm := storms[i.Storm]; {
		case i.Muted:
			muted = append(muted, item)
		case subject == message.Watcher || subject == message.Many:
			c := page.Group([]*page.Item{item}, "bad")[0]
			c.Anchor, item.Anchor = "of-"+item.Anchor, ""
			if subject == message.Watcher {
				c.Mood = "warn"
				v.Troubles = append(v.Troubles, c)
			} else {
				item.Name = text.Count(i.MemberCount, "integration")
				c.Members, storms[i.Data.ID] = i.MemberCount, c
				v.Storms = append(v.Storms, c)
			}
			v.Items = append(v.Items, item)
		case storm != nil:
			item.Anchor, item.Notes = "", nil
			storm.Items = append(storm.Items, item)
		default:
			failing = append(failing, item)
		}
	}
	for _, c := range v.Storms {
		if rest := c.Members - len(c.Items) + 1; rest > 0 && r.Pages > 1 {
			c.More = "And " + text.Count(rest, "other") + " on other pages."
		}
	}
	v.Failing, v.Muted = page.Group(failing, "bad"), page.Group(muted, "")
	for _, c := range v.Muted {
		c.Anchor = "muted-" + c.Anchor // a cause of that severity may be muted, and another one not
	}
	v.Items = append(v.Items, failing...)
	page.Expand(slices.Concat(v.Troubles, v.Storms, v.Failing), q.All)
	if q.All {
		page.Expand(v.Muted, true)
	}
	for _, i := range r.Closed {
		v.Closed = append(v.Closed, r.item(i))
	}
	return v
}

// Before is a link to the previous page, "" on the first one.
func (v view) Before() string {
	if v.Page <= 1 {
		return ""
	}
	return v.at(min(v.Page-1, v.Pages)).Link()
}

// After is a link to the next page, "" on the last one.
func (v view) After() string {
	if v.Page >= v.Pages {
		return ""
	}
	return v.at(v.Page + 1).Link()
}

// link leads to the page with the incident after n others, "" = this one.
func (v view) link(n int) string {
	if page := n/perPage + 1; page != v.Page {
		return v.at(page).Link()
	}
	return ""
}

// MutedPage is a link to the page on which the muted ones begin.
func (v view) MutedPage() string {
	return v.link(v.Counts.Troubles + v.Counts.Storms + v.Counts.Failing)
}

// Ended is a link to the page on which the closed incidents begin.
func (v view) Ended() string { return v.link(v.Total - v.Counts.Closed) }

// Clock is the time of the report.
func (r Report) Clock() string { return text.Time(r.Time) }
