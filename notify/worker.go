package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"jira-oauth-watcher/internal/clock"
)

// Pauses of a Worker.
const (
	firstPause   = time.Second      // after the first failed attempt; doubles
	maxPause     = 5 * time.Minute  // between attempts
	unsurePause  = time.Minute      // at least, after an attempt that may have been accepted
	patience     = 3                // the timeout of the attempts after such a one, in timeouts
	firstProbe   = time.Minute      // after settings were rejected; doubles
	maxProbe     = time.Hour        // between probes
	stopGrace    = 10 * time.Second // for a Send under way when the program ends
	refreshPause = 2 * time.Second  // between two refreshes
	refreshRetry = time.Minute      // after a failed Refresh
)

// Worker delivers what waits for one notifier, one at a time, oldest first
// unless that one is stuck, and keeps the receiver up to date while nothing
// waits.
type Worker struct {
	target Target
	queue  Queue
	log    *slog.Logger

	health        Health
	since         time.Time // retry_for counts from here at the earliest
	probes        int       // how often the settings were rejected since they last worked
	nextRefresh   time.Time // no refresh before
	refreshFailed bool      // the last Refresh failed

	bypass   Delivery // delivery tried last in place of a stuck oldest one
	bypassed bool     // the last attempt was the bypass
	suspect  uint64   // the delivery that failed while another was accepted
}

// NewWorker makes the worker of one notifier. It starts nothing.
func NewWorker(t Target, q Queue, log *slog.Logger) *Worker {
	t.RateLimit = cmp.Or(t.RateLimit, &RateLimit{})
	return &Worker{target: t, queue: q, log: log.With("notifier", t.Name)}
}

// Run delivers until ctx is done, which is no error. A Send under way then has
// ten more seconds. An error is the queue's, and final.
func (w *Worker) Run(ctx context.Context) error { return w.run(ctx, false) }

// Drain delivers until nothing waits any more, the settings are rejected, or ctx is
// done.
func (w *Worker) Drain(ctx context.Context) error { return w.run(ctx, true) }

