package store

import "jira-oauth-watcher/notify"

// Health is what is known about a notifier's deliveries; at first, the zero Health.
func (tx *Tx) Health(notifier string) (h notify.Health, err error) {
	_, err = tx.read(health).get(notifier, &h)
	return h, err
}

// Health is what is known about a notifier's deliveries; at first, the zero Health.
func (s *Store) Health(notifier string) (h notify.Health, err error) {
	err = s.View(func(tx *Tx) error {
		h, err = tx.Health(notifier)
		return err
	})
	return h, err
}

// Pause stores the health of a notifier when it changes without a delivery.
func (s *Store) Pause(notifier string, h notify.Health) error {
	return s.Update(func(tx *Tx) error { return tx.setHealth(notifier, h) })
}

// SetReported stores how many lost deliveries of a notifier have been reported
// to the others.
func (tx *Tx) SetReported(notifier string, n int) error {
	h, err := tx.Health(notifier)
	if err != nil {
		return err
	}
	h.Reported = n
	return tx.table(health).put(notifier, h)
}

// setHealth stores what a worker says. Dropped and Reported are not the worker's.
func (tx *Tx) setHealth(notifier string, h notify.Health) error {
	before, err := tx.Health(notifier)
	if err != nil {
		return err
	}
	h.Dropped, h.Reported = before.Dropped, before.Reported
	return tx.table(health).put(notifier, h)
}
