package store

import (
	"encoding/json"
	"slices"

	"jira-oauth-watcher/internal/alert"
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

// EachIncident calls f with every open incident, by key. f must change nothing.
func (tx *Tx) EachIncident(f func(incident.State) error) error {
	return tx.table(incidents).b.ForEach(func(_, v []byte) error {
		var s incident.State
		if err := json.Unmarshal(v, &s); err != nil {
			return err
		}
		return f(s)
	})
}

// Incidents are all open incidents, by key.
func (tx *Tx) Incidents() (all []incident.State, err error) {
	err = tx.EachIncident(func(s incident.State) error {
		all = append(all, s)
		return nil
	})
	return all, err
}

// Open is the number of open incidents.
func (tx *Tx) Open() int { return tx.table(incidents).b.Stats().KeyN }

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
		return b.ForEach(func(id, r []byte) error {
			s, err := tx.Incident(alert.ID(id).Key())
			if err == nil && s.Open && s.ID() == alert.ID(id) {
				standing = append(standing, notify.Standing{Data: s.Standing(), Receipt: append(notify.Receipt{}, r...)})
			}
			return err
		})
	})
	return standing, err
}

// Kept stores changed receipts; nil forgets one.
func (s *Store) Kept(notifier string, changed map[alert.ID]notify.Receipt) error {
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
		return t.delete([]byte(incident))
	}
	return t.put([]byte(incident), r)
}

// Sweep forgets receipts of incidents that are over and of which nothing waits
// to be told.
func (s *Store) Sweep() error {
	stale := map[string][]alert.ID{}
	err := s.View(func(tx *Tx) error {
		return tx.tx.Bucket(receipts).ForEachBucket(func(name []byte) error {
			if q := tx.tx.Bucket(outbox).Bucket(name); q != nil {
				if first, _ := q.Cursor().First(); first != nil {
					return nil
				}
			}
			return tx.tx.Bucket(receipts).Bucket(name).ForEach(func(id, _ []byte) error {
				i, err := tx.Incident(alert.ID(id).Key())
				if err == nil && (!i.Open || i.ID() != alert.ID(id)) {
					stale[string(name)] = append(stale[string(name)], alert.ID(id))
				}
				return err
			})
		})
	})
	if err != nil || len(stale) == 0 {
		return err
	}
	return s.Update(func(tx *Tx) error {
		for notifier, ids := range stale {
			for _, id := range ids {
				if err := tx.setReceipt(notifier, id, nil); err != nil {
					return err
				}
			}
		}
		return nil
	})
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

// heard notes that an opened was told after all, though a storm had withdrawn
// it while it was under way: so its end is told there too.
func (tx *Tx) heard(notifier string, d notify.Delivery) error {
	t, err := tx.of(outbox, notifier)
	if err != nil || d.Alert.Data.Kind != alert.Opened || t.b.Get(place(d)) != nil {
		return err
	}
	s, err := tx.Incident(d.Alert.Data.Incident().Key())
	if err != nil || !s.Open || s.ID() != d.Alert.Data.Incident() {
		return err
	}
	s.Unheard = slices.DeleteFunc(s.Unheard, func(name string) bool { return name == notifier })
	return tx.SetIncident(s)
}
