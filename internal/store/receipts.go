package store

import (
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

// OpenIncidents are the open incidents for which the notifier has a receipt, in their current
// state.
func (s *Store) OpenIncidents(notifier string) (all []notify.OpenIncident, err error) {
	err = s.View(func(tx *Tx) error {
		for id, r := range tx.read(receipts, notifier).all() {
			s, open, err := tx.openIncident(alert.ID(id))
			if err != nil {
				return err
			}
			if open {
				all = append(all, notify.OpenIncident{Data: s.Current(), Receipt: append(notify.Receipt{}, r...)})
			}
		}
		return nil
	})
	return all, err
}

// SetReceipts stores changed receipts; nil deletes one.
func (s *Store) SetReceipts(notifier string, changed map[alert.ID]notify.Receipt) error {
	return s.Update(func(tx *Tx) error {
		for incident, r := range changed {
			if err := tx.setReceipt(notifier, incident, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *Tx) setReceipt(notifier string, incident alert.ID, r notify.Receipt) error {
	t, err := tx.of(receipts, notifier)
	if err != nil {
		return err
	}
	if r == nil {
		return t.delete(string(incident))
	}
	return t.put(string(incident), r)
}

// SweepReceipts deletes the receipts of closed incidents, unless a delivery is queued for their
// notifier.
func (s *Store) SweepReceipts() error {
	return s.Update(func(tx *Tx) error {
		return tx.ofAll(receipts, func(notifier string, t table) error {
			for range tx.read(outbox, notifier).all() {
				return nil
			}
			return t.retain(func(id string) (bool, error) {
				_, open, err := tx.openIncident(alert.ID(id))
				return open, err
			})
		})
	})
}
