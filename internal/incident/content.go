package incident

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// Bounds of what an alert says, in characters.
const (
	maxExcerpt = 2000
	maxField   = 200
)

// adminPage is where Jira 8.22 and later keep OAuth 2.0 integrations:
// Administration > Applications > Application links.
const adminPage = "/plugins/servlet/applinks/listApplicationLinks"

// content is the content of a failure, redacted. Secrets are removed from complete values, which
// are shortened afterwards: half a secret cannot be recognized.
func (r *Rules) content(f matchers.Failure, from Source) alert.Data {
	h := f.Header
	if f.Node != "" {
		shipped := *r
		shipped.masks, r = r.masks.On(f.Node), &shipped
	}
	facts := r.masks.Facts(f.Facts, h)
	advice := f.Cause.Advise(facts)
	d := alert.Data{
		Node: r.masks.Node(cmp.Or(f.Node, r.node)),
		Integration: alert.Integration{
			ID: f.Integration.ID, KnownBy: f.Integration.KnownBy, Name: r.names.of(f.Integration, f.Facts, f.Mailbox),
		},
		Cause: alert.Cause{
			ID: f.Cause.ID, RootCause: alert.RootCause(f.Cause.RootCause),
			Title: f.Cause.Title, Provider: f.Cause.Provider,
			Severity: f.Impact.Severity(f.Cause, 1), Confidence: f.Confidence, Codes: append([]string{}, f.Codes...),
		},
		Diagnosis: advice.Diagnosis, Confirm: advice.Confirm, Fix: append([]alert.Step{}, advice.Fix...),
		Links: []alert.Link{}, Facts: facts,
		Request: r.Request(h), Mailbox: r.mailbox(f), Phase: f.Impact.Phase,
		Log: alert.Log{
			Name: from.Name, Path: r.masks.Nodes(from.Path), Excerpt: text.Cut(r.masks.Event(f.Text, h), maxExcerpt),
		},
	}
	if f.Integration.KnownBy == alert.ByNothing {
		d.Integration.ID = alert.Unknown // its key is for us
	}
	if f.Integration.Flow != "" {
		d.Integration.Flow = &f.Integration.Flow
	}
	if f.Compared != "" {
		d.Diagnosis = strings.TrimSpace(d.Diagnosis + " " + r.masks.Text(f.Compared))
	}
	if f.Unchecked != "" {
		d.Facts["settings_unknown"] = text.Cut(r.masks.Text(f.Unchecked), alert.MaxFact)
	}
	if r.conf.JiraURL != "" {
		d.Links = append(d.Links, alert.Link{Title: "OAuth 2.0 integrations in Jira", URL: r.conf.JiraURL + adminPage})
	}
	d.Links = append(d.Links, f.Links...)
	if id, _ := facts["app_id"].(string); f.Cause.Provider == "microsoft" && facts["cloud"] == nil && isAppID.MatchString(id) {
		d.Links = append(d.Links, alert.Link{Title: "The app in Entra", URL: alert.EntraApp + id})
	}
	return d
}

// isAppID keeps what a log says from choosing more of an address than an ID.
var isAppID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// Learn adds what another log's report of the last failure reveals about the mailbox.
func (r *Rules) Learn(s State, f matchers.Failure) State {
	if m := r.mailbox(f); m != nil && (s.Content.Mailbox == nil || s.Content.Mailbox.Server == "" && m.Server != "") {
		s.Content.Mailbox = m
	}
	if name := r.names.of(f.Integration, f.Facts, f.Mailbox); name != nil && s.Content.Integration.Name == nil {
		s.Content.Integration.Name = name
	}
	return s
}

// mailbox is what a failure reveals about the mailbox, redacted; nil if nothing.
func (r *Rules) mailbox(f matchers.Failure) *alert.Mailbox {
	if f.Mailbox == (matchers.Mailbox{}) {
		return nil
	}
	show := func(s string) string { return text.Cut(r.masks.Field(s, f.Header), maxField) }
	m := f.Mailbox
	return &alert.Mailbox{Server: show(m.Server), Handler: show(m.Handler), HandlerID: m.HandlerID}
}

// Request is the request data of a header, redacted.
func (r *Rules) Request(h event.Header) alert.Request {
	return alert.Request{
		User:   text.Cut(r.masks.User(h.User), maxField),
		Client: text.Cut(r.masks.Client(h.Client), maxField),
		ID:     text.Cut(r.masks.Text(h.RequestID), maxField),
		Path:   text.Cut(r.masks.Field(h.URL, h), maxField),
	}
}

// Explain is a failure as the command explain shows it: the only alert of an incident, which is
// never delivered.
func (r *Rules) Explain(f matchers.Failure, from Source) alert.Data {
	at := encodable(f.Time)
	s := r.begin(r.Key(f), at, at)
	s.Count, s.NewFailures, s.Content = 1, 1, r.content(f, from)
	_, a := r.raise(sawRefresh(s, Occurrence{Cause: f.Cause, Impact: f.Impact, At: at}), alert.Opened, at)
	return a.Data
}

// Mask is a text, redacted.
func (r *Rules) Mask(text string) string { return r.masks.Text(text) }

// Sample is an alert of a kind about a failure, marked as a test, with a different ID at every
// moment.
func (r *Rules) Sample(f matchers.Failure, kind alert.Kind, now time.Time) alert.Alert {
	const mark = "TEST, nothing is broken: "
	f.Time = now
	d := r.Explain(f, Source{Name: "test", Path: "test"})
	number := 2
	switch kind {
	case alert.Blind, alert.Sighted:
		t := Trouble{Cause: LogUnreadable, Log: Source{Name: "TEST, nothing is broken", Path: "/test"}, Why: "permission denied", Since: now.Add(-time.Hour)}
		s, a := r.Trouble(State{}, t, now)
		if a != nil && kind == alert.Sighted {
			_, a = r.Over(s, t, now)
		}
		if a != nil {
			d = a.Data
		}
	case alert.Changed:
		before := "net-connect-timeout"
		d.Cause.Previous = &before
	case alert.Reminder:
		d.Failures.First, d.Failures.Count, d.Failures.SinceLastAlert = now.Add(-4*time.Hour), 25, 24
	case alert.Quiet:
		d.Failures.First, d.Failures.Last = now.Add(-25*time.Hour), now.Add(-24*time.Hour)
	case alert.Resolved:
		d.Failures.First, d.Failures.Last, d.ResolvedAt = now.Add(-time.Hour), now.Add(-time.Minute), now
	case alert.Storm:
		d.Integration = alert.Integration{ID: alert.Many, KnownBy: alert.ByNothing}
		d.Facts["integrations"], d.Facts["integrations_count"], d.Failures.Count = []string{"test-1", "test-2", "test-3"}, "60", 60
		number = 1
	case alert.Started:
		d, number = r.Started("1.5.0", "1.4.2", 1, now).Data, 1
	default:
		number = 1
	}
	if d.Kind = kind; kind != alert.Test {
		d.Cause.Title = mark + d.Cause.Title
	}
	d.ID = alert.NewID(r.idNode, "test", now).Alert(number)
	return alert.Alert{Type: "jira.oauth." + string(kind), Timestamp: now, Data: d}
}
