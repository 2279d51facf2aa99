package store

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/notify"
)

// HistoryHours is for how many hours failures are counted, and closed incidents
// kept.
const HistoryHours = 7 * 24

const (
	maxAnHour = 2000 // integrations that are counted in an hour
	maxClosed = 2000 // incidents; the oldest go
)

// Happened counts a failure of an integration in the hour of its time. What is
// older than the history is not counted, and what comes from the future counts
// as now.
func (tx *Tx) Happened(key string, at, now time.Time) error {
	if at.IsZero() || at.After(now) {
		at = now
	}
	oldest := now.Add(-(HistoryHours - 1) * time.Hour)
	if at.Before(oldest.Truncate(time.Hour)) {
		return nil
	}
	t := tx.table(history)
	begin := hour(oldest)
	for k, _ := t.b.Cursor().First(); k != nil && string(k[:len(begin)]) < string(begin); k, _ = t.b.Cursor().First() {
		if err := t.delete(k); err != nil {
			return err
		}
	}
	place := append(hour(at), key...)
	n, others := 0, 0
	known, err := t.get(place, &n)
	if err != nil {
		return err
	}
	if !known { // the hour alone is the key of how many integrations it has
		if _, err := t.get(hour(at), &others); err != nil || others >= maxAnHour {
			return err
		}
		if err := t.put(hour(at), others+1); err != nil {
			return err
		}
	}
	return t.put(place, n+1)
}

// hour is the beginning of the keys of an hour.
func hour(t time.Time) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(t.Unix()/3600))
}

// Hours are the failures of each integration in each hour of the history: the
// last one is that of now.
func (tx *Tx) Hours(now time.Time) (map[string][]int, error) {
	all := map[string][]int{}
	begin := hour(now.Add(-(HistoryHours - 1) * time.Hour))
	c := tx.tx.Bucket(history).Cursor()
	for k, v := c.Seek(begin); k != nil; k, v = c.Next() {
		key := string(k[len(begin):])
		i := int(binary.BigEndian.Uint32(k) - binary.BigEndian.Uint32(begin))
		if key == "" || i >= HistoryHours {
			continue
		}
		if all[key] == nil {
			all[key] = make([]int, HistoryHours)
		}
		if err := json.Unmarshal(v, &all[key][i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Closed is an incident that has ended.
type Closed struct {
	Data alert.Data `json:"data"` // as it was, without excerpt, facts, steps and links
	At   time.Time  `json:"at"`   // when it was closed, by the wall clock
}

// close keeps what an incident was that is open no longer.
func (tx *Tx) close(s incident.State) error {
	if tx.table(incidents).b.Get([]byte(s.Key)) == nil {
		return nil
	}
	tx.ended = true
	d := s.Standing()
	d.Log.Excerpt, d.Facts, d.Fix, d.Links = "", map[string]any{}, []alert.Step{}, []alert.Link{}
	return tx.table(closed).put([]byte(s.Key), Closed{Data: d, At: clock.Now()})
}

// Closed are the incidents that have ended in the time of the history, the
// youngest first.
func (tx *Tx) Closed(now time.Time) ([]Closed, error) {
	var all []Closed
	err := tx.tx.Bucket(closed).ForEach(func(_, v []byte) error {
		var c Closed
		if err := json.Unmarshal(v, &c); err != nil {
			return err
		}
		if now.Sub(c.At) < HistoryHours*time.Hour {
			all = append(all, c)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b Closed) int { return b.At.Compare(a.At) })
	return all, err
}

// Delivered is the last alert of an incident that a notifier has accepted.
type Delivered struct {
	Incident alert.ID   `json:"incident"`
	Kind     alert.Kind `json:"kind"`
	At       time.Time  `json:"at"`
}

func (tx *Tx) accepted(notifier string, d notify.Delivery, at time.Time) error {
	t, err := tx.of(delivered, notifier)
	if err != nil {
		return err
	}
	id := d.Alert.Data.Incident()
	return t.put([]byte(id.Key()), Delivered{Incident: id, Kind: d.Alert.Data.Kind, At: at})
}

// Delivered is the last alert of an incident that a notifier has accepted; the
// zero Delivered when there is none.
func (tx *Tx) Delivered(notifier string, incident alert.ID) (d Delivered, err error) {
	b := tx.tx.Bucket(delivered).Bucket([]byte(notifier))
	if b == nil {
		return d, nil
	}
	if text := b.Get([]byte(incident.Key())); text != nil {
		err = json.Unmarshal(text, &d)
	}
	if d.Incident != incident {
		return Delivered{}, err
	}
	return d, err
}

// sweep forgets closed incidents that are old or too many, and what was
// delivered about incidents that are forgotten.
func (tx *Tx) sweep(now time.Time) error {
	all, err := tx.Closed(now)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, c := range all[:min(len(all), maxClosed)] {
		keep[c.Data.ID.Key()] = true
	}
	if err := tx.table(closed).retain(func(key string) bool { return keep[key] }); err != nil {
		return err
	}
	top := tx.table(delivered)
	var notifiers []string
	if err := top.b.ForEachBucket(func(k []byte) error {
		notifiers = append(notifiers, string(k))
		return nil
	}); err != nil {
		return err
	}
	for _, n := range notifiers {
		t := table{tx, top.b.Bucket([]byte(n)), top.path + "/" + n}
		if err := t.retain(func(key string) bool {
			return keep[key] || tx.table(incidents).b.Get([]byte(key)) != nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// retain deletes what is not to be kept.
func (t table) retain(keep func(key string) bool) error {
	var drop [][]byte
	err := t.b.ForEach(func(k, _ []byte) error {
		if !keep(string(k)) {
			drop = append(drop, slices.Clone(k))
		}
		return nil
	})
	for _, k := range drop {
		if err == nil {
			err = t.delete(k)
		}
	}
	return err
}
