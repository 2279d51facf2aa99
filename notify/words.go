package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// The words that every receiver of people reads: state and title, what it
// means, who has to act.

// state is the first thing a reader wants to know.
func state(d alert.Data) (mark, words string) {
	switch d.Kind {
	case alert.Opened:
		mark, words = "🔴", "Jira mail connection fails"
	case alert.Changed:
		mark, words = "🟠", "Jira mail connection fails for another reason now"
	case alert.Reminder:
		mark, words = "🔁", "Jira mail connection still fails"
	case alert.Storm:
		mark, words = "🔴", many(d)+" fail at once"
		if d.Again() {
			mark, words = "🔁", many(d)+" still fail"
		}
	case alert.Quiet:
		return "⚪", "Quiet again"
	case alert.Blind:
		return "🙈", "The watcher needs help"
	case alert.Sighted:
		return "🟢", "The watcher can see again"
	case alert.Test:
		return "🧪", "TEST, nothing is broken"
	default:
		mark, words = "🔴", string(d.Kind)
	}
	if d.Acknowledged != nil {
		mark = "🟡"
	}
	return mark, words
}

// headline is state and cause in one line.
func headline(d alert.Data) string {
	mark, words := state(d)
	return mark + " " + words + about(d)
}

// about is what a headline says behind the state: the cause. What a watcher
// could not see is over when it can see again.
func about(d alert.Data) string {
	if d.Kind == alert.Sighted {
		if text.Blank(d.Log.Name) {
			return ""
		}
		return ": log " + d.Log.Name
	}
	// The title of the unknown cause is a sentence of its own.
	if why, ok := strings.CutPrefix(d.Cause.Title, "Jira's OAuth 2.0 connection fails "); ok && (d.Kind == alert.Opened || d.Kind == alert.Reminder) {
		return " " + why
	}
	if text.Blank(d.Cause.Title) {
		return ""
	}
	return ": " + d.Cause.Title
}

// A piece is a part of a sentence, with what a receiver can make of it that
// shows more than text.
type piece struct {
	text string
	at   time.Time // a time instead of a text
	look emphasis
}

type emphasis int

const (
	strong emphasis = iota + 1
	struck
	exact // to be read letter by letter
)

type sentence []piece

func (s sentence) String() string {
	var b strings.Builder
	for _, p := range s {
		if p.at.IsZero() {
			b.WriteString(p.text)
		} else {
			b.WriteString(timeOfDay(p.at))
		}
	}
	return b.String()
}

// summary says what happened and what it means, in a few sentences.
func summary(d alert.Data) string {
	var parts []string
	for _, s := range meaning(d) {
		parts = append(parts, s.String())
	}
	return strings.Join(parts, " ")
}

// meaning is what happened and what it means for the mailbox.
func meaning(d alert.Data) []sentence {
	sentences := []sentence{news(d)}
	if d.Kind != alert.Quiet {
		sentences = append(sentences, account(d), alternating(d))
	}
	return slices.DeleteFunc(sentences, func(s sentence) bool { return text.Blank(s.String()) })
}

// news is what has happened since the alert before.
func news(d alert.Data) sentence {
	f := d.Failures
	switch d.Kind {
	case alert.Changed:
		if d.Cause.Previous != nil && !text.Blank(*d.Cause.Previous) {
			return sentence{{text: "Before: "}, {text: *d.Cause.Previous, look: struck}, {text: ", which is over, or hidden by this cause."}}
		}
	case alert.Reminder, alert.Storm:
		if f.First.IsZero() || d.Kind == alert.Storm && !d.Again() {
			return nil
		}
		if f.SinceLastAlert == 0 {
			return sentence{{text: counted(f.Count, "failure") + " since "}, {at: f.First}, {text: ", the last at "}, {at: f.Last}, {text: "."}}
		}
		return sentence{{text: counted(f.SinceLastAlert, "more failure"), look: strong}, {text: fmt.Sprintf(" since the last message, %d in all since ", f.Count)},
			{at: f.First}, {text: "."}}
	case alert.Quiet:
		since := sentence{{text: "No failure since "}, {at: f.Last}}
		if f.Last.IsZero() {
			since = sentence{{text: "No failure any more"}}
		}
		return append(since, piece{text: ", after " + counted(f.Count, "failure") +
			". Jira's log does not show when a connection works, so quiet is no proof: run Test connection."})
	}
	return nil
}

