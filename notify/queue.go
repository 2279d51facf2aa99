package notify

import (
	"cmp"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// Ship is the name of the queue of failures that package ship writes. No notifier can have it.
const Ship = "[ship]"

// Delivery is one alert for one notifier, as the queue keeps it.
type Delivery struct {
	Turn     uint64      `json:"-"` // when it is due, among what waits
	Seq      uint64      `json:"-"` // its number, in the order in which alerts were queued
	Alert    alert.Alert `json:"alert"`
	Queued   time.Time   `json:"queued"`
	Attempts int         `json:"attempts,omitempty"`
	Plain    bool        `json:"plain,omitempty"`  // the usual form was refused
	Reason   string      `json:"reason,omitempty"` // why the last attempt failed

	// Unsure: the last attempt may have been accepted, see Error.
	Unsure bool `json:"unsure,omitempty"`

	// Covered: another alert notifies people of this, so only what the receiver keeps for
	// the incident is brought up to date.
	Covered bool `json:"covered,omitempty"`

	// NoMention: people were mentioned for the same cause a few minutes before.
	NoMention bool `json:"no_mention,omitempty"`

	// Level is that of the log line of a failure; "" = this is an alert. A failure has no
	// kind, and the ID of Failure.
	Level string `json:"level,omitempty"`

	// More are the failures after this one that are delivered together with it.
	More []Delivery `json:"-"`

	Receipt Receipt `json:"-"` // of an earlier alert of the same incident, nil = none
}

// After reports whether the delivery comes after another one of the queue.
func (d Delivery) After(other Delivery) bool {
	return cmp.Or(cmp.Compare(d.Turn, other.Turn), cmp.Compare(d.Seq, other.Seq)) > 0
}

// Circuit says what a Worker is doing about its queue.
type Circuit string

// The states of a Circuit.
const (
	Closed    Circuit = ""         // delivering
	Waiting   Circuit = "waiting"  // the last attempt failed, it will be retried
	Suspended Circuit = "held"     // settings are rejected: the queue waits for a person
	Disabled  Circuit = "disabled" // the receiver returned 410 Gone
)

// Health is the state of a notifier; it outlives the process.
type Health struct {
	Circuit   Circuit   `json:"circuit,omitempty"`
	Since     time.Time `json:"since,omitzero"`      // of Circuit
	NotBefore time.Time `json:"not_before,omitzero"` // no attempt earlier: a pause, or what the receiver asked for
	Asked     time.Time `json:"asked,omitzero"`      // NotBefore, as far as the receiver has asked for it
	Reason    string    `json:"reason,omitempty"`    // of the last failed attempt, without address or secret
	Failed    time.Time `json:"failed,omitzero"`     // the last failed attempt
	Succeeded time.Time `json:"succeeded,omitzero"`  // the last delivery
	SetAside  int       `json:"set_aside,omitempty"` // dead-lettered deliveries so far
	Dropped   int       `json:"dropped,omitempty"`   // deliveries removed from a full queue; the Queue counts them
	Reported  int       `json:"told,omitempty"`      // of them, those that the other notifiers reported
}

// Queue is where a Worker's deliveries wait; it outlives the process.
type Queue interface {
	// Health is what was stored last; the zero Health at first.
	Health(notifier string) (Health, error)
	// Oldest is the next delivery, with its receipt; false when none waits.
	Oldest(notifier string) (Delivery, bool, error)
	// Next is the oldest delivery after d before which none of the same
	// incident waits, with its receipt; false when there is none, or none near
	// the front of a long queue.
	Next(notifier string, d Delivery) (Delivery, bool, error)
	// Done removes a delivery that was accepted and keeps its receipt.
	Done(notifier string, d Delivery, r Receipt, h Health) error
	// Retry keeps a delivery at its position, updated. One that is no longer in the
	// queue stays out.
	Retry(notifier string, d Delivery, h Health) error
	// SetAside moves a delivery from the queue to the dead letters.
	SetAside(notifier string, d Delivery, h Health) error
	// OpenIncidents are the open incidents that have a receipt of the notifier.
	OpenIncidents(notifier string) ([]OpenIncident, error)
	// SetReceipts stores changed receipts by incident; nil deletes one.
	SetReceipts(notifier string, changed map[alert.ID]Receipt) error
	// Pause stores the health of the notifier when no delivery is concerned.
	Pause(notifier string, h Health) error
	// Changed returns a channel that is closed at the next new delivery, and
	// when an incident has changed.
	Changed() <-chan struct{}
}
