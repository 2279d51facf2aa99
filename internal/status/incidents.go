package status

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/message"
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
	waiting, aside map[alert.ID]Delivery // the oldest, the youngest
}

func newDeliveries(notifier string, waiting, aside []notify.Delivery) deliveries {
	by := func(state string, all []notify.Delivery) map[alert.ID]Delivery {
		m := map[alert.ID]Delivery{}
		for _, d := range all {
			if id := d.Alert.Data.Incident(); m[id].At.IsZero() {
				m[id] = Delivery{
					Notifier: notifier, State: state, Kind: d.Alert.Data.Kind, At: d.Queued,
					Attempts: d.Attempts, Error: d.Reason,
				}
			}
		}
		return m
	}
	return deliveries{notifier, by("waiting", waiting), by("set_aside", aside)}
}

// last is the delivery to show for an incident: the one that waits, else the later one
// of the delivered and the dead-lettered.
func (ds deliveries) last(tx *store.Tx, incident alert.ID) (d Delivery, ok bool) {
	if w, ok := ds.waiting[incident]; ok {
		return w, true
	}
	done := tx.Delivered(ds.notifier, incident)
	if a, ok := ds.aside[incident]; ok && a.At.After(done.At) {
		return a, true
	}
	return Delivery{Notifier: ds.notifier, State: "delivered", Kind: done.Kind, At: done.At}, done.Kind != ""
}

// Incidents are a page of the incidents, the open ones first.
type Incidents struct {
	Page   int        `json:"page"` // from 1
	Pages  int        `json:"pages"`
	Total  int        `json:"total"`
	Next   string     `json:"next,omitempty"` // path of the next page
	Counts Counts     `json:"counts"`
	Open   []Incident `json:"incidents"` // as in Counts; of each kind the most severe first, then the latest
	Closed []Incident `json:"closed"`    // within seven days, the latest first
}

// Counts are of the incidents on all pages.
type Counts struct {
	Troubles int `json:"watcher"` // what keeps the watcher from seeing, or from being heard
	Storms   int `json:"storms"`
	Failing  int `json:"failing"` // integrations, without muted ones
	Muted    int `json:"muted"`   // incidents with a muted cause
	Closed   int `json:"closed"`
}

// count adds an open incident. rank is its position in the list: members of storms
// come after the integrations that fail alone.
func (n *Counts) count(s incident.State, muted bool) (rank int) {
	subject := message.SubjectOf(s.Current())
	switch {
	case muted:
		n.Muted++
		return 4
	case subject == message.Watcher:
		n.Troubles++
		return 0
	case subject == message.Many:
		n.Storms++
		return 1
	}
	n.Failing++
	if s.Storm == "" {
		return 2
	}
	return 3
}

// incidentsOf are the incidents of a page. All are counted, and those of the page
// read: there may be thousands.
func incidentsOf(tx *store.Tx, c *conf.Config, sent []deliveries, now time.Time, page, size int) Incidents {
	list := Incidents{Page: page, Open: []Incident{}, Closed: []Incident{}}
	type place struct { // what the order of an open incident depends on
		rank     int
		severity conf.Severity
		last     time.Time
		key      string
	}
	var order []place
	ids := map[string]alert.ID{}
	for s := range tx.EachIncident() {
		rank := list.Counts.count(s, muted(c, s.Content.Cause))
		order = append(order, place{rank, s.Current().Cause.Severity, s.Last, s.Key})
		ids[s.Key] = s.ID()
	}
	slices.SortFunc(order, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.severity, a.severity),
			b.last.Compare(a.last), cmp.Compare(a.key, b.key))
	})
	past := slices.DeleteFunc(tx.Closed(now), func(p store.Closed) bool { return ids[p.Data.ID.Key()] != "" }) // open again
	list.Counts.Closed, list.Total = len(past), len(order)+len(past)
	list.Pages = max(1, (list.Total+size-1)/size)
	begin := min((page-1)*size, list.Total)
	end := min(begin+size, list.Total)
	for _, p := range order[min(begin, len(order)):min(end, len(order))] {
		s := tx.Incident(p.key)
		i := Incident{State: "open", Members: s.Named, MemberCount: s.Members, Storm: ids[s.Storm], Data: s.Current()}
		list.Open = append(list.Open, i)
	}
	for _, p := range past[max(begin-len(order), 0):max(end-len(order), 0)] {
		list.Closed = append(list.Closed, Incident{State: "closed", Closed: p.At, Data: p.Data})
	}
	complete(tx, c, sent, now, list.Open, list.Closed)
	return list
}

// complete adds to incidents what is not stored with them.
func complete(tx *store.Tx, c *conf.Config, sent []deliveries, now time.Time, lists ...[]Incident) {
	hours := map[string][]int{}
	var all []*Incident
	for _, list := range lists {
		for n := range list {
			all = append(all, &list[n])
			hours[list[n].Data.Incident().Key()] = make([]int, store.HistoryHours)
		}
	}
	maps.Copy(hours, tx.Hours(now, func(key string) bool { return hours[key] != nil }))
	for _, i := range all {
		i.Muted, i.Count, i.Acknowledged = muted(c, i.Data.Cause), i.Data.Failures.Count, i.Data.Acknowledged
		i.Hours, i.Deliveries = hours[i.Data.Incident().Key()], []Delivery{}
		for _, s := range sent {
			if last, ok := s.last(tx, i.Data.Incident()); ok {
				i.Deliveries = append(i.Deliveries, last)
			}
		}
	}
}