// account is the diagnosis, with the effect where the diagnosis does not say
// it.
func account(d alert.Data) sentence {
	var s sentence
	if d.Cause.Confidence == "likely" {
		s = append(s, piece{text: "Likely: ", look: strong})
	}
	text := strings.TrimSpace(d.Diagnosis)
	if e := effect(d); e != "" {
		text = strings.TrimSpace(text + " " + e)
	}
	if d.Kind == alert.Sighted && len(d.Fix) == 0 {
		text = strings.TrimSpace(text + " There is nothing to do.")
	}
	return append(s, piece{text: text})
}

// effect is what a failure means for mail, as far as its cause tells.
func effect(d alert.Data) string {
	switch {
	case d.Kind == alert.Blind || d.Kind == alert.Sighted || ofMail(d.Diagnosis):
		return ""
	case d.Cause.Severity == conf.SeverityCritical:
		return "Until this is fixed, mail stops, and no mailbox can be authorized."
	case d.Cause.Severity == conf.SeverityLow:
		return "Jira got no token this time; mailboxes that work already are not known to be affected."
	case d.Kind == alert.Storm:
		return "Jira got no tokens: mailboxes that depend on them neither receive nor send mail until this is fixed."
	}
	return "Jira got no token: a mailbox that depends on it neither receives nor sends mail until this is fixed."
}

// ofMail tells whether a diagnosis says what becomes of the mail.
func ofMail(diagnosis string) bool {
	for _, word := range strings.Fields(diagnosis) {
		switch strings.Trim(word, ".,:;()") {
		case "mail", "mailbox", "mailboxes", "mailbox's":
			return true
		}
	}
	return false
}

func alternating(d alert.Data) sentence {
	causes := texts(d, "alternates_with")
	if len(causes) == 0 {
		return nil
	}
	return sentence{{text: "Comes and goes with: "}, {text: strings.Join(atMost(causes, maxList), ", "), look: exact}, {text: "."}}
}

// confirmation is how to see that it is fixed.
func confirmation(d alert.Data) string {
	if d.Kind == alert.Quiet || d.Kind == alert.Sighted || text.Blank(d.Confirm) {
		return ""
	}
	return d.Confirm
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// timeOfDay is a time as the log has it, with its offset.
func timeOfDay(t time.Time) string { return t.Format("2006-01-02 15:04:05 -07:00") }

// actors says in words who can do a step.
var actors = map[string]string{
	"jira-admin":     "Jira administrator",
	"jira-host":      "On the Jira nodes",
	"entra-admin":    "Entra administrator",
	"google-admin":   "Google administrator",
	"exchange-admin": "Exchange administrator",
	"mailbox-owner":  "Owner of the mailbox",
	"network-admin":  "Network and firewall",
}

// Actor says in words who can do a step.
func Actor(where string) string { return actor(where) }

func actor(where string) string {
	if words, ok := actors[where]; ok {
		return words
	}
	if text.Blank(where) {
		return "To do"
	}
	return where
}

// group is a run of steps for the same person. Steps keep their order and
// their numbers: what comes first has to be done first.
type group struct {
	who   string
	first int // number of its first step, from 1
	steps []alert.Step
}

func groups(fix []alert.Step) []group {
	var out []group
	for i, step := range fix {
		who := actor(step.Where)
		if len(out) == 0 || out[len(out)-1].who != who {
			out = append(out, group{who: who, first: i + 1})
		}
		last := &out[len(out)-1]
		last.steps = append(last.steps, step)
	}
	return out
}

// reference names cause, code and number, for searching.
func reference(d alert.Data) string {
	parts := []string{d.Cause.ID}
	if d.Cause.RootCause != nil {
		parts = append(parts, fmt.Sprintf("root cause %d of Atlassian's article", *d.Cause.RootCause))
	}
	return strings.Join(append(parts, d.Cause.Codes...), ", ")
}
