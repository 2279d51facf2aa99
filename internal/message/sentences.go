package message

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Fragment is a part of a sentence, with what a receiver can make of it that
// shows more than text.
type Fragment struct {
	Text     string
	At       time.Time // a time instead of a text
	Emphasis Emphasis
}

// Emphasis is how a fragment is highlighted.
type Emphasis int

// The kinds of emphasis; zero is none.
const (
	Strong Emphasis = iota + 1
	Struck
	Exact // to be read letter by letter
)

// Sentence is a sentence in fragments.
type Sentence []Fragment

func (s Sentence) String() string {
	var b strings.Builder
	for _, p := range s {
		if p.At.IsZero() {
			b.WriteString(p.Text)
		} else {
			b.WriteString(text.Time(p.At))
		}
	}
	return b.String()
}

// states are the mark and the words for what has happened; test and mail are those for what Jira was doing when it
// failed: a failed test does not prove that mail is down.
var states = map[alert.Kind]struct{ mark, state, test, mail string }{
	alert.Opened: {"🔴", "Jira mail connection is failing", "Connection test failed", "Jira mail down"},
	alert.Changed: {"🟠", "Cause changed, Jira mail connection is still failing", "Cause changed, connection test failed",
		"Cause changed, Jira mail still down"},
	alert.Reminder: {"🔁", "Jira mail connection is still failing", "Connection test still fails", "Jira mail still down"},
	alert.Storm:    {mark: "🔴"},
	alert.Quiet:    {mark: "⚪", state: "No longer failing (unconfirmed)"},
	alert.Resolved: {mark: "🟢", state: "Resolved"},
	alert.Blind:    {mark: "⚠️", state: "Monitoring impaired"},
	alert.Sighted:  {mark: "🟢", state: "Monitoring restored"},
	alert.Started:  {mark: "ℹ️", state: "jira-oauth-watcher started"},
	alert.Test:     {mark: "🧪", state: "TEST, nothing is broken"},
}

// state is the first thing that a reader wants to know.
func (m *Message) state(d alert.Data) {
	s, known := states[d.Kind]
	if !known {
		s.mark, s.state = "🔴", string(d.Kind)
	}
	m.Mark, m.State, m.About = s.mark, s.state, about(d)
	switch storm := d.Kind == alert.Storm; {
	case storm && d.Again():
		m.Mark, m.State = "🔁", m.Integrations.still()
	case storm && len(values(d, "notifier_added")) > 0:
		m.State = m.Integrations.fail("already")
	case storm && afterMaintenance(d):
		m.State = m.Integrations.fail("after maintenance")
	case storm:
		m.State = m.Integrations.fail("at once")
	case d.Kind.Closes() && m.Integrations.Total > 0:
		m.State += ", " + m.Integrations.Heading()
	case d.Phase == alert.PhaseTest && s.test != "":
		m.State = s.test
	case (d.Phase == alert.PhaseRefresh || d.Phase == alert.PhaseMail) && s.mail != "":
		m.State = s.mail
	}
	if d.Acknowledged != nil && m.Subject != Trial && m.Subject != Watcher && !d.Kind.Closes() {
		m.Mark = "🟡"
	}
}

// about is what follows the state in a headline: the cause. What a watcher
// could not see is over when it can see again.
func about(d alert.Data) string {
	if d.Kind == alert.Sighted {
		if text.Blank(d.Log.Name) {
			return ""
		}
		return ": log " + d.Log.Name
	}
	if text.Blank(d.Cause.Title) {
		return ""
	}
	return ": " + d.Cause.Title
}

// topic is what is wrong in one line: the same words for as long as it lasts.
func topic(d alert.Data) string {
	kind := d.Kind
	if kind == alert.Changed || kind == alert.Reminder || kind.Closes() {
		kind = alert.Opened
	}
	var m Message
	m.state(alert.Data{Kind: kind, Facts: d.Facts})
	m.Name = title(d)
	return m.Named(m.State + ": " + d.Cause.Title)
}

func (m *Message) sentences(d alert.Data) {
	seen := func(all ...Sentence) []Sentence {
		return slices.DeleteFunc(all, func(s Sentence) bool { return text.Blank(s.String()) })
	}
	m.Sentences = seen(news(d))
	if !d.Kind.Closes() {
		m.Sentences = seen(news(d), account(d), extent(d), deadline(d), alternating(d), probe(d.Probe, len(d.Fix)+1))
		m.Notes = seen(backlog(d))
	}
	m.News = m.Sentences
	if d.Kind == alert.Reminder {
		m.News = seen(news(d), deadline(d), alternating(d), probe(d.Probe, len(d.Fix)+1))
	}
}

