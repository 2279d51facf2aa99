package store

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/notify"
)

// maxAside bounds the dead letters of one notifier; the oldest are deleted.
const maxAside = 1000

// MaxQueued is the maximum size of the queued alerts of all notifiers together, in bytes. Each
// notifier has an equal share, so that one that is down leaves room for the others. A quarter of
// each share is reserved for the ends of incidents and for alerts about the watcher itself.
const MaxQueued = 32 << 20

// queueState is the state of a notifier's queue as a whole.
type queueState struct {
	Served uint64 `json:"served"` // the turn of the last delivery that has left it
	Bytes  int    `json:"bytes"`  // of what waits
}

// ofQueue is the key of the queueState in the lanes of a notifier; the other keys are causes,
// with the last turn that each has been given.
const ofQueue = ":queue"

// Enqueue adds an alert to the queue of a notifier; false if there is no room. The notifier's
// health counts this, unless the alert is one that introduces an incident. A reminder,
// or a further alert of a group, replaces an older queued one of the same incident, so that an
// outage of hours results in few messages.
//
// The causes take turns: the first alert for one cause comes before the tenth for another. Alerts
// about one incident keep their order.
func (tx *Tx) Enqueue(notifier string, a alert.Alert) bool { return tx.enqueue(notifier, a, false) }

// EnqueueCovered is Enqueue for an alert whose content another alert reports to people. The
// notifier only updates what its receiver shows.
func (tx *Tx) EnqueueCovered(notifier string, a alert.Alert) bool {
	return tx.enqueue(notifier, a, true)
}

func (tx *Tx) enqueue(notifier string, a alert.Alert, covered bool) bool {
	d, data := notify.Delivery{Alert: a, Queued: clock.Now(), Covered: covered}, a.Data
	var old notify.Delivery
	replaces := false
	if replaceable(data.Kind) {
		old, replaces = tx.waiting(notifier, data.Incident(), data.Kind)
		d.Alert.Data.Failures.SinceLastAlert += old.Alert.Data.Failures.SinceLastAlert
	}
	if !tx.fits(notifier, d, len(tx.table(outbox, notifier).raw(outboxKey(old)))) {
		// These come again, or what they say is counted elsewhere.
		if !data.First() && data.Kind != alert.Opened && !replaceable(data.Kind) && data.Kind != alert.Blind {
			tx.dropped(notifier)
		}
		return false
	}
	if replaces {
		tx.remove(notifier, old, 0)
	}
	if data.First() {
		cause := cmp.Or(data.Cause.ID, "?")
		o, may := tx.Openings(cause).Mention(notifier, d.Queued)
		tx.SetOpenings(cause, o)
		d.NoMention = !may // it has done so recently
	}
	tx.summary.Seq++
	tx.news = true
	d.Seq = tx.summary.Seq
	tx.insert(notifier, d)
	return true
}

// dropped counts a delivery for which there is no room.
func (tx *Tx) dropped(notifier string) {
	h := tx.Health(notifier)
	h.Dropped++
	tx.table(health).put(notifier, h)
}

// Ship adds a failure to the queue of notify.Ship, which is in order. This queue takes no room from
// those of the notifiers: it may have MaxQueued bytes for itself. If it is full, the failure is
// dropped, which its health counts, and failure is not called.
func (tx *Tx) Ship(level string, failure func() alert.Alert) {
	if tx.queueOf(notify.Ship).Bytes >= tx.store.maxQueued {
		tx.dropped(notify.Ship)
		return
	}
	tx.summary.Seq++
	tx.news = true
	tx.putDelivery(notify.Ship, notify.Delivery{Seq: tx.summary.Seq, Alert: failure(), Queued: clock.Now(), Level: level})
}

// fits reports whether a notifier's queue has room for one more delivery, which replaces one of
// the given size.
func (tx *Tx) fits(notifier string, d notify.Delivery, replaced int) bool {
	q := tx.queueOf(notifier)
	if q.Bytes == replaced {
		return true
	}
	record, err := json.Marshal(d)
	tx.Fail(err)
	queues := 1
	for _, other := range tx.table(lanes).names() {
		if other != notifier && other != notify.Ship {
			queues++
		}
	}
	room := tx.store.maxQueued / queues
	if k := d.Alert.Data.Kind; !k.Closes() && k != alert.Blind && k != alert.Sighted {
		room -= room / 4
	}
	return q.Bytes-replaced+len(record) <= room
}

// insert gives a delivery its turn and stores it.
func (tx *Tx) insert(notifier string, d notify.Delivery) {
	index, turns := tx.table(queued, notifier), tx.table(lanes, notifier)
	data := d.Alert.Data
	lane := cmp.Or(data.Cause.ID, "?") // a record has a key
	d.Turn = max(tx.queueOf(notifier).Served, load[uint64](turns, lane)) + 1
	turns.put(lane, d.Turn)
	for _, at := range index.withPrefix(indexKey(data.Incident(), "")) {
		var before position
		tx.Fail(json.Unmarshal(at, &before))
		d.Turn = max(d.Turn, before[0])
	}
	index.put(indexKey(data.Incident(), data.Kind), position{d.Turn, d.Seq})
	tx.putDelivery(notifier, d)
}

// position is the turn and the number of a delivery.
type position [2]uint64

// putDelivery stores a delivery, and keeps account of the bytes that wait.
func (tx *Tx) putDelivery(notifier string, d notify.Delivery) {
	out, key := tx.table(outbox, notifier), outboxKey(d)
	before := len(out.raw(key))
	out.put(key, d)
	tx.account(notifier, 0, len(out.raw(key))-before)
}

