package store

import (
	"slices"
	"time"

	"jira-oauth-watcher/notify"
)

// keepOrphans is for how long the queue of a notifier that is no longer
// configured is kept: it may have been removed by mistake, or renamed.
const keepOrphans = 7 * 24 * time.Hour

// Orphan is a notifier that is no longer configured but still has queued alerts.
type Orphan struct {
	Name    string
	Waiting int
	Until   time.Time // when its alerts are deleted
	GivenUp bool      // they are deleted now
}

// orphanHealth is a Health with the time when its notifier was first missed.
// Both are in one record, which other versions of this program read as a Health.
type orphanHealth struct {
	notify.Health
	Departed time.Time `json:"departed,omitzero"`
}

// Orphans compares the notifiers in the state file with the configured ones. It returns those that
// are missing and have queued alerts, ordered by name. It deletes the data of a notifier that has
// been missing for a week.
func (s *Store) Orphans(configured []string, now time.Time) (orphans []Orphan, err error) {
	err = s.Update(func(tx *Tx) {
		for _, name := range tx.notifiers() {
			if slices.Contains(configured, name) {
				tx.adopt(name, now)
			} else if o := tx.orphan(name, now); o.Waiting > 0 {
				orphans = append(orphans, o)
			}
		}
	})
	return orphans, err
}

// adopt ends the week of a notifier that is configured again.
func (tx *Tx) adopt(name string, now time.Time) {
	if h := load[orphanHealth](tx.table(health), name); !h.Departed.IsZero() {
		h.Since = now // a failure that goes on is another incident, with another ID
		tx.table(health).put(name, h.Health)
	}
}

// orphan begins the week of a notifier that is not configured, and deletes what is
// stored for it at the end.
func (tx *Tx) orphan(name string, now time.Time) Orphan {
	h := load[orphanHealth](tx.table(health), name)
	if h.Departed.IsZero() || h.Departed.After(now) { // in the future: the clock was set back
		h.Departed = now
		tx.table(health).put(name, h)
	}
	o := Orphan{Name: name, Waiting: tx.table(outbox, name).len(), Until: h.Departed.Add(keepOrphans)}
	if o.GivenUp = !now.Before(o.Until); !o.GivenUp {
		return o
	}
	for _, part := range ofNotifier {
		tx.deleteOf(part, name)
	}
	tx.table(health).delete(name)
	return o
}

// ofNotifier are the buckets that belong to notifiers, but for health and for what was
// delivered of an incident, which is deleted with the incident.
var ofNotifier = []string{outbox, queued, lanes, aside, receipts}

// notifiers are the names of all for which something is stored.
func (tx *Tx) notifiers() []string {
	names := tx.table(health).names()
	for _, part := range ofNotifier {
		names = append(names, tx.table(part).names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
