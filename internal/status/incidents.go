package status

import (
	"cmp"
	"slices"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// Incident is the state of an incident.
type Incident struct {
	State        string              `json:"state"` // open or closed
	Closed       time.Time           `json:"closed,omitzero"`
	Muted        bool                `json:"muted"`             // its cause raises no alert
	Count        int                 `json:"count"`             // failures so far
	Storm        alert.ID            `json:"storm,omitempty"`   // ID of the storm that alerts instead
	Members      []string            `json:"members,omitempty"` // of a storm: its integrations, as far as it names them
	MemberCount  int                 `json:"member_count,omitempty"`
	Acknowledged *alert.Acknowledged `json:"acknowledged"`
	Hours        []int               `json:"failures_by_hour"` // of the integration, 168 hours, the last one is this
	Deliveries   []Delivery          `json:"deliveries"`       // the last one of each notifier
	Data         alert.Data          `json:"data"`             // as in an alert
}

// Delivery is the last alert of an incident for a notifier.
type Delivery struct {
	Notifier string     `json:"notifier"`
	State    string     `json:"state"` // delivered, waiting or set_aside
	Kind     alert.Kind `json:"kind"`
	At       time.Time  `json:"at"` // when it was delivered; else, when it was queued
	Attempts int        `json:"attempts,omitempty"`
	Error    string     `json:"error,omitempty"` // of the last attempt
}

// deliveries is what is known of a notifier's deliveries, by incident.
type deliveries struct {
	notifier       string
	waiting, aside map[alert.ID]notify.Delivery // the oldest, the youngest
}

func newDeliveries(notifier string, waiting, aside []notify.Delivery) deliveries {
	by := func(all []notify.Delivery) map[alert.ID]notify.Delivery {
		m := map[alert.ID]notify.Delivery{}
		for _, d := range all {
			if id := d.Alert.Data.Incident(); m[id].Queued.IsZero() {
				m[id] = d
			}
		}
		return m
	}
	return deliveries{notifier, by(waiting), by(aside)}
}

// last is the delivery to show for an incident: the one that waits, else the later one
// of the delivered and the dead-lettered.
func (ds deliveries) last(tx *store.Tx, incident alert.ID) (d Delivery, ok bool, err error) {
	if w, ok := ds.waiting[incident]; ok {
		return queued(ds.notifier, "waiting", w), true, nil
	}
	done, err := tx.Delivered(ds.notifier, incident)
	if a, ok := ds.aside[incident]; ok && a.Queued.After(done.At) {
		return queued(ds.notifier, "set_aside", a), true, err
	}
	return Delivery{Notifier: ds.notifier, State: "delivered", Kind: done.Kind, At: done.At}, done.Kind != "", err
}

func queued(notifier, state string, d notify.Delivery) Delivery {
	return Delivery{
		Notifier: notifier, State: state, Kind: d.Alert.Data.Kind, At: d.Queued,
		Attempts: d.Attempts, Error: d.Reason,
	}
}

// incidentsOf are the open incidents and those that were closed within
// seven days.
func incidentsOf(tx *store.Tx, c *conf.Config, all []deliveries, now time.Time) (open, closed []Incident, err error) {
	hours, err := tx.Hours(now)
	if err != nil {
		return nil, nil, err
	}
	about := func(d alert.Data, state string) (Incident, error) {
		id := d.Incident()
		i := Incident{
			State: state, Muted: muted(c, d.Cause), Count: d.Failures.Count, Acknowledged: d.Acknowledged,
			Hours: hours[id.Key()], Deliveries: []Delivery{}, Data: d,
		}
		if i.Hours == nil {
			i.Hours = make([]int, store.HistoryHours)
		}
		for _, l := range all {
			last, ok, err := l.last(tx, id)
			if err != nil {
				return i, err
			}
			if ok {
				i.Deliveries = append(i.Deliveries, last)
			}
		}
		return i, nil
	}
	states, err := tx.Incidents()
	if err != nil {
		return nil, nil, err
	}
	open, closed = []Incident{}, []Incident{}
	storms, is := map[string]alert.ID{}, map[string]bool{}
	for _, s := range states {
		storms[s.Key], is[s.Key] = s.ID(), true
	}
	for _, s := range states {
		i, err := about(s.Current(), "open")
		if err != nil {
			return nil, nil, err
		}
		i.Members, i.MemberCount, i.Storm = s.Named, s.Members, storms[s.Storm]
		open = append(open, i)
	}
	slices.SortStableFunc(open, latest)
	past, err := tx.Closed(now)
	for _, p := range past {
		if is[p.Data.ID.Key()] {
			continue // it is open again
		}
		i, err := about(p.Data, "closed")
		if err != nil {
			return nil, nil, err
		}
		i.Closed = p.At
		closed = append(closed, i)
	}
	return open, closed, err
}

// latest orders by the last failure, the youngest first.
func latest(a, b Incident) int {
	return cmp.Or(b.Data.Failures.Last.Compare(a.Data.Failures.Last), cmp.Compare(a.Data.ID, b.Data.ID))
}
