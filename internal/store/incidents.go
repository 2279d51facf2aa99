package store

import (
	"encoding/json"

	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/notify"
)

// Incident is the state of an incident; the zero State when there is none.
func (tx *Tx) Incident(key string) (incident.State, error) {
	var s incident.State
	_, err := tx.table(incidents).get([]byte(key), &s)
	return s, err
}

// SetIncident stores the state of an incident; of one that is closed, what it
// was is kept for a week.
func (tx *Tx) SetIncident(s incident.State) error {
	tx.news = true
	if !s.Open {
		if err := tx.close(s); err != nil {
			return err
		}
		return tx.table(incidents).delete([]byte(s.Key))
	}
	return tx.table(incidents).put([]byte(s.Key), s)
}

// Incidents are all open incidents, by key.
func (tx *Tx) Incidents() ([]incident.State, error) {
	var all []incident.State
	err := tx.table(incidents).b.ForEach(func(_, v []byte) error {
		var s incident.State
		if err := json.Unmarshal(v, &s); err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// Openings are the incidents that opened of late for a cause.
func (tx *Tx) Openings(cause string) (incident.Openings, error) {
	var o incident.Openings
	_, err := tx.table(openings).get([]byte(cause), &o)
	return o, err
}

// SetOpenings stores them.
func (tx *Tx) SetOpenings(cause string, o incident.Openings) error {
	return tx.table(openings).put([]byte(cause), o)
}

// Standing are the open incidents that have a receipt of the notifier, as they
// are now.
func (s *Store) Standing(notifier string) (standing []notify.Standing, err error) {
	err = s.View(func(tx *Tx) error {
		b := tx.tx.Bucket(receipts).Bucket([]byte(notifier))
		if b == nil {
			return nil
		}
		all, err := tx.Incidents()
		for _, i := range all {
			d := i.Standing()
			if r := b.Get([]byte(d.ID)); r != nil {
				standing = append(standing, notify.Standing{Data: d, Receipt: append(notify.Receipt{}, r...)})
			}
		}
		return err
	})
	return standing, err
}

// Kept stores changed receipts; nil forgets one.
func (s *Store) Kept(notifier string, changed map[string]notify.Receipt) error {
	return s.Update(func(tx *Tx) error {
		for incident, r := range changed {
			if err := tx.setReceipt(notifier, incident, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *Tx) setReceipt(notifier, incident string, r notify.Receipt) error {
	t, err := tx.of(receipts, notifier)
	if err != nil {
		return err
	}
	if r == nil {
		return t.delete([]byte(incident))
	}
	return t.put([]byte(incident), r)
}

// Health is how a notifier has fared.
func (tx *Tx) Health(notifier string) (notify.Health, error) {
	var h notify.Health
	_, err := tx.table(health).get([]byte(notifier), &h)
	return h, err
}

// Health is how a notifier has fared; the zero Health at first.
func (s *Store) Health(notifier string) (h notify.Health, err error) {
	err = s.View(func(tx *Tx) error {
		h, err = tx.Health(notifier)
		return err
	})
	return h, err
}

// Told stores of how many lost deliveries of a notifier others were told.
func (s *Store) Told(notifier string, n int) error {
	return s.Update(func(tx *Tx) error {
		h, err := tx.Health(notifier)
		if err != nil {
			return err
		}
		h.Told = n
		return tx.table(health).put([]byte(notifier), h)
	})
}

// setHealth stores what a worker says. Dropped and Told are not the worker's.
func (tx *Tx) setHealth(notifier string, h notify.Health) error {
	before, err := tx.Health(notifier)
	if err != nil {
		return err
	}
	h.Dropped, h.Told = before.Dropped, before.Told
	return tx.table(health).put([]byte(notifier), h)
}
