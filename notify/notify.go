package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Notifier is one way out of the door.
type Notifier interface {
	// Send delivers an alert. nil means that the receiver has accepted it; any
	// other outcome is an *Error. d.Plain asks for the simplest form there is,
	// after the usual one was refused. d.Receipt is what Send returned for an
	// alert of the same incident before; a nil Receipt forgets it.
	Send(ctx context.Context, d Delivery) (Receipt, error)
}

// Receipt is what a notifier has to know to find an incident at its receiver
// again, such as the place of a message; nil = nothing. Only the notifier
// that made it understands it. It holds no secret.
type Receipt = json.RawMessage

// Keeper is a Notifier whose receiver shows how an incident stands, and is
// brought up to date between alerts.
type Keeper interface {
	Notifier
	// Keep brings the receiver up to date, with few requests. It is called when
	// nothing waits in the queue. changed holds the new receipts of incidents,
	// nil for one to be forgotten; it counts with an error too. next is when
	// Keep wants to be called again even if nothing happens; 0 = never. An error
	// is an *Error; Keep is then called again later.
	Keep(ctx context.Context, standing []Standing) (changed map[alert.ID]Receipt, next time.Duration, err error)
}

// Standing is an open incident as it is now.
type Standing struct {
	Data    alert.Data // Kind is Opened, Storm or Blind; ID is the incident's, without a number
	Receipt Receipt    // of the notifier that asks, never nil
}

// Outcome says what a failed Send means for the queue behind it.
type Outcome int

// The outcomes of a failed Send.
const (
	Retry       Outcome = iota // not now: try again
	BadMessage                 // this message is refused, another may be accepted
	BadSettings                // nothing is accepted until somebody mends the settings
	Gone                       // the receiver wants nothing any more, ever
)

// Error is a failed Send. Its text never holds the address or a secret.
type Error struct {
	Outcome    Outcome
	RetryAfter time.Duration // the receiver asked for this pause; 0 = it did not
	Err        error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Target is a notifier with its name and rules.
type Target struct {
	conf.Notifier
	Kind string // slack, webhook, alertmanager or console
	To   Notifier
	Pace *Pace

	// Buttons are what people press on the messages; nil = there are none.
	Buttons *Buttons
}

// New builds the notifiers of a configuration; with none configured, the
// console on out.
func New(c *conf.Config, out io.Writer, style text.Style) ([]Target, error) {
	if err := checkProxies(); err != nil {
		return nil, err
	}
	var targets []Target
	shared := slackShared{paces: map[string]*Pace{}, buttons: map[string]*Buttons{}}
	for _, s := range c.Slack {
		t, err := shared.target(s)
		if err != nil {
			return nil, fmt.Errorf("notifier %q: %w", s.Name, err)
		}
		targets = append(targets, t)
	}
	for _, w := range c.Webhooks {
		to, err := newWebhook(w)
		if err != nil {
			return nil, fmt.Errorf("notifier %q: %w", w.Name, err)
		}
		targets = append(targets, Target{Notifier: w.Notifier, Kind: "webhook", To: to})
	}
	for _, m := range c.Alertmanagers {
		to, err := newAlertmanager(m, c.Alerts.QuietAfter, cmp.Or(c.HTTP.URL(), c.Alerts.JiraURL))
		if err != nil {
			return nil, fmt.Errorf("notifier %q: %w", m.Name, err)
		}
		targets = append(targets, Target{Notifier: m.Notifier, Kind: "alertmanager", To: to})
	}
	if len(targets) == 0 {
		rules := conf.Notifier{Name: "console", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour}
		targets = append(targets, Target{Notifier: rules, Kind: "console", To: &Console{out: out, style: style}})
	}
	return targets, nil
}
