package store

import (
	"maps"
	"slices"
	"time"

	"jira-oauth-watcher/notify"
)

// keepDeparted is for how long the queue of a notifier that is no longer
// configured is kept: it may have been taken out by mistake, or renamed.
const keepDeparted = 7 * 24 * time.Hour

// Departed is a notifier that is no longer configured while alerts wait for it.
type Departed struct {
	Name    string
	Waiting int
	Until   time.Time // when they are given up
	GivenUp bool      // they have been, now
}

// leaver is a Health with the time when its notifier was first missed. It is
// beside it in one record, which other versions of this program read as a
// Health.
type leaver struct {
	notify.Health
	Departed time.Time `json:"departed,omitzero"`
}

// Depart compares the notifiers that something is stored for with those that
// are configured. It returns those that are gone and have alerts waiting, by
// name, and gives up what belongs to one that has been gone for a week.
func (s *Store) Depart(configured []string, now time.Time) (gone []Departed, err error) {
	news := false // so that a start which finds nothing new writes nothing
	look := func(tx *Tx, change bool) error {
		gone, news = nil, false
		for _, name := range tx.notifiers() {
			d, changes, err := tx.depart(name, slices.Contains(configured, name), now, change)
			if err != nil {
				return err
			}
			news = news || changes
			if d.Waiting > 0 {
				gone = append(gone, d)
			}
		}
		return nil
	}
	err = s.View(func(tx *Tx) error { return look(tx, false) })
	if err != nil || !news {
		return gone, err
	}
	return gone, s.Update(func(tx *Tx) error { return look(tx, true) })
}

// depart looks at one notifier, and where change is set brings its record up to
// date or gives it up. changes tells whether there is anything to do.
func (tx *Tx) depart(name string, configured bool, now time.Time, change bool) (d Departed, changes bool, err error) {
	t := tx.table(health)
	var l leaver
	if _, err := t.get([]byte(name), &l); err != nil {
		return d, false, err
	}
	if configured {
		if l.Departed.IsZero() || !change {
			return d, !l.Departed.IsZero(), nil
		}
		l.Since = now // what goes on from before is another trouble, with another ID
		return d, true, t.put([]byte(name), l.Health)
	}
	fresh := l.Departed.IsZero() || l.Departed.After(now) // in the future: the clock was set back
	if fresh {
		l.Departed = now
	}
	d = Departed{Name: name, Until: l.Departed.Add(keepDeparted)}
	d.GivenUp = !now.Before(d.Until)
	if b := tx.tx.Bucket(outbox).Bucket([]byte(name)); b != nil {
		d.Waiting = b.Stats().KeyN
	}
	switch {
	case !fresh && !d.GivenUp:
		return d, false, nil
	case !change:
		return d, true, nil
	case d.GivenUp:
		return d, true, tx.giveUp(name)
	}
	return d, true, t.put([]byte(name), l)
}

// notifiers are the names of all for which something is stored.
func (tx *Tx) notifiers() []string {
	names := map[string]bool{}
	for _, part := range [][]byte{outbox, queued, aside, receipts} {
		tx.tx.Bucket(part).ForEachBucket(func(k []byte) error {
			names[string(k)] = true
			return nil
		})
	}
	tx.tx.Bucket(health).ForEach(func(k, _ []byte) error {
		names[string(k)] = true
		return nil
	})
	return slices.Sorted(maps.Keys(names))
}

// giveUp forgets all about a notifier.
func (tx *Tx) giveUp(name string) error {
	for _, part := range [][]byte{outbox, queued, aside, receipts} {
		b := tx.tx.Bucket(part).Bucket([]byte(name))
		if b == nil {
			continue
		}
		if err := (table{tx, b, "/" + string(part) + "/" + name}).empty(); err != nil {
			return err
		}
		if err := tx.tx.Bucket(part).DeleteBucket([]byte(name)); err != nil {
			return err
		}
	}
	return tx.table(health).delete([]byte(name))
}

// empty deletes every record of a table.
func (t table) empty() error {
	var keys [][]byte // a cursor must not be walked while records go
	t.b.ForEach(func(k, _ []byte) error {
		keys = append(keys, slices.Clone(k))
		return nil
	})
	for _, k := range keys {
		if err := t.delete(k); err != nil {
			return err
		}
	}
	return nil
}
