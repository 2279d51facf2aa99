package store

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/notify"
)

// HistoryHours is the number of hours for which failures are counted and closed incidents are
// kept.
const HistoryHours = 7 * 24

const (
	maxAnHour = 2000 // integrations that are counted in an hour
	maxClosed = 2000 // incidents; the oldest are deleted
	maxLanes  = 2000 // where openings are counted, before old ones of applications are deleted
)

// CountFailure counts a failure of an integration in the hour in which it occurred. A failure
// older than the history is not counted, and a time in the future counts as now.
func (tx *Tx) CountFailure(key string, at, now time.Time) {
	if at.IsZero() || at.After(now) {
		at = now
	}
	oldest := now.Add(-(HistoryHours - 1) * time.Hour)
	if at.Before(oldest.Truncate(time.Hour)) {
		return
	}
	t := tx.table(history)
	begin := hour(oldest)
	var old []string
	for k := range t.all() {
		if string(k[:len(begin)]) >= begin {
			break
		}
		old = append(old, string(k))
	}
	for _, k := range old {
		t.delete(k)
	}
	n := load[int](t, hour(at)+key)
	if n == 0 { // the hour alone is the key of how many integrations it has
		others := load[int](t, hour(at))
		if others >= maxAnHour {
			return
		}
		t.put(hour(at), others+1)
	}
	t.put(hour(at)+key, n+1)
}

// hour is the beginning of the keys of an hour.
func hour(t time.Time) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(t.Unix()/3600)))
}

// Hours are the failures of each wanted integration in each hour of the history. The last hour is
// the current one.
func (tx *Tx) Hours(now time.Time, wanted func(key string) bool) map[string][]int {
	all := map[string][]int{}
	begin := now.Unix()/3600 - (HistoryHours - 1)
	for k, v := range tx.table(history).all() {
		key := string(k[4:])
		i := int64(binary.BigEndian.Uint32(k)) - begin
		if key == "" || i < 0 || i >= HistoryHours || !wanted(key) {
			continue
		}
		if all[key] == nil {
			all[key] = make([]int, HistoryHours)
		}
		tx.Fail(json.Unmarshal(v, &all[key][i]))
	}
	return all
}

// Closed is an incident that has ended.
type Closed struct {
	Data alert.Data `json:"data"` // as it was, without excerpt, facts, steps and links
	At   time.Time  `json:"at"`   // when it was closed, by the wall clock

	// Held is the maintenance that holds back the alert about its end, nil = none. Ends are the
	// alerts about that end and about earlier ones of the same integration. InStorm reports that
	// the incident is a storm or that a storm alerts for it.
	Held    *incident.Held `json:"held,omitempty"`
	Ends    []HeldEnd      `json:"ends,omitempty"`
	InStorm bool           `json:"in_storm,omitempty"`
}

// HeldEnd is an alert about an end, and its recipients.
type HeldEnd struct {
	Alert alert.Alert `json:"alert"`
	To    []string    `json:"to,omitempty"`
}

// close keeps the content of an incident that is no longer open.
func (tx *Tx) close(s incident.State) {
	if tx.table(incidents).raw(s.Key) == nil {
		return
	}
	tx.store.ended++
	d := s.Current()
	d.Log.Excerpt, d.Facts, d.Fix, d.Links = "", map[string]any{}, []alert.Step{}, []alert.Link{}
	c := load[Closed](tx.table(closed), s.Key) // ends that are held back stay
	c.Data, c.At = d, clock.Now()
	tx.table(closed).put(s.Key, c)
}

// HoldEnd closes an incident and keeps the alert about its end (nil = none) until the maintenance
// is over.
func (tx *Tx) HoldEnd(s incident.State, h incident.Held, a *alert.Alert) {
	tx.SetIncident(s)
	c := load[Closed](tx.table(closed), s.Key)
	c.InStorm = s.Storm != "" || s.IsGroup()
	if c.Held = &h; a != nil {
		c.Ends = append(c.Ends, HeldEnd{*a, s.Notified})
	}
	tx.table(closed).put(s.Key, c)
}

// HeldEnds are the closed incidents whose alerts about their end are held back, by key.
func (tx *Tx) HeldEnds() []Closed {
	return tx.closedIf(func(c Closed) bool { return c.Held != nil })
}

// closedIf are the closed incidents of which something is true, by key.
func (tx *Tx) closedIf(is func(Closed) bool) (all []Closed) {
	for _, v := range tx.table(closed).all() {
		var c Closed
		if tx.Fail(json.Unmarshal(v, &c)); is(c) {
			all = append(all, c)
		}
	}
	return all
}

// ReleaseEnd marks the alert about the end of a closed incident as no longer held back.
func (tx *Tx) ReleaseEnd(c Closed) {
	c.Held, c.Ends, c.InStorm = nil, nil, false
	tx.table(closed).put(c.Data.Incident().Key(), c)
}

// Closed are the incidents that ended within the history, the latest first.
func (tx *Tx) Closed(now time.Time) []Closed {
	all := tx.closedIf(func(c Closed) bool { return now.Sub(c.At) < HistoryHours*time.Hour })
	slices.SortStableFunc(all, func(a, b Closed) int { return b.At.Compare(a.At) })
	return all
}

// Delivered is the last alert of an incident that a notifier has accepted.
type Delivered struct {
	Incident alert.ID   `json:"incident"`
	Kind     alert.Kind `json:"kind"`
	At       time.Time  `json:"at"`
}

func (tx *Tx) setDelivered(notifier string, d notify.Delivery, at time.Time) {
	id := d.Alert.Data.Incident()
	tx.table(delivered, notifier).put(id.Key(), Delivered{Incident: id, Kind: d.Alert.Data.Kind, At: at})
}

// Delivered is the last alert of an incident that a notifier has accepted, or the zero Delivered
// if there is none.
func (tx *Tx) Delivered(notifier string, incident alert.ID) Delivered {
	d := load[Delivered](tx.table(delivered, notifier), incident.Key())
	if d.Incident != incident {
		return Delivered{}
	}
	return d
}

// The history is swept at the first end after a minute, and after so many ends: it reads all of it.
const (
	sweepEvery = time.Minute
	sweepAfter = 100
)

// sweepHistory deletes closed incidents that are too old or too many, the deliveries of deleted
// incidents, and openings of an application that are older than any burst.
func (tx *Tx) sweepHistory(now time.Time) {
	last := tx.table(openings)
	if len(last.names()) > maxLanes {
		last.retain(func(lane string) bool {
			o := tx.Openings(lane)
			old := len(o.Recent) == 0 || now.Sub(o.Recent[len(o.Recent)-1].At) > 2*24*time.Hour
			return !old || !strings.HasPrefix(lane, incident.AppLane)
		})
	}
	all := tx.Closed(now)
	recent := map[string]bool{}
	for _, c := range all[:min(len(all), maxClosed)] {
		recent[c.Data.ID.Key()] = true
	}
	for _, c := range tx.HeldEnds() { // whoever was sent the beginning is sent the end
		recent[c.Data.ID.Key()] = recent[c.Data.ID.Key()] || len(c.Ends) > 0
	}
	tx.table(closed).retain(func(key string) bool { return recent[key] })
	for _, t := range tx.ofAll(delivered) {
		t.retain(func(key string) bool { return recent[key] || tx.table(incidents).raw(key) != nil })
	}
}
