package store

import (
	"iter"
	"slices"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/notify"
)

// Incident is the state of an incident, or the zero State if there is none.
func (tx *Tx) Incident(key string) incident.State {
	return load[incident.State](tx.table(incidents), key)
}

// openIncident is the incident with an ID, and whether that is open.
func (tx *Tx) openIncident(id alert.ID) (incident.State, bool) {
	s := tx.Incident(id.Key())
	return s, s.Open && s.ID() == id
}

// SetIncident stores the state of an incident. The content of a closed incident is kept for a
// week.
func (tx *Tx) SetIncident(s incident.State) {
	tx.news = true
	if s.Open {
		tx.table(incidents).put(s.Key, s)
		return
	}
	tx.close(s)
	tx.table(incidents).delete(s.Key)
}

// ForgetIncident deletes an incident that was counted in another one.
func (tx *Tx) ForgetIncident(key string) {
	tx.news = true
	tx.table(incidents).delete(key)
}

// EachIncident yields the current state of every open incident, ordered by key. Incidents may be
// changed meanwhile. They are not all in memory at the same time.
func (tx *Tx) EachIncident() iter.Seq[incident.State] {
	return func(yield func(incident.State) bool) {
		for _, key := range tx.table(incidents).names() {
			// One that is not open was ended meanwhile.
			if s := tx.Incident(key); s.Open && !yield(s) {
				return
			}
		}
	}
}

// Incidents are all open incidents, ordered by key.
func (tx *Tx) Incidents() []incident.State { return slices.Collect(tx.EachIncident()) }

// Open is the number of open incidents.
func (tx *Tx) Open() int { return tx.summary.Open }

// Openings are the incidents that opened recently in a lane.
func (tx *Tx) Openings(lane string) incident.Openings {
	return load[incident.Openings](tx.table(openings), lane)
}

// SetOpenings stores the openings of a lane.
func (tx *Tx) SetOpenings(lane string, o incident.Openings) {
	tx.table(openings).put(lane, o)
}

// Evidence is what several logs have reported about mailboxes.
func (tx *Tx) Evidence() incident.Evidence {
	return load[incident.Evidence](tx.table(evidence), evidence)
}

// SetEvidence stores the evidence.
func (tx *Tx) SetEvidence(e incident.Evidence) {
	tx.news = true
	tx.table(evidence).put(evidence, e)
}

// The keys of notes.
const (
	Settings  = "settings"  // Jira's answer about its integrations
	LastStart = "lastStart" // the start of the program that was alerted to last
	Probes    = "probes"    // when each host was probed last
)

// Note reads into into what SetNote has stored under a key. If nothing is stored, into is unchanged.
func (tx *Tx) Note(key string, into any) { tx.table(evidence).get(key, into) }

// SetNote stores something that is no evidence.
func (tx *Tx) SetNote(key string, note any) { tx.table(evidence).put(key, note) }

// sentAnyway notes that an opened was delivered although a storm had withdrawn it while it was
// being sent. Its end is then delivered to the same notifier.
func (tx *Tx) sentAnyway(notifier string, d notify.Delivery) {
	if d.Alert.Data.Kind != alert.Opened || tx.table(outbox, notifier).raw(outboxKey(d)) != nil {
		return
	}
	s, open := tx.openIncident(d.Alert.Data.Incident())
	if open && !slices.Contains(s.Notified, notifier) {
		s.Notified = append(slices.Clip(s.Notified), notifier)
		tx.SetIncident(s)
	}
}
