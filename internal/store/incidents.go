package store

import (
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/notify"
)

// Incident is the state of an incident; the zero State when there is none.
func (tx *Tx) Incident(key string) (s incident.State, err error) {
	_, err = tx.read(incidents).get(key, &s)
	return s, err
}

// openIncident is the incident with an ID, and whether that is open.
func (tx *Tx) openIncident(id alert.ID) (incident.State, bool, error) {
	s, err := tx.Incident(id.Key())
	return s, s.Open && s.ID() == id, err
}

// SetIncident stores the state of an incident; of one that is closed, what it
// was is kept for a week.
func (tx *Tx) SetIncident(s incident.State) error {
	tx.news = true
	if s.Open {
		return tx.table(incidents).put(s.Key, s)
	}
	if err := tx.close(s); err != nil {
		return err
	}
	return tx.table(incidents).delete(s.Key)
}

// ForgetIncident deletes an incident that was counted in another one.
func (tx *Tx) ForgetIncident(key string) error {
	tx.news = true
	return tx.table(incidents).delete(key)
}

// EachIncident calls f with every open incident, by key, as it is when its turn comes: f may
// change them. They are not all in memory at a time.
func (tx *Tx) EachIncident(f func(incident.State) error) error {
	for _, key := range tx.read(incidents).names() {
		s, err := tx.Incident(key)
		if err != nil {
			return err
		}
		if !s.Open { // an earlier call has ended it
			continue
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
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
func (tx *Tx) Open() int { return tx.summary.Open }

// Openings are the incidents that opened recently in a lane.
func (tx *Tx) Openings(lane string) (o incident.Openings, err error) {
	_, err = tx.read(openings).get(lane, &o)
	return o, err
}

// SetOpenings stores them.
func (tx *Tx) SetOpenings(lane string, o incident.Openings) error {
	return tx.table(openings).put(lane, o)
}

// Evidence is what several logs have said of mailboxes.
func (tx *Tx) Evidence() (e incident.Evidence, err error) {
	_, err = tx.read(evidence).get(evidence, &e)
	return e, err
}

// SetEvidence stores it.
func (tx *Tx) SetEvidence(e incident.Evidence) error {
	tx.news = true
	return tx.table(evidence).put(evidence, e)
}

// settings is the key of what Jira has said of its integrations.
const settings = "settings"

// Settings reads what SetSettings has stored; into stays as it is if that is nothing.
func (tx *Tx) Settings(into any) error {
	_, err := tx.read(evidence).get(settings, into)
	return err
}

// SetSettings stores what Jira has said of its integrations.
func (tx *Tx) SetSettings(s any) error { return tx.table(evidence).put(settings, s) }

// Start is a start of the program that was alerted to.
type Start struct {
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

// LastStart is what SetLastStart has stored; the zero Start at first.
func (tx *Tx) LastStart() (s Start, err error) {
	_, err = tx.read(evidence).get("start", &s)
	return s, err
}

// SetLastStart remembers the alert about a start.
func (tx *Tx) SetLastStart(s Start) error { return tx.table(evidence).put("start", s) }

// sentAnyway notes that an opened was delivered although a storm had withdrawn
// it while it was under way: so its end is delivered there too.
func (tx *Tx) sentAnyway(notifier string, d notify.Delivery) error {
	if d.Alert.Data.Kind != alert.Opened || tx.read(outbox, notifier).raw(outboxKey(d)) != nil {
		return nil
	}
	s, open, err := tx.openIncident(d.Alert.Data.Incident())
	if err != nil || !open {
		return err
	}
	if slices.Contains(s.Notified, notifier) {
		return nil
	}
	s.Notified = append(slices.Clip(s.Notified), notifier)
	return tx.SetIncident(s)
}