// account notes that a queue has grown, and that a turn was served.
func (tx *Tx) account(notifier string, served uint64, bytes int) {
	q := tx.queueOf(notifier)
	tx.table(lanes, notifier).put(ofQueue, queueState{max(q.Served, served), q.Bytes + bytes})
}

// queueOf is the state of a notifier's queue as a whole.
func (tx *Tx) queueOf(notifier string) queueState {
	return load[queueState](tx.table(lanes, notifier), ofQueue)
}

func replaceable(k alert.Kind) bool { return k == alert.Reminder || k == alert.Storm }

// Withdraw removes an incident's alert of kind opened from a notifier's queue, unless it has been
// attempted or another alert of the incident follows it. It reports whether the alert was removed.
func (tx *Tx) Withdraw(notifier string, incident alert.ID) bool {
	d, ok := tx.waiting(notifier, incident, alert.Opened)
	if !ok || d.Attempts > 0 || tx.Waits(notifier, incident) > 1 {
		return false
	}
	if cause := cmp.Or(d.Alert.Data.Cause.ID, "?"); !d.NoMention { // another alert may mention people instead
		tx.SetOpenings(cause, tx.Openings(cause).Unmention(notifier))
	}
	tx.remove(notifier, d, 0)
	return true
}

// Waits is the number of kinds of alerts about an incident that are queued for a notifier.
func (tx *Tx) Waits(notifier string, incident alert.ID) (kinds int) {
	for range tx.table(queued, notifier).withPrefix(indexKey(incident, "")) {
		kinds++
	}
	return kinds
}

// waiting is the queued delivery of a kind for an incident, the last one if there are several.
func (tx *Tx) waiting(notifier string, incident alert.ID, kind alert.Kind) (d notify.Delivery, ok bool) {
	var at position
	if !tx.table(queued, notifier).get(indexKey(incident, kind), &at) {
		return d, false
	}
	d.Turn, d.Seq, d.Alert.Data.Kind = at[0], at[1], kind
	ok = tx.table(outbox, notifier).get(outboxKey(d), &d)
	return d, ok
}

// Shift moves the times at which deliveries and the queues of removed notifiers are given up,
// after the wall clock was set forward or back by a duration.
func (tx *Tx) Shift(by time.Duration) {
	for notifier, out := range tx.ofAll(outbox) {
		for _, key := range out.names() {
			d := tx.delivery([]byte(key), out.raw(key))
			d.Queued = d.Queued.Add(by)
			tx.putDelivery(notifier, d)
		}
	}
	for _, name := range tx.table(health).names() {
		if h := load[orphanHealth](tx.table(health), name); !h.Departed.IsZero() {
			h.Departed = h.Departed.Add(by)
			tx.table(health).put(name, h)
		}
	}
}

// Changed returns a channel that is closed when the next delivery is queued or
// an incident changes.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Done removes an accepted delivery, with those that were delivered together with it, and stores
// its receipt.
func (s *Store) Done(notifier string, d notify.Delivery, r notify.Receipt, h notify.Health) error {
	return s.Update(func(tx *Tx) {
		tx.setHealth(notifier, h)
		if d.Level == "" {
			tx.setReceipt(notifier, d.Alert.Data.Incident(), r)
			tx.setDelivered(notifier, d, h.Succeeded)
			tx.sentAnyway(notifier, d)
		}
		for _, d := range append([]notify.Delivery{d}, d.More...) {
			tx.remove(notifier, d, d.Turn)
		}
	})
}

// remove deletes a delivery. served is its turn, 0 = it was not its turn.
func (tx *Tx) remove(notifier string, d notify.Delivery, served uint64) {
	out, index := tx.table(outbox, notifier), tx.table(queued, notifier)
	var at position
	key := indexKey(d.Alert.Data.Incident(), d.Alert.Data.Kind)
	if index.get(key, &at) && at[1] == d.Seq {
		index.delete(key)
	}
	if size := len(out.raw(outboxKey(d))); size > 0 {
		out.delete(outboxKey(d))
		tx.account(notifier, served, -size)
	}
}

// Retry updates a delivery and the notifier's health. The delivery keeps its position in the
// queue. A delivery that has been removed in the meantime stays removed.
func (s *Store) Retry(notifier string, d notify.Delivery, h notify.Health) error {
	return s.Update(func(tx *Tx) {
		tx.setHealth(notifier, h)
		switch {
		case tx.table(outbox, notifier).raw(outboxKey(d)) != nil:
			tx.putDelivery(notifier, d)
		case d.Unsure:
			tx.sentAnyway(notifier, d)
		}
	})
}

// SetAside moves a delivery from the queue to the dead letters.
func (s *Store) SetAside(notifier string, d notify.Delivery, h notify.Health) error {
	return s.Update(func(tx *Tx) {
		tx.setHealth(notifier, h)
		t := tx.table(aside, notifier)
		dead := t.names()
		for _, oldest := range dead[:max(len(dead)-maxAside+1, 0)] {
			t.delete(oldest)
		}
		t.put(asideKey(d), d)
		tx.remove(notifier, d, d.Turn)
	})
}

// outboxKey is the key of a delivery in a queue: its turn, then its number.
func outboxKey(d notify.Delivery) string {
	return string(binary.BigEndian.AppendUint64(nil, d.Turn)) + asideKey(d)
}

// asideKey is the key of a delivery in the dead letters: its number.
func asideKey(d notify.Delivery) string { return string(binary.BigEndian.AppendUint64(nil, d.Seq)) }

// indexKey is the key in queued of an incident's delivery of a kind.
func indexKey(incident alert.ID, kind alert.Kind) string {
	return string(incident) + "#" + string(kind)
}
