// Package notify delivers alerts: each notifier has a queue, and a worker that
// retries, backs off and gives up. The receivers are packages below it.
package notify

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// Notifier delivers alerts to one receiver.
type Notifier interface {
	// Send delivers an alert. nil means that the receiver has accepted it; any
	// other outcome is an *Error. d.Plain asks for the simplest form there is,
	// after the usual one was refused. d.Receipt is what Send returned for an
	// alert of the same incident before; a nil Receipt forgets it.
	Send(ctx context.Context, d Delivery) (Receipt, error)
}

// Receipt is what a notifier needs to find an incident at its receiver again, such as
// the position of a message; nil = nothing. Only the notifier that made it understands
// it. It holds no secret.
type Receipt = json.RawMessage

// Refresher is a Notifier whose receiver shows the current state of incidents, and is
// brought up to date between alerts.
type Refresher interface {
	Notifier
	// Refresh brings the receiver up to date, with few requests. It is called when
	// nothing waits in the queue. changed holds the new receipts of incidents, nil for
	// one to be deleted; it is valid with an error too. next is when Refresh must be
	// called again even if nothing happens; 0 = never. An error is an *Error; Refresh
	// is then retried later.
	Refresh(ctx context.Context, open []OpenIncident) (changed map[alert.ID]Receipt, next time.Duration, err error)
}

// Keeper is a Notifier whose receiver keeps something for each incident, such as a message that
// shows its state. It is sent the end of each (Delivery.Covered), also where one alert notifies
// people of many.
type Keeper interface {
	Notifier
	// Groups reports whether the receiver itself groups what it shows to people, so that it
	// may be sent any number of incidents.
	Groups() bool
}

// OpenIncident is an open incident as it is now.
type OpenIncident struct {
	Data    alert.Data // Kind is Opened, Storm or Blind; ID is the incident's, without a number
	Receipt Receipt    // of the notifier that asks, never nil
}

// Outcome says what a failed Send means for the rest of the queue.
type Outcome int

// The outcomes of a failed Send.
const (
	Retry       Outcome = iota // not now: retry
	BadMessage                 // this message is refused, another may be accepted
	BadSettings                // nothing is accepted until the settings are fixed
	Gone                       // the receiver returned 410 Gone
)

// Error is a failed Send. Its text never holds the address or a secret.
type Error struct {
	Outcome    Outcome
	RetryAfter time.Duration // the receiver asked for this pause; 0 = it did not
	Unsure     bool          // all of the request was sent, and no answer came in time: it may have been accepted
	Err        error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Target is a notifier with its name and rules.
type Target struct {
	conf.Notifier
	Kind      string // such as slack: the section of the configuration
	To        Notifier
	RateLimit *RateLimit     // nil = none
	Zone      *time.Location // that the texts of alerts show times in; nil = as they are

	// Endless keeps the order of all deliveries and gives up none: those after one that fails wait.
	Endless bool

	PlainText bool    // the plain form of an alert is text
	Buttons   Buttons // on the messages; nil = there are none
}

// Buttons are what people press on the messages of a notifier.
type Buttons interface {
	// Run calls press for each press until ctx is done, which is no error. press
	// returns a sentence for the person who pressed, "" = nothing to say.
	Run(ctx context.Context, log *slog.Logger, press func(alert.Press) (string, error)) error
}
