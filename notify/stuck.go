package notify

import (
	"time"

	"jira-oauth-watcher/internal/clock"
)

// When the oldest delivery may itself be the reason for failing.
const (
	stuckProbes   = 2                // failed since the settings were rejected
	stuckAttempts = 5                // of it, and …
	stuckFor      = 10 * time.Minute // … so long without a delivery
)

// choose is the oldest delivery, but every second time another one when that is stuck: a
// receiver, or a firewall before it, may reject a certain text for ever, with an answer
// that blames the settings or asks for a retry.
func (w *Worker) choose(oldest Delivery) (d Delivery, err error) {
	if w.bypassed || !w.stuck(oldest) {
		w.bypassed = false
		return oldest, nil
	}
	ok := false
	if w.bypass.After(oldest) { // that one may be stuck too
		d, ok, err = w.queue.Next(w.target.Name, w.bypass)
	}
	if !ok && err == nil {
		d, ok, err = w.queue.Next(w.target.Name, oldest)
	}
	w.bypass, w.bypassed = d, ok
	if !ok {
		d = oldest
	}
	return d, err
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
