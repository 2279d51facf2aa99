package message

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Limits of lists.
const (
	MaxValues       = 10 // values of a fact
	MaxIntegrations = 40 // of a storm
)

// Fact is something that a person needs next to the diagnosis.
type Fact struct {
	Label  string
	Values []string // each on its own line; none is blank
}

//go:embed labels.txt
var labelText string

// labels name the facts of failures, in the order in which they are shown. A label may
// name several facts, and the details are for those who investigate.
var labels, detailLabels, unlabeled, actors = readLabels(labelText)

type label struct {
	name  string
	facts []string
}

func readLabels(text string) (shown, details, elsewhere, actors []label) {
	sections := []*[]label{&shown, &details, &elsewhere, &actors}
	for line := range strings.Lines(text) {
		name, facts, ok := strings.Cut(line, ": ")
		switch {
		case ok:
			*sections[0] = append(*sections[0], label{name, strings.Fields(facts)})
		case line == "\n":
			sections = sections[1:]
		}
	}
	return shown, details, elsewhere, actors
}

// list is facts being put together.
type list []Fact

func (l *list) add(name string, values ...string) {
	values = slices.DeleteFunc(slices.Clone(values), text.Blank)
	if len(values) > 0 {
		*l = append(*l, Fact{name, values})
	}
}

func (l *list) labeled(d alert.Data, labels []label) {
	for _, of := range labels {
		var all []string
		for _, fact := range of.facts {
			all = append(all, values(d, fact)...)
		}
		l.add(of.name, all...)
	}
}

func facts(d alert.Data) []Fact {
	var l list
	switch {
	case SubjectOf(d) == Watcher:
		if !strings.Contains(d.Diagnosis, d.Log.Path) {
			l.add("Log", d.Log.Path)
		}
	case d.Kind == alert.Storm: // has a list
	case SubjectOf(d) == Many:
		l.add("Integrations", roll(d).First(MaxValues-1)...)
	case d.Integration.ID == alert.Unknown:
		l.add("Integration", "not shown in the log")
	default:
		l.add("Integration", name(d), d.Integration.ID+knownBy[d.Integration.KnownBy])
	}
	l.add("Failed during", phases[d.Phase])
	if m := d.Mailbox; m != nil {
		l.add("Mail handler", handler(*m))
		l.add("Mail server", m.Server)
	}
	if flow := d.Integration.Flow; flow != nil && *flow != d.Integration.ID {
		l.add("Sign-in (flow)", *flow)
	}
	l.labeled(d, labels)
	if d.Probe != nil {
		l.add(Probe, append([]string{d.Probe.Text}, d.Probe.Seen[:min(len(d.Probe.Seen), MaxValues-1)]...)...)
	}
	return l
}

// phases say what Jira was doing when it failed.
var phases = map[string]string{
	alert.PhaseTest:    "connection test or authorization",
	alert.PhaseRefresh: "background token refresh",
}

// knownBy says what an integration's ID is, where it is not its own.
var knownBy = map[string]string{
	alert.ByConfiguration: " (ID in Jira)",
	alert.ByApp:           " (application ID)",
	alert.ByTenant:        " (tenant)",
	alert.BySuffix:        " (last part of the Redirect URL)",
}

// handler names a mail handler.
func handler(m alert.Mailbox) string {
	switch {
	case m.HandlerID == "":
		return m.Handler
	case m.Handler == "":
		return "ID " + m.HandlerID
	}
	return m.Handler + " (ID " + m.HandlerID + ")"
}

// details are the further facts; those of the operator's causes have the names
// that the operator gave them.
func details(d alert.Data) []Fact {
	var l list
	l.labeled(d, detailLabels)
	var known []string
	for _, of := range slices.Concat(labels, detailLabels, unlabeled) {
		known = append(known, of.facts...)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Facts)) {
		if !slices.Contains(known, name) {
			l.add(strings.ReplaceAll(name, "_", " "), values(d, name)...)
		}
	}
	return l
}

// triedBy is the person who made the request; a thread in the background has a name
// of its own there.
func triedBy(d alert.Data) string {
	if text.Blank(d.Request.User) || d.Phase == alert.PhaseRefresh && d.Request.ID == "" {
		return ""
	}
	return strings.TrimSpace(d.Request.User)
}

func request(d alert.Data) []Fact {
	var l list
	l.add("Tried by", triedBy(d))
	l.add("From address", d.Request.Client)
	l.add("Request", strings.TrimSpace(d.Request.ID+" "+d.Request.Path))
	return l
}

func circumstances(d alert.Data) []Fact {
	var l list
	if f := d.Failures; !f.First.IsZero() {
		name, value := "Failures", fmt.Sprintf("%d, first %s, last %s", f.Count, text.Time(f.First), text.Time(f.Last))
		switch {
		case lasting(d) && d.Kind == alert.Sighted:
			name, value = "Began", text.Time(f.First)
		case lasting(d):
			name, value = "Since", text.Time(f.First)
		case SubjectOf(d) == Watcher:
			name = "Gaps"
		}
		l.add(name, value)
	}
	l.add("Tried by", triedBy(d))
	l.add("Jira node", d.Node)
	l.add("Severity", severity(d))
	return l
}

