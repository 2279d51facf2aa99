// Package alert says what an alert is: the form in which it is sent, stored and
// reported.
package alert

import (
	"time"

	"jira-oauth-watcher/conf"
)

// Kind says why an alert was raised.
type Kind string

// The kinds of alerts.
const (
	Opened   Kind = "opened"   // an integration began to fail
	Changed  Kind = "changed"  // it fails for another cause now
	Reminder Kind = "reminder" // it goes on failing
	Quiet    Kind = "quiet"    // it has not failed for quiet_after: closed
	Resolved Kind = "resolved" // it is known to work again: closed
	Storm    Kind = "storm"    // many integrations began to fail at once, for one cause, or during maintenance
	Blind    Kind = "blind"    // the watcher cannot read a log, or a notifier does not deliver
	Sighted  Kind = "sighted"  // it can again
	Started  Kind = "started"  // the program was started
	Test     Kind = "test"     // a sample, on request
)

// Kinds are all of them.
var Kinds = []Kind{Opened, Changed, Reminder, Quiet, Resolved, Storm, Blind, Sighted, Started, Test}

// Closes reports whether the incident of an integration ends with it.
func (k Kind) Closes() bool { return k == Quiet || k == Resolved }

// Alert is one notification about an incident: the body of a webhook, in the
// envelope of Standard Webhooks (https://www.standardwebhooks.com). What it says
// of a log is redacted.
//
// Its JSON is the wire format and also the state format: incidents and queued
// deliveries are stored as alerts. A JSON name that changes is a change of both,
// see notify/alert.schema.json and internal/store/testdata.
type Alert struct {
	Type      string    `json:"type"`      // "jira.oauth." + kind
	Timestamp time.Time `json:"timestamp"` // of the event that raised it
	Data      Data      `json:"data"`
}

// Data is what an alert says.
type Data struct {
	Schema      int            `json:"schema"` // 1
	ID          ID             `json:"id"`     // the same whenever the alert is sent again
	Kind        Kind           `json:"kind"`
	Node        string         `json:"node"`
	Integration Integration    `json:"integration"`
	Cause       Cause          `json:"cause"`
	Diagnosis   string         `json:"diagnosis"`
	Fix         []Step         `json:"fix"`
	Confirm     string         `json:"confirm"`
	Links       []Link         `json:"links"`
	Facts       map[string]any `json:"facts"` // values are strings or lists of strings
	Request     Request        `json:"request"`
	Failures    Failures       `json:"failures"`
	Log         Log            `json:"log"`
	Probe       *Probe         `json:"probe"` // what the watcher found out itself; null = nothing

	// Phase is what Jira was doing when it failed: PhaseTest, PhaseRefresh or PhaseMail. Absent
	// where the log does not show it, as is Mailbox.
	Phase   string   `json:"phase,omitempty"`
	Mailbox *Mailbox `json:"mailbox,omitempty"`

	// GivesUpAt is when Jira stops trying to refresh the mailbox's token, at the latest:
	// from then on only a new authorization helps. Absent where it is not known.
	GivesUpAt time.Time `json:"gives_up_at,omitzero"`

	// ResolvedAt is when the connection worked again. Absent where that is not known.
	ResolvedAt time.Time `json:"resolved_at,omitzero"`

	// Acknowledged is who acknowledged the incident in Slack; absent when it is not.
	Acknowledged *Acknowledged `json:"acknowledged,omitempty"`
}

// In is d with its times in a zone; nil = as they are.
func (d Data) In(zone *time.Location) Data {
	if zone == nil {
		return d
	}
	times := []*time.Time{&d.Failures.First, &d.Failures.Last, &d.GivesUpAt, &d.ResolvedAt}
	if d.Acknowledged != nil {
		d.Acknowledged = new(*d.Acknowledged)
		times = append(times, &d.Acknowledged.At, &d.Acknowledged.Until)
	}
	if d.Probe != nil {
		d.Probe = new(*d.Probe)
		times = append(times, &d.Probe.At)
	}
	for _, t := range times {
		if !t.IsZero() {
			*t = t.In(zone)
		}
	}
	return d
}

// Incident is the ID of the incident that an alert belongs to.
func (d Data) Incident() ID { return d.ID.Incident() }

// Again reports whether the incident was alerted before.
func (d Data) Again() bool { return d.ID.Number() > 1 }

// First reports whether it is the first alert of its incident.
func (d Data) First() bool { return d.ID.Number() == 1 }

// Acknowledged is what a person did with a button: no reminders come until the
// incident changes or ends, or, when it was snoozed, until a time.
type Acknowledged struct {
	By     string    `json:"by"`             // name of the person, as Slack has it
	UserID string    `json:"user_id"`        // of the person in Slack
	At     time.Time `json:"at"`             // when
	Until  time.Time `json:"until,omitzero"` // snoozed until then; zero = acknowledged
}

// Integration is the one that fails.
type Integration struct {
	ID      string  `json:"id"`       // the dedup key, or "unknown"
	Flow    *string `json:"flow"`     // UUID of the flow, null when the log shows none
	Name    *string `json:"name"`     // the operator's; null when it has none
	KnownBy string  `json:"known_by"` // see ByFlow
}

// Mailbox is the one whose mail Jira could not fetch or send, as far as the log shows
// it. At least one member is there.
type Mailbox struct {
	Server    string `json:"server,omitempty"`     // name or host of the mail server
	Handler   string `json:"handler,omitempty"`    // name of the mail handler
	HandlerID string `json:"handler_id,omitempty"` // its number in Jira
}

// Cause is what is wrong.
type Cause struct {
	ID         string        `json:"id"`
	RootCause  *int          `json:"root_cause"` // number in Atlassian's article, null when it is not in there
	Title      string        `json:"title"`
	Provider   string        `json:"provider"`
	Severity   conf.Severity `json:"severity"`
	Confidence string        `json:"confidence"`
	Codes      []string      `json:"codes"`
	Previous   *string       `json:"previous"` // ID of the cause before, in an alert of kind changed
}

// Step is one thing to do.
type Step struct {
	Text  string `json:"text"`
	Where string `json:"where"` // who can do it
}

// Link is a page to read. Its URL is the catalogue's, never the log's.
type Link struct {
	Title string `json:"title" toml:"title"`
	URL   string `json:"url" toml:"url"`
}

// Paths and addresses of pages on which people act.
const (
	JiraPages = "/plugins/servlet/" // of Jira

	// EntraApp leads to an app registration when its application ID follows, as Microsoft's CLI for
	// Microsoft 365 opens it (https://pnp.github.io/cli-microsoft365/cmd/app/app-open).
	EntraApp = "https://portal.azure.com/#blade/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/Overview/appId/"
)

// Request is the browser's request that Jira was answering.
type Request struct {
	User   string `json:"user"`
	Client string `json:"client"`
	ID     string `json:"id"`
	Path   string `json:"path"`
}

// Failures counts the failures of the incident.
type Failures struct {
	Count          int       `json:"count"`
	First          time.Time `json:"first"`
	Last           time.Time `json:"last"`
	SinceLastAlert int       `json:"since_last_alert"`
}

// Log is where the last failure is.
type Log struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	Excerpt string `json:"excerpt"` // at most 2,000 characters
}

// RootCause is n as the wire has it: null for 0.
func RootCause(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
