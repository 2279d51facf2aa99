package incident

import (
	"fmt"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// Bounds of what an alert says, in characters.
const (
	maxExcerpt = 2000
	maxField   = 200
)

// adminPage is where Jira 8.22 and later keep OAuth 2.0 integrations:
// Administration > Applications > Application links.
const adminPage = "/plugins/servlet/applinks/listApplicationLinks"

// content is what a failure says, with the masks on. Secrets are taken out of
// whole values, which are shortened afterwards: half a secret has no shape.
func (r *Rules) content(f matchers.Failure, from Source) notify.Data {
	h := f.Header
	facts := r.masks.Facts(f.Facts, h)
	advice := f.Cause.Advise(facts)
	d := notify.Data{
		Node:        r.masks.Node(r.node),
		Integration: notify.Integration{ID: f.Integration.ID, KnownBy: f.Integration.KnownBy},
		Cause: notify.Cause{
			ID: f.Cause.ID, RootCause: notify.RootCause(f.Cause.RootCause), Title: f.Cause.Title, Provider: f.Cause.Provider,
			Severity: f.Cause.Severity, Confidence: f.Cause.Confidence, Codes: append([]string{}, f.Codes...),
		},
		Diagnosis: advice.Diagnosis,
		Confirm:   advice.Confirm,
		Fix:       []notify.Step{},
		Links:     []notify.Link{},
		Facts:     facts,
		Request:   r.Request(h),
		Log:       notify.Log{Name: from.Name, Path: from.Path, Excerpt: notify.Cut(r.masks.Event(f.Text, h), maxExcerpt)},
	}
	if f.Integration.Flow != "" {
		d.Integration.Flow = &f.Integration.Flow
	}
	for _, s := range advice.Fix {
		d.Fix = append(d.Fix, notify.Step(s))
	}
	if r.conf.JiraURL != "" {
		d.Links = append(d.Links, notify.Link{Title: "OAuth 2.0 integrations in Jira", URL: r.conf.JiraURL + adminPage})
	}
	for _, l := range f.Links {
		d.Links = append(d.Links, notify.Link(l))
	}
	return d
}

// Request is what a header says of a request, as it may be shown.
func (r *Rules) Request(h event.Header) notify.Request {
	return notify.Request{
		User:   notify.Cut(r.masks.User(h.User), maxField),
		Client: notify.Cut(r.masks.Client(h.Client), maxField),
		ID:     notify.Cut(r.masks.Text(h.RequestID), maxField),
		Path:   notify.Cut(r.masks.Field(h.URL, h), maxField),
	}
}

// Explain is a failure as explain shows it: one alert of its own, never
// delivered.
func (r *Rules) Explain(f matchers.Failure, from Source) notify.Data {
	at := encodable(f.Time)
	_, a := r.tell(State{Key: r.Key(f), First: at, Last: at, Count: 1, Since: 1, Content: r.content(f, from)}, notify.Opened, at)
	return a.Data
}

// Mask is a text as it may be shown.
func (r *Rules) Mask(text string) string { return r.masks.Text(text) }

// Sample is an alert of kind test about a failure, with an ID of its own for
// each moment.
func (r *Rules) Sample(f matchers.Failure, now time.Time) notify.Alert {
	f.Time = now
	d := r.Explain(f, Source{Name: "test", Path: "test"})
	d.Kind = notify.Test
	d.ID = fmt.Sprintf("test@%s#1", now.UTC().Format("20060102T150405.000Z"))
	return notify.Alert{Type: "jira.oauth." + string(notify.Test), Timestamp: now, Data: d}
}