// news is what has happened since the alert before.
func news(d alert.Data) Sentence {
	f := d.Failures
	switch d.Kind {
	case alert.Changed:
		if d.Cause.Previous != nil && !text.Blank(*d.Cause.Previous) {
			return Sentence{{Text: "Before: "}, {Text: *d.Cause.Previous, Emphasis: Struck},
				{Text: ", which is fixed or masked by this cause."}}
		}
	case alert.Reminder, alert.Storm:
		if f.First.IsZero() || d.Kind == alert.Storm && !d.Again() {
			return nil
		}
		if f.SinceLastAlert == 0 {
			return Sentence{{Text: text.Count(f.Count, "failure") + " since "}, {At: f.First}, {Text: ", the last at "},
				{At: f.Last}, {Text: "."}}
		}
		return Sentence{
			{Text: text.Count(f.SinceLastAlert, "more failure"), Emphasis: Strong},
			{Text: fmt.Sprintf(" since the last message, %d in total since ", f.Count)}, {At: f.First}, {Text: "."},
		}
	case alert.Quiet:
		since := Sentence{{Text: "No failure since "}, {At: f.Last}}
		if f.Last.IsZero() {
			since = Sentence{{Text: "No further failure"}}
		}
		return append(since, Fragment{Text: ", after " + text.Count(f.Count, "failure") +
			". Jira does not log successful connections, so this does not prove a fix: run Test connection."})
	case alert.Resolved:
		s := Sentence{{Text: "Jira can connect to the mailbox again", Emphasis: Strong}}
		since, then := " since ", ". Mail that waited in the mailbox is fetched at the next polls."
		switch {
		case SubjectOf(d) == Many:
			s[0].Text, then = "All of these are known to work again", "."
		case tested(d):
			s[0].Text, since = "A test of this integration succeeded", " at "
			then = ". Mailboxes that were authorized with it keep their current token."
		}
		if !d.ResolvedAt.IsZero() && !f.First.IsZero() {
			s = append(s, Fragment{Text: since}, Fragment{At: d.ResolvedAt}, Fragment{Text: ", after " +
				text.Duration(d.ResolvedAt.Sub(f.First)) + " and " + text.Count(f.Count, "failure")})
		}
		return append(s, Fragment{Text: then})
	}
	return nil
}

// account is the diagnosis.
func account(d alert.Data) Sentence {
	var s Sentence
	if d.Cause.Confidence == "likely" && !afterMaintenance(d) { // which says it of one cause of several
		s = append(s, Fragment{Text: "Likely: ", Emphasis: Strong})
	}
	words := strings.TrimSpace(d.Diagnosis)
	if d.Kind == alert.Sighted && len(d.Fix) == 0 {
		words = strings.TrimSpace(words + " No action is required.")
	}
	return append(s, Fragment{Text: words})
}

// extent is what the failure means for mail, how often it was, and since when.
func extent(d alert.Data) Sentence {
	words, f := effect(d), d.Failures
	if SubjectOf(d) != Integration || d.Kind == alert.Reminder || f.First.IsZero() {
		return Sentence{{Text: words}}
	}
	since := map[bool]string{true: " at ", false: " since "}[f.Count == 1]
	return Sentence{{Text: strings.TrimLeft(words+" "+count(d)+since, " ")}, {At: f.First}, {Text: "."}}
}

// effect is what a failure means for mail, as far as its cause and its phase show. A
// failed test does not prove that mail has stopped: Jira keeps the tokens that it
// has. A failed refresh does, since Jira asks only when it needs a new token.
func effect(d alert.Data) string {
	switch {
	case SubjectOf(d) == Watcher || stated.MatchString(d.Diagnosis):
		return ""
	case SubjectOf(d) == Many:
		return "No mail in or out for mailboxes that need a new token."
	case tested(d) && d.Cause.Severity == conf.SeverityCritical:
		return "Mail stops when Jira's remaining tokens expire: expect the background refresh to fail, too."
	case tested(d) && d.Cause.Severity != conf.SeverityLow:
		return "A mailbox that was authorized before may still work with its older token."
	case !tested(d) && ofMail.MatchString(d.Diagnosis):
		return ""
	case d.Cause.Severity == conf.SeverityCritical:
		return "Until this is fixed, there is no mail in or out, and no mailbox can be authorized."
	case d.Cause.Severity == conf.SeverityLow:
		return "Mailboxes that work already are not known to be affected."
	case d.Phase == alert.PhaseRefresh:
		return "No mail in or out until this is fixed."
	}
	return "No mail in or out for a mailbox that needs a new token."
}

