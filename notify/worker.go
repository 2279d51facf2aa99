package notify

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Delivery is one alert for one notifier, as the queue keeps it.
type Delivery struct {
	Seq       uint64    `json:"-"` // place in the queue
	Alert     Alert     `json:"alert"`
	Queued    time.Time `json:"queued"`
	Attempts  int       `json:"attempts,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"` // do not try earlier
	Plain     bool      `json:"plain,omitempty"`     // the usual form was refused
	Reason    string    `json:"reason,omitempty"`    // why the last attempt failed
}

// Queue is where a Worker's deliveries wait; it outlives the process.
type Queue interface {
	// Oldest is the delivery that is next; false when none waits.
	Oldest(notifier string) (Delivery, bool, error)
	// Done removes a delivery that was accepted.
	Done(notifier string, d Delivery) error
	// Retry keeps a delivery at its place, with what was learnt.
	Retry(notifier string, d Delivery) error
	// SetAside takes a delivery out of the queue for good and keeps it apart.
	SetAside(notifier string, d Delivery) error
	// Changed returns a channel that is closed at the next new delivery.
	Changed() <-chan struct{}
}

// Pauses of a Worker.
const (
	firstPause = time.Second      // after the first failed attempt; doubles
	maxPause   = 5 * time.Minute  // between attempts
	firstProbe = time.Minute      // after settings were refused; doubles
	maxProbe   = time.Hour        // between probes
	stopGrace  = 10 * time.Second // for a Send under way when the program ends
)

// Worker delivers what waits for one notifier, oldest first, one at a time.
type Worker struct {
	target Target
	queue  Queue
	log    *slog.Logger

	since time.Time // retry_for counts from here at the earliest
	held  int       // how often the settings were refused, 0 = not held
	probe time.Time // when held: the next attempt
}

// NewWorker makes the worker of one notifier. It starts nothing.
func NewWorker(t Target, q Queue, log *slog.Logger) *Worker {
	return &Worker{target: t, queue: q, log: log.With("notifier", t.Name)}
}

// Run delivers until ctx is done, which is no error. A Send under way then has
// ten more seconds. An error is the queue's, and final.
func (w *Worker) Run(ctx context.Context) error { return w.run(ctx, false) }

// Drain delivers until nothing waits any more, the settings are refused, or
// ctx is done.
func (w *Worker) Drain(ctx context.Context) error { return w.run(ctx, true) }

func (w *Worker) run(ctx context.Context, drain bool) error {
	w.since = time.Now()
	for ctx.Err() == nil {
		changed := w.queue.Changed()
		d, ok, err := w.queue.Oldest(w.target.Name)
		if err != nil {
			return err
		}
		due := d.NotBefore
		if w.held > 0 && w.probe.After(due) {
			due = w.probe
		}
		if time.Until(due) > maxRetryAfter {
			due = time.Time{} // no pause is that long: the clock was set back
		}
		switch {
		case drain && (!ok || w.held > 0):
			return nil
		case !ok:
			wait(ctx, changed, -1)
		case time.Until(due) > 0:
			wait(ctx, nil, time.Until(due))
		default:
			if err := w.attempt(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// wait returns after pause (negative = never), when changed is closed, or when
// ctx is done.
func wait(ctx context.Context, changed <-chan struct{}, pause time.Duration) {
	var timer <-chan time.Time
	if pause >= 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
	case <-changed:
	case <-timer:
	}
}

// attempt sends one delivery and does with it what the outcome asks for.
func (w *Worker) attempt(ctx context.Context, d Delivery) error {
	d.Attempts++
	err := w.send(ctx, d)
	if err == nil {
		if w.held > 0 {
			w.log.Info("notifier works again", "alert", d.Alert.Data.ID)
			w.held, w.since = 0, time.Now()
		}
		w.log.Info("alert delivered", "alert", d.Alert.Data.ID, "kind", d.Alert.Data.Kind, "attempt", d.Attempts)
		return w.queue.Done(w.target.Name, d)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // cut off by the end of the program: the next one sends it
	}
	failed := &Error{Err: err}
	errors.As(err, &failed)
	d.Reason = failed.Error()
	switch failed.Outcome {
	case BadSettings:
		return w.hold(d, failed)
	case BadMessage:
		return w.refused(d)
	default:
		return w.later(d, failed)
	}
}

// send gives one attempt its time limit, and at the end of the program a grace
// to finish in.
func (w *Worker) send(ctx context.Context, d Delivery) error {
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.target.Timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		wait(sending, nil, stopGrace)
		cancel()
	})
	defer stop()
	return w.target.To.Send(sending, d.Alert, d.Plain)
}

// hold keeps the whole queue: nothing of it can be delivered until somebody
// mends the settings. It says so once and probes now and then; a restart or a
// reload probes at once.
func (w *Worker) hold(d Delivery, failed *Error) error {
	pause := max(min(firstProbe<<min(w.held, 10), maxProbe), failed.RetryAfter)
	if w.held == 0 {
		w.log.Error("notifier refuses its settings, its alerts wait: mend its address, secret or permissions in the configuration or at the receiver, then reload",
			"alert", d.Alert.Data.ID, "in", pause, "err", failed)
	}
	w.held++
	w.probe = time.Now().Add(pause)
	return w.queue.Retry(w.target.Name, d)
}

// refused tries a refused message once more in its plainest form, then sets it
// aside.
func (w *Worker) refused(d Delivery) error {
	if !d.Plain {
		d.Plain = true
		w.log.Warn("alert refused, it is sent again as plain text", "alert", d.Alert.Data.ID, "err", d.Reason)
		return w.queue.Retry(w.target.Name, d)
	}
	w.log.Error("alert refused twice, it is set aside", "alert", d.Alert.Data.ID, "err", d.Reason)
	return w.queue.SetAside(w.target.Name, d)
}

// later keeps a delivery for another attempt, or sets it aside when retry_for
// is over. A queue that is held waits for a person, however long that takes.
func (w *Worker) later(d Delivery, failed *Error) error {
	from := d.Queued
	if w.since.After(from) {
		from = w.since
	}
	if w.held == 0 && time.Since(from) > w.target.RetryFor {
		w.log.Error("alert not delivered within retry_for, it is set aside", "alert", d.Alert.Data.ID, "attempt", d.Attempts, "err", failed)
		return w.queue.SetAside(w.target.Name, d)
	}
	pause := max(backoff(d.Attempts), failed.RetryAfter)
	d.NotBefore = time.Now().Add(pause)
	w.log.Warn("alert not delivered", "alert", d.Alert.Data.ID, "attempt", d.Attempts, "in", pause.Round(time.Millisecond), "err", failed)
	return w.queue.Retry(w.target.Name, d)
}

// backoff is the pause after the given failed attempt: growing, with half of
// it left to chance so that many senders do not come back at once.
func backoff(attempt int) time.Duration {
	pause := min(firstPause<<min(attempt-1, 10), maxPause)
	return pause/2 + rand.N(pause/2)
}
