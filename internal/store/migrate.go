package store

import (
	"errors"
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
			if err := errors.Join(tx.giveTurns(), tx.whoWasNotified()); err != nil {
				return err
			}
		}
		if now.Schema == 0 {
			tx.summary.Tx = uint64(btx.ID())
		}
		tx.summary.Schema = schema
		return tx.summary.write(btx)
	})
}

// giveTurns gives the deliveries of schemas before 5, whose keys began with their numbers,
// their turns.
func (tx *Tx) giveTurns() error {
	return tx.ofAll(outbox, func(notifier string, out table) error {
		if err := tx.deleteOf(queued, notifier); err != nil {
			return err
		}
		for _, key := range out.names() {
			d, err := delivery([]byte(key), out.raw(key))
			if err := errors.Join(err, out.delete(key)); err != nil {
				return err
			}
			if err := tx.insert(notifier, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// whoWasNotified notes in the incidents of schemas before 5 who was notified of them.
func (tx *Tx) whoWasNotified() error {
	notified := func(id alert.ID) (names []string, err error) {
		all := append(tx.read(delivered).names(), tx.read(outbox).names()...)
		slices.Sort(all)
		for _, name := range slices.Compact(all) {
			d, failed := tx.Delivered(name, id)
			err = errors.Join(err, failed)
			if d.Incident == id || tx.Waits(name, id) {
				names = append(names, name)
			}
		}
		return names, err
	}
	all := tx.table(incidents)
	tx.summary.Open = len(all.names())
	for _, key := range all.names() {
		var s struct {
			incident.State
			Pending bool `json:"untold"` // of a storm: some members are not named yet
		}
		if _, err := all.get(key, &s); err != nil {
			return err
		}
		var err error
		if s.Notified, err = notified(s.ID()); err != nil {
			return err
		}
		if s.Pending {
			s.Unnamed = s.Arrived
		}
		if c := s.Content.Cause; s.IsGroup() && s.Group == nil {
			s.Group = &incident.Group{Causes: []incident.GroupCause{{ID: c.ID, Title: c.Title, Count: s.Members}}}
		}
		if s.IsGroup() {
			s.Group.Active = s.Members
		}
		if err := all.put(key, s.State); err != nil {
			return err
		}
	}
	ended := tx.table(closed)
	for _, key := range ended.names() {
		var c Closed
		if _, err := ended.get(key, &c); err != nil {
			return err
		}
		for i, end := range c.Ends {
			to, err := notified(end.Alert.Data.Incident())
			if err != nil {
				return err
			}
			c.Ends[i].To = to
		}
		if err := ended.put(key, c); err != nil {
			return err
		}
	}
	return nil
}
