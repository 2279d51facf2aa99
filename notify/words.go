package notify

import (
	"fmt"
	"strings"
	"time"
)

// The words that every receiver of people reads: state and title, what it
// means, who has to act.

// state is the first thing a reader wants to know.
func state(d Data) (mark, words string) {
	switch d.Kind {
	case Opened:
		return "🔴", "Jira mail connection fails"
	case Changed:
		return "🟠", "Jira mail connection fails for another reason now"
	case Reminder:
		return "🔁", "Jira mail connection still fails"
	case Quiet:
		return "⚪", "Quiet again"
	case Blind:
		return "🙈", "The watcher has not seen all of Jira's log"
	case Test:
		return "🧪", "TEST, nothing is broken"
	}
	return "🔴", string(d.Kind)
}

// headline is state and cause in one line.
func headline(d Data) string {
	mark, words := state(d)
	return mark + " " + words + ": " + d.Cause.Title
}

// summary says what happened, in one or two sentences.
func summary(d Data) string {
	switch d.Kind {
	case Changed:
		if d.Cause.Previous != nil {
			return fmt.Sprintf("Before, the cause was %s; that is over, or hidden by this one. %s", *d.Cause.Previous, d.Diagnosis)
		}
	case Reminder:
		return fmt.Sprintf("%s since the last message, %d in all. %s", counted(d.Failures.SinceLastAlert, "more failure"), d.Failures.Count, d.Diagnosis)
	case Quiet:
		return fmt.Sprintf("No failure since %s, after %s. Jira's log does not show when a connection works, so quiet is no proof: run Test connection.",
			clock(d.Failures.Last), counted(d.Failures.Count, "failure"))
	}
	return d.Diagnosis
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clock is a time as the log has it, with its offset.
func clock(t time.Time) string { return t.Format("2006-01-02 15:04:05 -07:00") }

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
	return where
}

type pair struct{ name, value string }

// particulars are the facts a person needs beside the diagnosis, in order.
func particulars(d Data) []pair {
	flow := d.Integration.ID
	if flow == "unknown" {
		flow = "not shown in the log"
	}
	pairs := []pair{{"Integration (flow)", flow}}
	if d.Kind == Blind {
		pairs = []pair{{"Log", d.Log.Path}}
	}
	for _, f := range []pair{{"app_id", "App ID"}, {"app_name", "App name"}, {"tenant_id", "Tenant ID"}, {"tenant", "Tenant"}, {"resource", "Resource"}, {"unknown_host", "Host"}, {"proxy_status", "Proxy answered"}, {"correlation_id", "Correlation ID"}, {"trace_id", "Trace ID"}} {
		if value, ok := d.Facts[f.name].(string); ok && value != "" {
			pairs = append(pairs, pair{f.value, value})
		}
	}
	if !d.Failures.First.IsZero() {
		name := "Failures"
		if d.Kind == Blind {
			name = "Gaps"
		}
		pairs = append(pairs, pair{name, fmt.Sprintf("%d, first %s, last %s", d.Failures.Count, clock(d.Failures.First), clock(d.Failures.Last))})
	}
	if who := strings.TrimSpace(d.Request.User); who != "" {
		pairs = append(pairs, pair{"Tried by", who})
	}
	return append(pairs, pair{"Jira node", d.Node}, pair{"Severity", fmt.Sprintf("%s, cause %s", d.Cause.Severity, d.Cause.Confidence)})
}

// reference names cause, code and number, for searching.
func reference(d Data) string {
	parts := []string{d.Cause.ID}
	if d.Cause.RootCause != nil {
		parts = append(parts, fmt.Sprintf("root cause %d of Atlassian's article", *d.Cause.RootCause))
	}
	return strings.Join(append(parts, d.Cause.Codes...), ", ")
}

// Cut shortens s to at most n characters, at a word where there is one, and
// says so.
func Cut(s string, n int) string {
	const mark = "… cut"
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	head := string(runes[:max(n-len([]rune(mark)), 0)])
	if i := strings.LastIndexAny(head, " \n"); i > len(head)/2 {
		head = head[:i]
	}
	return head + mark
}
