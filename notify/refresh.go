package notify

import (
	"context"
	"errors"
	"time"

	"jira-oauth-watcher/internal/clock"
)

// refresh gives a Refresher the incidents as they are now. It returns how long to wait
// for a change before the next refresh.
func (w *Worker) refresh(ctx context.Context) (time.Duration, error) {
	refresher, ok := w.target.To.(Refresher)
	if !ok || w.health.Circuit == Disabled {
		return -1, nil
	}
	if early := max(clock.Until(w.nextRefresh), clock.Until(w.due())); early > 0 {
		return early, nil
	}
	open, err := w.queue.OpenIncidents(w.target.Name)
	if err != nil || len(open) == 0 {
		return -1, err
	}
	sending, done := w.grace(ctx, w.target.Timeout)
	changed, next, failed := refresher.Refresh(sending, open)
	done()
	if len(changed) > 0 || failed != nil {
		w.target.RateLimit.began(clock.Now()) // the next alert waits
	}
	if len(changed) > 0 {
		if err := w.queue.SetReceipts(w.target.Name, changed); err != nil {
			return 0, err
		}
	}
	pause := refreshPause
	if failed != nil {
		e := &Error{Err: failed}
		errors.As(failed, &e)
		pause = max(refreshRetry, e.RetryAfter)
		next = pause
		if e.RetryAfter > 0 { // of deliveries too, and of the next process
			w.health.NotBefore = clock.Now().Add(e.RetryAfter)
			if err := w.queue.Pause(w.target.Name, w.health); err != nil {
				return 0, err
			}
		}
		if !w.refreshFailed && ctx.Err() == nil {
			w.log.Warn("open alerts could not be refreshed at the receiver, will be retried", "in", pause, "err", e)
		}
	}
	w.refreshFailed = failed != nil
	w.nextRefresh = clock.Now().Add(pause)
	if next == 0 {
		return -1, nil
	}
	return max(next, pause), nil
}
