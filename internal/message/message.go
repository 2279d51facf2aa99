// Package message composes what an alert says to people; receivers render it.
package message

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Message is what an alert says, before a receiver renders it. Of is the only place
// that decides by the kind of an alert; a receiver decides on order, marks and limits.
// Its texts are the catalogue's and the log's, and may be long: receivers escape and
// cut them.
type Message struct {
	ID   alert.ID
	Node string

	Subject    Subject
	Ends       bool // it is the last alert of its incident: there is nothing to do
	Repeats    bool // the incident goes on as the alert before said
	Calls      bool // people are mentioned
	Broadcast  bool // it is news for those too who do not read the incident's thread
	Actionable bool // the incident can be acknowledged

	Mark  string // an emoji that shows how bad it is
	State string // what happened
	About string // what follows State in a headline: the cause, or nothing
	Topic string // what is wrong, in the same words for as long as it lasts
	Whose string // whose trouble it is
	Name  string // what people call the integration, "" = not known
	Tag   string // Whose in a few characters: Name or a short ID

	Sentences   []Sentence // what happened, and what it means
	News        []Sentence // those of them that the alert before did not say
	Notes       []Sentence // what is good to know, and can wait
	Description string     // what is wrong, or that it is over

	Steps   []Step
	Confirm string // how to see that it is fixed

	Facts         []Fact     // what a person acts on, or needs for a support case
	Details       []Fact     // further facts, for those who investigate
	Circumstances []Fact     // when, where and how often
	Request       []Fact     // the browser's request that Jira was answering
	Origin        []Sentence // the circumstances in one line
	Integrations  Roll       // of a storm

	Count        string // how many failures or gaps there were, "" = it lasts
	Reference    string // cause, code and number, to search for
	Links        []alert.Link
	Acknowledged *Acknowledged

	Log     string // path of the log
	Excerpt string // of the log, with line ends
}

// Subject is what an alert is about.
type Subject int

// The subjects of alerts.
const (
	Integration Subject = iota // one integration fails
	Many                       // many integrations fail at once
	Watcher                    // the watcher is impaired
	Trial                      // nothing: the alert is a sample
)

// Of composes the message of an alert.
func Of(d alert.Data) Message {
	m := Message{
		ID: d.ID, Node: d.Node, Subject: SubjectOf(d), Topic: topic(d), Whose: whose(d), Name: title(d),
		Count: count(d), Reference: reference(d), Acknowledged: acknowledged(d.Acknowledged), Log: d.Log.Path,
		Description: d.Diagnosis,
		Facts:       facts(d), Details: details(d), Circumstances: circumstances(d), Request: request(d),
		Origin: origin(d), Integrations: roll(d), Links: reachable(d.Links), Excerpt: d.Log.Excerpt,
	}
	m.state(d)
	m.Tag = tag(d, m)
	m.sentences(d)
	switch d.Kind {
	case alert.Opened, alert.Storm:
		m.Calls, m.Broadcast = d.First(), d.Kind == alert.Storm
		m.Actionable = len(values(d, "notifier_added")) == 0 // that is not an incident
	case alert.Blind:
		m.Calls = d.First()
	case alert.Changed:
		m.Broadcast, m.Actionable = true, true
	case alert.Reminder:
		m.Repeats, m.Actionable = true, true
	case alert.Sighted:
		m.Ends, m.Broadcast = true, true
	case alert.Started:
		m.Ends, m.Facts, m.Details, m.Circumstances = true, nil, nil, nil
		m.Origin = m.Origin[:min(len(m.Origin), 2)] // where and when
	case alert.Quiet, alert.Resolved:
		m.Ends = true
		m.Description = m.Summary()
		m.Facts, m.Details, m.Excerpt = m.Facts[:min(len(m.Facts), 1)], nil, "" // whose it was
		m.Links = m.Links[:min(len(m.Links), 1)]                                // where Test connection is
	}
	if !d.Kind.Closes() {
		m.Steps = withProbe(steps(d.Fix), d.Probe)
	}
	if !m.Ends && !text.Blank(d.Confirm) {
		m.Confirm = d.Confirm
	}
	return m
}

// Headline is state, cause and integration in one line.
func (m Message) Headline() string { return m.Mark + " " + m.Title() }

// Title is Headline without its mark.
func (m Message) Title() string { return m.Named(m.State + m.About) }

// Named adds the integration's name to a title.
func (m Message) Named(title string) string {
	if m.Name == "" {
		return title
	}
	return title + " · " + m.Name
}

// Table is the facts with what else may be looked up.
func (m Message) Table() []Fact {
	return slices.Concat(m.Facts, m.Circumstances, []Fact{{"Cause", []string{m.Reference}}})
}