// origin is where and when it was seen.
func origin(d alert.Data) []Sentence {
	all := []Sentence{{{Text: d.Node, Emphasis: Exact}}}
	if user := triedBy(d); user != "" {
		all = append(all, Sentence{{Text: "tried by "}, {Text: user, Emphasis: Exact}})
	}
	if f := d.Failures; !f.Last.IsZero() {
		all = append(all, Sentence{{At: f.Last}})
		switch {
		case f.First.IsZero():
		case lasting(d) && d.Kind == alert.Sighted:
			all = append(all, Sentence{{Text: "began "}, {At: f.First}})
		case lasting(d):
			all = append(all, Sentence{{Text: "since "}, {At: f.First}})
		case f.Count > 1:
			all = append(all, Sentence{{Text: count(d) + " since "}, {At: f.First}})
		}
	}
	if !d.Kind.Closes() && d.Kind != alert.Sighted {
		all = append(all, Sentence{{Text: "severity " + severity(d)}})
	}
	return all
}

// count is how many failures or gaps there were, "" when what is wrong lasts.
func count(d alert.Data) string {
	switch {
	case lasting(d):
		return ""
	case SubjectOf(d) == Watcher:
		return text.Count(d.Failures.Count, "gap")
	}
	return text.Count(d.Failures.Count, "failure")
}

// lasting reports whether an alert is about what goes on until it is over, such
// as a log that cannot be read: how often it was noticed means nothing.
func lasting(d alert.Data) bool { return SubjectOf(d) == Watcher && d.Cause.ID != alert.LinesLost }

func severity(d alert.Data) string {
	if text.Blank(d.Cause.Confidence) {
		return d.Cause.Severity.String()
	}
	return fmt.Sprintf("%s, cause %s", d.Cause.Severity, d.Cause.Confidence)
}

// afterMaintenance reports whether a storm is the summary of what maintenance held back.
func afterMaintenance(d alert.Data) bool { return len(values(d, "maintenance_to")) > 0 }

// values are the texts of a fact, which is a string or a list; a list that has
// been JSON is one of any.
func values(d alert.Data, fact string) []string {
	switch value := d.Facts[fact].(type) {
	case string:
		if !text.Blank(value) {
			return []string{value}
		}
	case []string:
		return value
	case []any:
		var out []string
		for _, v := range value {
			if s, ok := v.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// AtMost are the first values of a list, and how many more there are.
func AtMost(values []string, n int) []string { return first(values, n, len(values)) }

// first are the first n values of so many, of which a list may have only some.
func first(values []string, n, total int) []string {
	n = max(min(len(values), n), 0)
	if n == total {
		return values
	}
	return append(values[:n:n], fmt.Sprintf("and %d more", total-n))
}

// Roll names the integrations of a group. It is empty for any other alert.
type Roll struct {
	IDs      []string // those that the alert names
	Total    int      // at least as many as there are IDs
	Attempts int      // of them, those that are known by a flow only: several may be of one integration
}

func roll(d alert.Data) Roll {
	if SubjectOf(d) != Many {
		return Roll{}
	}
	number := func(fact string) int {
		count, _ := d.Facts[fact].(string)
		n, _ := strconv.Atoi(strings.TrimSpace(count))
		return max(n, 0)
	}
	r := Roll{IDs: values(d, "integrations")}
	r.Total = max(number("integrations_count"), len(r.IDs))
	r.Attempts = min(number("attempts_count"), r.Total)
	return r
}

// First are the first n of the integrations, and how many more there are.
func (r Roll) First(n int) []string { return first(r.IDs, n, r.Total) }

// Text names the first n integrations in one text, "" when there are none.
func (r Roll) Text(n int) string {
	ids := r.First(n)
	if len(ids) == 0 {
		return ""
	}
	return r.Heading() + ": " + strings.Join(ids, ", ")
}

// Heading says how many integrations there are.
func (r Roll) Heading() string {
	if r.Total == 0 {
		return "Many integrations"
	}
	return text.Members(r.Total, r.Attempts)
}

// fail says that they fail, and how.
func (r Roll) fail(how string) string {
	switch {
	case r.Total > 0 && r.Attempts == r.Total: // an attempt does not go on
		return r.Heading() + " failed " + how
	case r.Total == 1:
		return r.Heading() + " is failing " + how
	}
	return r.Heading() + " are failing " + how
}

// still says that they still fail.
func (r Roll) still() string {
	switch {
	case r.Total > 0 && r.Attempts == r.Total:
		return "Tests still fail, " + r.Heading() + " so far"
	case r.Total == 1:
		return r.Heading() + " is still failing"
	}
	return r.Heading() + " are still failing"
}

// these are the integrations within a sentence.
func (r Roll) these() string {
	if r.Total == 0 {
		return "many integrations"
	}
	return "the " + r.Heading()
}
