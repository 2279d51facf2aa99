package notify

import (
	"context"
	"fmt"
	"io"
	"time"

	"jira-oauth-watcher/conf"
)

// Notifier is one way out of the door.
type Notifier interface {
	// Send delivers an alert. nil means that the receiver has accepted it; any
	// other outcome is an *Error. plain asks for the simplest form there is,
	// after the usual one was refused.
	Send(ctx context.Context, a Alert, plain bool) error
}

// Outcome says what a failed Send means for the queue behind it.
type Outcome int

// The outcomes of a failed Send.
const (
	Retry       Outcome = iota // not now: try again
	BadMessage                 // this message is refused, another may be accepted
	BadSettings                // nothing is accepted until somebody mends the settings
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
	Kind string // slack, webhook or console
	To   Notifier
}

// New builds the notifiers of a configuration; with none configured, the
// console on out.
func New(c *conf.Config, out io.Writer, style Style) ([]Target, error) {
	var targets []Target
	for _, s := range c.Slack {
		client, err := newClient(s.Notifier)
		if err != nil {
			return nil, fmt.Errorf("notifier %q: %w", s.Name, err)
		}
		targets = append(targets, Target{Notifier: s.Notifier, Kind: "slack", To: &Slack{client: client, url: s.WebhookURL}})
	}
	for _, w := range c.Webhooks {
		client, err := newClient(w.Notifier)
		if err != nil {
			return nil, fmt.Errorf("notifier %q: %w", w.Name, err)
		}
		targets = append(targets, Target{Notifier: w.Notifier, Kind: "webhook", To: &Webhook{client: client, conf: w}})
	}
	if len(targets) == 0 {
		rules := conf.Notifier{Name: "console", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour}
		targets = append(targets, Target{Notifier: rules, Kind: "console", To: &Console{out: out, style: style}})
	}
	return targets, nil
}
