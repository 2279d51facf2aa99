package store

import (
	"slices"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/notify"
)

// Incident is the state of an incident, or the zero State if there is none.
func (tx *Tx) Incident(key string) (s incident.State, err error) {
	_, err = tx.read(incidents).get(key, &s)
	return s, err
}

// openIncident is the incident with an ID, and whether that is open.
func (tx *Tx) openIncident(id alert.ID) (incident.State, bool, error) {
	s, err := tx.Incident(id.Key())
	return s, s.Open && s.ID() == id, err
}

// SetIncident stores the state of an incident. The content of a closed incident is kept for a
// week.
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

// EachIncident calls f with the current state of every open incident, ordered by key. f may change
// incidents. They are not all in memory at the same time.
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

// Incidents are all open incidents, ordered by key.
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

// SetOpenings stores the openings of a lane.
func (tx *Tx) SetOpenings(lane string, o incident.Openings) error {
	return tx.table(openings).put(lane, o)
}

// Evidence is what several logs have reported about mailboxes.
func (tx *Tx) Evidence() (e incident.Evidence, err error) {
	_, err = tx.read(evidence).get(evidence, &e)
	return e, err
}

// SetEvidence stores the evidence.
func (tx *Tx) SetEvidence(e incident.Evidence) error {
	tx.news = true
	return tx.table(evidence).put(evidence, e)
}

// The keys of notes.
const (
	Settings  = "settings"  // Jira's answer about its integrations
	LastStart = "lastStart" // the start of the program that was alerted to last
)

// Note reads into into what SetNote has stored under a key. If nothing is stored, into is unchanged.
func (tx *Tx) Note(key string, into any) error {
	_, err := tx.read(evidence).get(key, into)
	return err
}

// SetNote stores something that is no evidence.
func (tx *Tx) SetNote(key string, note any) error { return tx.table(evidence).put(key, note) }

// sentAnyway notes that an opened was delivered although a storm had withdrawn it while it was
// being sent. Its end is then delivered to the same notifier.
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
