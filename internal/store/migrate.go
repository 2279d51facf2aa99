package store

import (
	"slices"

	bolt "go.etcd.io/bbolt"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
)

// prepare makes the buckets of a new file, and migrates an older version's file to
// the current schema.
func prepare(db *bolt.DB) error {
	now := summary{}
	err := db.View(func(tx *bolt.Tx) (err error) {
		if b := tx.Bucket([]byte(meta)); b != nil {
			now, err = readSummary(b.Get([]byte(summaryKey)))
		}
		return err
	})
	if err != nil || now.Schema == schema {
		return err
	}
	return db.Update(func(btx *bolt.Tx) error {
		for _, name := range forms[schema] {
			if _, err := btx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		tx := &Tx{tx: btx, summary: now}
		if now.Schema > 0 {
			tx.giveTurns()
			tx.whoWasNotified()
		} else {
			tx.summary.Tx = uint64(btx.ID())
		}
		if tx.err != nil {
			return tx.err
		}
		tx.summary.Schema = schema
		return tx.summary.write(btx)
	})
}

// giveTurns gives the deliveries of schemas before 5, whose keys began with their numbers,
// their turns.
func (tx *Tx) giveTurns() {
	for notifier, out := range tx.ofAll(outbox) {
		tx.deleteOf(queued, notifier)
		for _, key := range out.names() {
			d := tx.delivery([]byte(key), out.raw(key))
			out.delete(key)
			tx.insert(notifier, d)
		}
	}
}

// whoWasNotified notes in the incidents of schemas before 5 who was notified of them.
func (tx *Tx) whoWasNotified() {
	notified := func(id alert.ID) (names []string) {
		all := append(tx.table(delivered).names(), tx.table(outbox).names()...)
		slices.Sort(all)
		for _, name := range slices.Compact(all) {
			if tx.Delivered(name, id).Incident == id || tx.Waits(name, id) > 0 {
				names = append(names, name)
			}
		}
		return names
	}
	all := tx.table(incidents)
	tx.summary.Open = len(all.names())
	for _, key := range all.names() {
		var s struct {
			incident.State
			Pending bool `json:"untold"` // of a storm: some members are not named yet
		}
		all.get(key, &s)
		s.Notified = notified(s.ID())
		if s.Pending {
			s.Unnamed = s.Arrived
		}
		if c := s.Content.Cause; s.IsGroup() && s.Group == nil {
			s.Group = &incident.Group{Causes: []incident.GroupCause{{ID: c.ID, Title: c.Title, Count: s.Members}}}
		}
		if s.IsGroup() {
			s.Group.Active = s.Members
		}
		all.put(key, s.State)
	}
	ended := tx.table(closed)
	for _, key := range ended.names() {
		c := load[Closed](ended, key)
		for i, end := range c.Ends {
			c.Ends[i].To = notified(end.Alert.Data.Incident())
		}
		ended.put(key, c)
	}
}
