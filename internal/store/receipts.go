package store

import (
	"bytes"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

// OpenIncidents are the open incidents for which the notifier has a receipt, in their current
// state.
func (s *Store) OpenIncidents(notifier string) (all []notify.OpenIncident, err error) {
	err = s.View(func(tx *Tx) {
		for id, r := range tx.table(receipts, notifier).all() {
			if s, open := tx.openIncident(alert.ID(id)); open {
				all = append(all, notify.OpenIncident{Data: s.Current(), Receipt: bytes.Clone(r)})
			}
		}
	})
	return all, err
}

// SetReceipts stores changed receipts; nil deletes one.
func (s *Store) SetReceipts(notifier string, changed map[alert.ID]notify.Receipt) error {
	return s.Update(func(tx *Tx) {
		for incident, r := range changed {
			tx.setReceipt(notifier, incident, r)
		}
	})
}

func (tx *Tx) setReceipt(notifier string, incident alert.ID, r notify.Receipt) {
	t := tx.table(receipts, notifier)
	if r == nil {
		t.delete(string(incident))
		return
	}
	t.put(string(incident), r)
}

// SweepReceipts deletes the receipts of closed incidents, unless a delivery is queued for their
// notifier.
func (s *Store) SweepReceipts() error {
	return s.Update(func(tx *Tx) {
		for notifier, t := range tx.ofAll(receipts) {
			if tx.table(outbox, notifier).len() > 0 {
				continue
			}
			t.retain(func(id string) bool {
				_, open := tx.openIncident(alert.ID(id))
				return open
			})
		}
	})
}