func (w *Worker) run(ctx context.Context, drain bool) (err error) {
	if w.health, err = w.queue.Health(w.target.Name); err != nil {
		return err
	}
	w.since = clock.Now()
	w.target.RateLimit.began(w.health.Succeeded)
	if w.health.Circuit == Suspended || w.health.Circuit == Disabled { // the settings may have been fixed: try at once
		w.health.NotBefore = w.health.Asked
	}
	for ctx.Err() == nil {
		changed := w.queue.Changed()
		d, ok, err := w.queue.Oldest(w.target.Name)
		if err != nil {
			return err
		}
		due := w.due()
		switch {
		case drain && w.probes > 0:
			return nil
		case !ok:
			next, err := w.refresh(ctx)
			if err != nil || drain && (next < 0 || next > refreshPause || w.refreshFailed) {
				return err
			}
			clock.Wait(ctx, changed, next)
		case w.probes > 0 && w.health.Circuit == Disabled:
			clock.Wait(ctx, nil, -1)
		case clock.Until(due) > 0:
			clock.Wait(ctx, nil, clock.Until(due))
		default:
			if early := w.target.RateLimit.take(clock.Now()); early > 0 {
				clock.Wait(ctx, nil, early)
				continue
			}
			if err := w.attempt(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// due is when the next attempt may begin.
func (w *Worker) due() time.Time {
	due := w.health.NotBefore
	if clock.Until(due) > maxRetryAfter {
		due = time.Time{} // no pause is that long: the clock was set back
	}
	return due
}

// attempt sends the oldest delivery, or another one when that is stuck, and does with it what the
// outcome asks for.
//
// If another one is accepted the receiver works: the oldest is retried once as it is, since it may
// have recovered just now, then as a rejected message. Otherwise nothing is known, and all
// deliveries keep waiting.
func (w *Worker) attempt(ctx context.Context, oldest Delivery) error {
	d, err := w.choose(oldest)
	if err != nil {
		return err
	}
	d, failed, err := w.deliver(ctx, d)
	if failed == nil {
		if w.bypassed && err == nil && w.health.Circuit == Closed {
			w.suspect = oldest.Seq
			w.log.Warn("another alert was accepted, so the rejected one may be invalid", "alert",
				oldest.Alert.Data.ID, "err", oldest.Reason)
		}
		return err
	}
	// A rate limit says nothing about the message; by now it is at fault for any other
	// failure.
	limited := failed.Outcome == Retry && failed.RetryAfter > 0
	switch {
	case failed.Outcome == Gone:
		return w.disable(d, failed)
	case !w.bypassed && (failed.Outcome == BadMessage || w.suspect == d.Seq && !limited):
		return w.refused(d, failed)
	case failed.Outcome == BadSettings:
		return w.suspend(d, failed)
	case w.bypassed:
		return w.retryAfterPause(d, failed, oldest.Attempts)
	default:
		return w.retry(d, failed)
	}
}

// deliver makes one attempt. When it failed it returns why, and the updated delivery.
func (w *Worker) deliver(ctx context.Context, d Delivery) (Delivery, *Error, error) {
	d.Attempts++
	receipt, err := w.send(ctx, d)
	if err == nil {
		if w.health.Circuit == Suspended || w.health.Circuit == Disabled {
			w.log.Info("notifier works again", "alert", d.Alert.Data.ID)
			w.since = clock.Now()
		}
		w.probes = 0
		w.record(Closed, 0, nil)
		w.health.Succeeded = clock.Now()
		level := slog.LevelInfo
		if d.Level != "" { // failures are many
			level = slog.LevelDebug
		}
		w.log.Log(ctx, level, "alert delivered", "alert", d.Alert.Data.ID, "kind", d.Alert.Data.Kind, "attempt", d.Attempts)
		return d, nil, w.queue.Done(w.target.Name, d, receipt, w.health)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return d, nil, nil // canceled by the end of the program: the next run sends it
	}
	failed := &Error{Err: err}
	errors.As(err, &failed)
	d.Reason, d.Unsure = failed.Error(), d.Unsure || failed.Unsure
	return d, failed, nil
}

// record updates the health after an attempt; err is nil after a successful one.
func (w *Worker) record(to Circuit, pause time.Duration, err error) {
	now := clock.Now()
	if w.health.Circuit != to || w.health.Since.IsZero() {
		w.health.Circuit, w.health.Since = to, now
	}
	w.health.NotBefore, w.health.Asked = time.Time{}, time.Time{}
	if pause > 0 {
		w.health.NotBefore = now.Add(pause)
	}
	if failed, ok := errors.AsType[*Error](err); ok && failed.RetryAfter > 0 {
		w.health.Asked = now.Add(failed.RetryAfter)
	}
	if err != nil {
		w.health.Failed, w.health.Reason = now, err.Error()
	}
}

// send gives one attempt its time limit, and at the end of the program a grace
// to finish in.
func (w *Worker) send(ctx context.Context, d Delivery) (Receipt, error) {
	timeout := w.target.Timeout
	if d.Unsure { // better a late answer than the same alert again
		timeout *= patience
	}
	sending, done := w.grace(ctx, timeout)
	defer done()
	d.Alert.Data = d.Alert.Data.In(w.target.Zone)
	return w.target.To.Send(sending, d)
}

func (w *Worker) grace(ctx context.Context, timeout time.Duration) (sending context.Context, done func()) {
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		clock.Wait(sending, nil, stopGrace)
		cancel()
	})
	return sending, func() { stop(); cancel() }
}

// suspend keeps the whole queue: nothing can be delivered until a person fixes the
// settings. It logs that once and probes with backoff; a restart or a reload probes at
// once.
func (w *Worker) suspend(d Delivery, failed *Error) error {
	pause := max(min(firstProbe<<min(w.probes, 10), maxProbe), failed.RetryAfter)
	if w.probes == 0 {
		w.log.Error("receiver rejected the notifier's settings, its alerts stay queued: "+
			"fix its address, secret or permissions in the configuration or at the receiver, then reload",
			"alert", d.Alert.Data.ID, "in", pause, "err", failed)
	}
	w.probes++
	w.record(Suspended, pause, failed)
	return w.queue.Retry(w.target.Name, d, w.health)
}

// disable keeps the queue and stops delivery, as Standard Webhooks requires after 410,
// until a reload or a restart.
func (w *Worker) disable(d Delivery, failed *Error) error {
	w.log.Error("receiver returned 410 Gone, delivery is disabled: "+
		"change the notifier's address or remove it from the configuration, then reload",
		"alert", d.Alert.Data.ID, "err", failed)
	failed = &Error{Outcome: Gone, Err: fmt.Errorf("%w; nothing more is sent until a reload",
		failed.Err)} // the other notifiers report that
	d.Reason = failed.Error()
	w.probes++
	w.record(Disabled, 0, failed)
	return w.queue.Retry(w.target.Name, d, w.health)
}

// refused retries a rejected message once in its plainest form, then dead-letters it.
func (w *Worker) refused(d Delivery, failed *Error) error {
	if !d.Plain {
		d.Plain = true
		message := "alert rejected, will be retried once"
		if w.target.PlainText {
			message = "alert rejected, will be retried as plain text"
		}
		w.log.Warn(message, "alert", d.Alert.Data.ID, "err", d.Reason)
		w.record(Waiting, 0, failed)
		return w.queue.Retry(w.target.Name, d, w.health)
	}
	w.log.Error("alert rejected twice, moved to the dead-letter queue", "alert", d.Alert.Data.ID, "err", d.Reason)
	return w.setAside(d, failed)
}

func (w *Worker) setAside(d Delivery, failed *Error) error {
	w.record(Waiting, failed.RetryAfter, failed)
	w.health.SetAside++
	return w.queue.SetAside(w.target.Name, d, w.health)
}

// retry keeps a delivery for another attempt, or dead-letters it when retry_for is
// over. A suspended queue waits for a person, however long that takes.
func (w *Worker) retry(d Delivery, failed *Error) error {
	from := d.Queued
	if w.since.After(from) {
		from = w.since
	}
	if w.probes == 0 && clock.Since(from) > w.target.RetryFor && !w.target.Endless {
		w.log.Error("alert not delivered within retry_for, moved to the dead-letter queue",
			"alert", d.Alert.Data.ID, "attempt", d.Attempts, "err", failed)
		return w.setAside(d, failed)
	}
	return w.retryAfterPause(d, failed, d.Attempts)
}

// retryAfterPause keeps a delivery for another attempt, after the pause that is due when
// so many have failed.
func (w *Worker) retryAfterPause(d Delivery, failed *Error, attempts int) error {
	pause := max(backoff(attempts), failed.RetryAfter)
	if failed.Unsure {
		pause = max(pause, unsurePause)
	}
	circuit := Waiting
	if w.probes > 0 {
		circuit = w.health.Circuit
		pause = max(pause, min(firstProbe<<min(w.probes-1, 10), maxProbe))
	}
	w.record(circuit, pause, failed)
	w.log.Warn("alert not delivered", "alert", d.Alert.Data.ID, "attempt", d.Attempts, "in",
		pause.Round(time.Millisecond), "err", failed)
	return w.queue.Retry(w.target.Name, d, w.health)
}

// backoff is the pause after the given failed attempt: exponential, with half of it as
// jitter so that many senders do not retry at once.
func backoff(attempt int) time.Duration {
	pause := min(firstPause<<min(attempt-1, 10), maxPause)
	return pause/2 + clock.Jitter(pause/2)
}