// tested reports whether the failure is that of a person's test or sign-in, and not
// of the background refresh: only those come from a browser.
func tested(d alert.Data) bool { return d.Phase == alert.PhaseTest }

// stated is how a diagnosis itself says what becomes of the mail.
var stated = regexp.MustCompile(`(?i)\bmail (?:stops|stays|has stopped)\b`)

// ofMail is a word of a diagnosis that is about the mail or the mailbox itself.
var ofMail = regexp.MustCompile(`(?:^|\s)[.,:;()]*mail(?:box(?:es|'s)?)?[.,:;()]*(?:\s|$)`)

// deadline is until when a fix is enough. Jira's plugin gives up at that time at the latest.
func deadline(d alert.Data) Sentence {
	const again = "the mailbox must be authorized again."
	switch {
	case SubjectOf(d) == Many && !d.GivesUpAt.IsZero():
		return Sentence{{Text: "Jira gives up on the first of these tokens on "}, {At: d.GivesUpAt},
			{Text: " at the latest. After that, its mailbox must be authorized again."}}
	case d.Phase != alert.PhaseRefresh || SubjectOf(d) != Integration:
		return nil
	case d.GivesUpAt.IsZero():
		return Sentence{{Text: "If it lasts, Jira gives up on this token at some point. After that, " + again}}
	case !d.GivesUpAt.After(d.Failures.Last):
		return Sentence{{Text: "Jira has given up on this token", Emphasis: Strong}, {Text: ": " + again}}
	}
	return Sentence{{Text: "Fix it before "}, {At: d.GivesUpAt}, {Text: ": then Jira gives up on this token, and " + again}}
}

// backlog is what becomes of the mail that arrives meanwhile.
func backlog(d alert.Data) Sentence {
	if d.Phase != alert.PhaseRefresh || SubjectOf(d) != Integration {
		return nil
	}
	return Sentence{{Text: "Incoming mail waits in the mailbox and is fetched at the next poll after the fix. " +
		"If the mail handler takes only new or unread mail, check that none was left."}}
}

func alternating(d alert.Data) Sentence {
	causes := values(d, "alternates_with")
	if len(causes) == 0 {
		return nil
	}
	return Sentence{{Text: "Alternates with: "},
		{Text: strings.Join(AtMost(causes, MaxValues), ", "), Emphasis: Exact}, {Text: "."}}
}

// Actor says in words who can do a step.
func Actor(where string) string {
	for _, who := range actors {
		if slices.Contains(who.facts, where) {
			return who.name
		}
	}
	if text.Blank(where) {
		return "To do"
	}
	return where
}

// Step is one thing to do.
type Step struct {
	Number int // from 1
	Who    string
	Text   string
	Later  bool `json:",omitempty"` // it is below what a phone shows first
}

func steps(fix []alert.Step) []Step {
	var out []Step
	for i, s := range fix {
		out = append(out, Step{i + 1, Actor(s.Where), s.Text, false})
	}
	return out
}

// Who says who has to act, with the numbers of their steps, such as 1, 3–5.
func Who(steps []Step) string {
	var names []string
	numbers := map[string][]string{}
	for _, turn := range Turns(steps) {
		who, first, last := turn[0].Who, turn[0].Number, turn[len(turn)-1].Number
		part := strconv.Itoa(first)
		if last > first {
			part += "–" + strconv.Itoa(last)
		}
		if numbers[who] == nil {
			names = append(names, who)
		}
		numbers[who] = append(numbers[who], part)
	}
	if len(names) == 1 {
		return names[0]
	}
	for i, name := range names {
		names[i] = name + " (" + strings.Join(numbers[name], ", ") + ")"
	}
	return strings.Join(names, ", ")
}

// Turns are the runs of steps for the same person. Steps keep their order and
// their numbers: what comes first must be done first.
func Turns(steps []Step) [][]Step {
	var out [][]Step
	for i, s := range steps {
		if i == 0 || s.Who != steps[i-1].Who || s.Number != steps[i-1].Number+1 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], s)
	}
	return out
}
