package notify

import (
	"context"
	"time"

	"jira-oauth-watcher/internal/clock"
)

// When the oldest delivery may itself be the reason for failing.
const (
	stuckProbes   = 2                // failed since the settings were rejected
	stuckAttempts = 5                // of it, and …
	stuckFor      = 10 * time.Minute // … so long without a delivery
)

// try makes one attempt at the oldest delivery, or at another one when the
// oldest is stuck.
func (w *Worker) try(ctx context.Context, oldest Delivery) error {
	other, ok, err := w.other(oldest)
	if err != nil {
		return err
	}
	if ok {
		return w.attemptOther(ctx, other, oldest)
	}
	return w.attempt(ctx, oldest)
}

// other is every second time a delivery to try in place of one that is stuck: a
// receiver, or a firewall before it, may reject a certain text for ever, with an answer
// that blames the settings or asks for a retry.
func (w *Worker) other(oldest Delivery) (d Delivery, ok bool, err error) {
	if w.bypassed || !w.stuck(oldest) {
		w.bypassed = false
		return d, false, nil
	}
	if w.bypass.After(oldest) { // that one may be stuck too
		d, ok, err = w.queue.Next(w.target.Name, w.bypass)
	}
	if !ok && err == nil {
		d, ok, err = w.queue.Next(w.target.Name, oldest)
	}
	w.bypass, w.bypassed = d, ok
	return d, ok, err
}

func (w *Worker) stuck(oldest Delivery) bool {
	if w.target.Endless {
		return false
	}
	if w.health.Circuit == Suspended {
		return w.probes >= stuckProbes
	}
	return w.health.Circuit == Waiting && oldest.Attempts >= stuckAttempts && clock.Since(w.health.Since) >= stuckFor
}

// attemptOther sends a delivery in place of the oldest one. If it is accepted the
// receiver works: the oldest is retried once as it is, since it may have recovered just
// now, then as a rejected message. Otherwise nothing is known, and all deliveries keep
// waiting.
func (w *Worker) attemptOther(ctx context.Context, d, oldest Delivery) error {
	d, failed, err := w.deliver(ctx, d)
	switch {
	case failed == nil:
		if err == nil && w.health.Circuit == Closed {
			w.suspect = oldest.Seq
			w.log.Warn("another alert was accepted, so the rejected one may be invalid", "alert",
				oldest.Alert.Data.ID, "err", oldest.Reason)
		}
		return err
	case failed.Outcome == Gone:
		return w.disable(d, failed)
	case failed.Outcome == BadSettings:
		return w.suspend(d, failed)
	default:
		return w.retryAfterPause(d, failed, oldest.Attempts)
	}
}
