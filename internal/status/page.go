package status

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
)

const refreshEvery = "30" // seconds

//go:embed style.css
var css string

//go:embed page.html
var pageHTML string

// policy allows a page nothing but this text and this style.
var policy = "default-src 'none'; style-src 'sha256-" + hashOf(css) + "'; img-src data:; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'"

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"at": at, "number": text.Number[int64], "size": text.Size, "count": text.Count[int], "count64": text.Count[int64],
	"plain": text.Printable, "plainLines": text.PrintableLines, "spans": text.Spans, "blocks": text.Blocks,
}).Parse(pageHTML))

// moment is a time as the page shows it.
type moment struct{ ISO, Clock, Ago string }

func at(t, now time.Time) moment {
	m := moment{ISO: t.Format(time.RFC3339), Clock: text.Time(t.In(now.Location()))}
	if d := now.Sub(t); d > time.Second || d < -time.Second {
		m.Ago = text.Ago(t, now)
	}
	return m
}

// view is a Report as the page shows it.
type view struct {
	Report
	query
	Headline, Mood                   string
	Glance                           []glance
	Icon                             template.URL
	Style                            template.HTML
	Troubles, Storms, Failing, Muted []card
	Closed                           []card
	Logs                             []logCard
	Notifiers                        []notifierCard
}

// card is an incident as the page shows it.
type card struct {
	Incident
	Message  message.Message
	Now      time.Time
	Mood     string
	Wide     bool   // its steps are expanded
	Alone    bool   // so is its evidence
	Rows     []card // of a storm
	MoreRows int    // on other pages
}

func newCard(i Incident, now time.Time, mood string) card {
	i.Data.Acknowledged = i.Acknowledged
	return card{Incident: i, Message: message.Of(i.Data), Now: now, Mood: mood}
}

// glance is one entry of the overview, and a link to its details.
type glance struct{ Link, Name, Mood, Words string }

type logCard struct {
	Log
	Mood, Words string
}

type notifierCard struct {
	Notifier
	Mood, Words string
}

type deliveryLine struct{ Notifier, State, Words string }

// Origin is whose incident it is.
func (c card) Origin() string { return text.Printable(c.Message.Whose) }

// Anchor is its fragment in the address of the page.
func (c card) Anchor() string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-@.", r) {
			return r
		}
		return '_'
	}, string(c.Data.ID))
}

// Title is what is wrong, and with which integration where it has a name.
func (c card) Title() string {
	title := text.Printable(c.Data.Cause.Title)
	first, n := utf8.DecodeRuneInString(title)
	return c.Message.Named(string(unicode.ToUpper(first)) + title[n:])
}

// Failures is the number of failures or gaps, "" for a trouble.
func (c card) Failures() string { return c.Message.Count }

// Acknowledged says who has acknowledged it, "" = no one.
func (c card) Acknowledged() string {
	if c.Message.Acknowledged == nil {
		return ""
	}
	words := c.Message.Acknowledged.String()
	return strings.ToLower(words[:1]) + words[1:]
}

// Chart is its week; a trouble and a storm have none.
func (c card) Chart() *chart {
	if c.Message.Subject != message.Integration {
		return nil
	}
	return newChart(c.Hours, c.Now)
}

// Deliveries are the last ones.
func (c card) Deliveries() []deliveryLine {
	var all []deliveryLine
	for _, d := range c.Incident.Deliveries {
		all = append(all, deliveryLine{d.Notifier, d.State, delivery(d, c.Now)})
	}
	return all
}

// newView expands steps where at most a number of incidents have them.
func newView(r Report, q query, expand int) view {
	v := view{Report: r, query: q, Style: template.HTML("<style>" + css + "</style>")}
	v.Headline, v.Mood = headline(r)
	v.Icon = icon(v.Mood)
	members, storms := map[alert.ID][]card{}, map[alert.ID]bool{}
	for _, i := range r.Open {
		storms[i.Data.ID] = i.MemberCount > 0 && !i.Muted
	}
	for _, i := range r.Open {
		c := newCard(i, r.Time, "bad")
		switch {
		case i.Muted:
			c.Mood = ""
			v.Muted = append(v.Muted, c)
		case c.Message.Subject == message.Watcher:
			c.Mood = "warn"
			v.Troubles = append(v.Troubles, c)
		case c.Message.Subject == message.Many:
			v.Storms = append(v.Storms, c)
		case storms[i.Storm]:
			members[i.Storm] = append(members[i.Storm], c)
		default:
			v.Failing = append(v.Failing, c)
		}
	}
	for i := range v.Storms {
		storm := &v.Storms[i]
		if storm.Rows = members[storm.Data.ID]; r.Pages > 1 {
			storm.MoreRows = max(storm.MemberCount-len(storm.Rows), 0)
		}
	}
	n := len(v.Failing) + len(v.Storms) + len(v.Troubles)
	for i, list := range [][]card{v.Muted, v.Troubles, v.Storms, v.Failing} {
		for j := range list {
			list[j].Wide, list[j].Alone = q.All || i > 0 && n <= expand, q.All || i > 0 && n == 1
		}
	}
	for _, i := range r.Closed {
		v.Closed = append(v.Closed, newCard(i, r.Time, ""))
	}
	for _, l := range r.Logs {
		v.Logs = append(v.Logs, logCard{l, logMood(l), logState(l)})
	}
	for _, n := range r.Notifiers {
		v.Notifiers = append(v.Notifiers, notifierCard{n, notifierMood(n), circuitState(n, r.Time)})
	}
	v.Glance = v.glances()
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

// Ended is a link to the page on which the closed incidents begin.
func (v view) Ended() string { return v.link(v.Total - v.Counts.Closed) }

func (v view) glances() []glance {
	var all []glance
	if n := v.Counts.Muted; n > 0 {
		at := v.link(v.Counts.Troubles + v.Counts.Storms + v.Counts.Failing)
		all = append(all, glance{at + "#muted", "muted", "", text.Plural(n, "integration fails", "integrations fail")})
	}
	for _, l := range v.Logs {
		all = append(all, glance{"#log-" + l.Name, l.Name, l.Mood, l.Words})
	}
	for _, n := range v.Notifiers {
		all = append(all, glance{"#notifier-" + n.Name, n.Name, n.Mood, n.Words})
	}
	return all
}

func logMood(l Log) string {
	switch {
	case l.State == "waiting":
		return "bad"
	case l.Lost > 0 || l.State == "starting":
		return "warn"
	}
	return "good"
}

func notifierMood(n Notifier) string {
	switch n.Circuit {
	case "held", "disabled":
		return "bad"
	case "waiting":
		return "warn"
	}
	return "good"
}

// icons are the colors of the dot that a browser shows next to the title.
var icons = map[string]string{"good": "1a6b3c", "warn": "d98a00", "bad": "b3261e"}

func icon(mood string) template.URL {
	return template.URL("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
		"%3Ccircle cx='8' cy='8' r='7' fill='%23" + icons[mood] + "'/%3E%3C/svg%3E")
}