// Summary says what happened and what it means.
func (m Message) Summary() string {
	var parts []string
	for _, s := range m.Sentences {
		parts = append(parts, s.String())
	}
	return strings.Join(parts, " ")
}

// SubjectOf is what an alert is about.
func SubjectOf(d alert.Data) Subject {
	switch {
	case d.Kind == alert.Test:
		return Trial
	case d.Kind == alert.Blind || d.Kind == alert.Sighted || d.Kind == alert.Started:
		return Watcher
	case d.Kind == alert.Storm || d.Integration.ID == alert.Many:
		return Many
	}
	return Integration
}

// whose is whose trouble it is.
func whose(d alert.Data) string {
	switch SubjectOf(d) {
	case Watcher:
		if d.Log.Name != "" {
			return "log " + d.Log.Name
		}
		if names := values(d, "notifier"); len(names) > 0 {
			return "notifier " + strings.Join(names, " ")
		}
		return "the watcher"
	case Many:
		return "many integrations"
	}
	if d.Integration.ID == alert.Unknown {
		return "integration not shown in the log"
	}
	return d.Integration.ID
}

var isUUID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func tag(d alert.Data, m Message) string {
	switch {
	case m.Name != "":
		return m.Name
	case d.Kind == alert.Storm || m.Subject == Watcher || d.Integration.ID == alert.Unknown:
		return ""
	case m.Subject == Many:
		return m.Integrations.these()
	case isUUID.MatchString(d.Integration.ID):
		return d.Integration.ID[:8]
	}
	return d.Integration.ID
}

// name is the integration's name, "" when none is known.
func name(d alert.Data) string {
	if d.Integration.Name == nil || text.Blank(*d.Integration.Name) {
		return ""
	}
	return *d.Integration.Name
}

// title is the name of an integration in titles: where the operator has given none, that
// of the mail server or handler as a quotation of the log. "" when none is known.
func title(d alert.Data) string {
	switch m := d.Mailbox; {
	case SubjectOf(d) == Watcher || SubjectOf(d) == Many:
	case name(d) != "":
		return name(d)
	case m == nil:
	case m.Server == "" || m.Handler != "" && strings.Contains(m.Server, "."): // a host is that of many mailboxes
		return quoted(m.Handler)
	default:
		return quoted(m.Server)
	}
	return ""
}

// maxQuoted is how long a name from the log may be in a title.
const maxQuoted = 40

// quoted is a name from the log as a quotation that is no link; "" if it is masked.
func quoted(s string) string {
	if text.Blank(s) || strings.Contains(s, "[") {
		return ""
	}
	s = strings.NewReplacer("“", "'", "”", "'", "`", "'").Replace(text.Printable(s))
	return "“" + text.Unlink(text.Cut(s, maxQuoted)) + "”"
}

// reference names cause, code and number, to search for.
func reference(d alert.Data) string {
	parts := []string{d.Cause.ID}
	if d.Cause.RootCause != nil {
		parts = append(parts, fmt.Sprintf("root cause %d of Atlassian's article", *d.Cause.RootCause))
	}
	return strings.Join(append(parts, d.Cause.Codes...), ", ")
}

// Acknowledged is who handles the incident, and until when it is snoozed.
type Acknowledged struct {
	alert.Acknowledged
	What string // Acknowledged or Snoozed
}

func acknowledged(a *alert.Acknowledged) *Acknowledged {
	switch {
	case a == nil:
		return nil
	case a.Until.IsZero():
		return &Acknowledged{*a, "Acknowledged"}
	}
	return &Acknowledged{*a, "Snoozed"}
}

func (a Acknowledged) String() string {
	words := a.What + " by " + text.Printable(a.By)
	if !a.Until.IsZero() {
		words += " until " + text.Time(a.Until)
	}
	return words
}

// Pages are the links apart: to pages on which people act, and to articles.
func (m Message) Pages() (act, articles []alert.Link) {
	for _, l := range m.Links {
		if strings.Contains(l.URL, alert.JiraPages) || strings.HasPrefix(l.URL, alert.EntraApp) {
			act = append(act, l)
		} else {
			articles = append(articles, l)
		}
	}
	return act, articles
}

// Limits of links: three long addresses would fill a message of Slack.
const (
	maxURL   = 600 // bytes
	maxLinks = 6
)

var host = regexp.MustCompile(`^([0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$`)

// reachable are the links that lead to a page.
func reachable(links []alert.Link) []alert.Link {
	var out []alert.Link
	for _, l := range links {
		u, err := url.Parse(l.URL)
		if err != nil || len(l.URL) > maxURL || u.Scheme != "https" && u.Scheme != "http" || u.User != nil ||
			!host.MatchString(u.Host) || strings.ContainsAny(l.URL, " \"") || text.Printable(l.URL) != l.URL {
			continue
		}
		if out = append(out, l); len(out) == maxLinks {
			break
		}
	}
	return out
}
