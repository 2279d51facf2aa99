package store

import "jira-oauth-watcher/notify"

// Health is what is known about a notifier's deliveries; at first, the zero Health.
func (tx *Tx) Health(notifier string) notify.Health {
	return load[notify.Health](tx.table(health), notifier)
}

// Health is what is known about a notifier's deliveries; at first, the zero Health.
func (s *Store) Health(notifier string) (h notify.Health, err error) {
	err = s.View(func(tx *Tx) { h = tx.Health(notifier) })
	return h, err
}

// Pause stores the health of a notifier when it changes without a delivery.
func (s *Store) Pause(notifier string, h notify.Health) error {
	return s.Update(func(tx *Tx) { tx.setHealth(notifier, h) })
}

// SetReported stores how many lost deliveries of a notifier have been reported
// to the others.
func (tx *Tx) SetReported(notifier string, n int) {
	h := tx.Health(notifier)
	h.Reported = n
	tx.table(health).put(notifier, h)
}

// setHealth stores what a worker says. Dropped and Reported are not the worker's.
func (tx *Tx) setHealth(notifier string, h notify.Health) {
	before := tx.Health(notifier)
	h.Dropped, h.Reported = before.Dropped, before.Reported
	tx.table(health).put(notifier, h)
}
