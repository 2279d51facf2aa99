package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// of is an alert of a kind.
func of(id string, kind alert.Kind) alert.Alert {
	a := newAlert(id)
	a.Data.Kind = kind
	a.Data.Failures.SinceLastAlert = 1
	return a
}

// add queues alerts given as kind and ID.
func add(t *testing.T, s *store.Store, notifier string, all ...string) {
	t.Helper()
	update(t, s, func(tx *store.Tx) {
		for _, a := range all {
			kind, id, _ := strings.Cut(a, " ")
			tx.Enqueue(notifier, of(id, alert.Kind(kind)))
		}
	})
}

// drained takes all that waits, in order.
func drained(t *testing.T, s *store.Store, notifier string) []string {
	t.Helper()
	var all []string
	for {
		d, ok, err := s.Oldest(notifier)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return all
		}
		all = append(all, fmt.Sprintf("%s %s +%d", d.Alert.Data.Kind, d.Alert.Data.ID, d.Alert.Data.Failures.SinceLastAlert))
		if err := s.Done(notifier, d, nil, notify.Health{}); err != nil {
			t.Fatal(err)
		}
	}
}

// A newer reminder takes the place of a queued one of its incident and counts
// its failures in; everything else stays, in order; so does what another
// notifier has.
func TestRemindersReplaced(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	add(t, s, "hub", "opened a@1#1", "reminder a@1#2", "opened b@1#1", "reminder b@1#2", "changed a@1#3", "reminder a@1#4", "storm c@1#1", "storm c@1#2",
		"quiet a@1#5", "reminder a@2#1")
	add(t, s, "slack", "reminder a@1#2")
	want := []string{"opened a@1#1 +1", "opened b@1#1 +1", "reminder b@1#2 +1", "changed a@1#3 +1", "reminder a@1#4 +2", "storm c@1#2 +2", "quiet a@1#5 +1",
		"reminder a@2#1 +1"}
	if got := drained(t, s, "hub"); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := drained(t, s, "slack"); !slices.Equal(got, []string{"reminder a@1#2 +1"}) {
		t.Errorf("slack has %q", got)
	}
	add(t, s, "hub", "reminder a@1#6") // nothing that was delivered is replaced
	if got := drained(t, s, "hub"); !slices.Equal(got, []string{"reminder a@1#6 +1"}) {
		t.Errorf("got %q", got)
	}
}

// A delivery that was replaced while it was under way is not brought back, and
// the one in its place stays.
func TestReplacedUnderWay(t *testing.T) {
	for _, end := range []string{"done", "retry"} {
		s, _ := opened(t, t.TempDir())
		add(t, s, "hub", "reminder a@1#2")
		sending, _, _ := s.Oldest("hub")
		add(t, s, "hub", "reminder a@1#3")
		var err error
		if end == "done" {
			err = s.Done("hub", sending, nil, notify.Health{})
		} else {
			err = s.Retry("hub", sending, notify.Health{})
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := drained(t, s, "hub"); !slices.Equal(got, []string{"reminder a@1#3 +2"}) {
			t.Errorf("%s: got %q", end, got)
		}
	}
}

// An opened can be withdrawn until it is tried.
func TestWithdraw(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	add(t, s, "hub", "opened a@1#1", "opened b@1#1", "changed a@1#2")
	d, _, _ := s.Oldest("hub")
	withdraw := func(incident string) (was bool) {
		update(t, s, func(tx *store.Tx) {
			was = tx.Withdraw("hub", alert.ID(incident))
		})
		return was
	}
	if !withdraw("b@1") || withdraw("b@1") || withdraw("none@1") {
		t.Error("b@1 is not withdrawn once")
	}
	d.Attempts = 1
	if err := s.Retry("hub", d, notify.Health{}); err != nil {
		t.Fatal(err)
	}
	if withdraw("a@1") {
		t.Error("what was tried is withdrawn")
	}
	if got := drained(t, s, "hub"); !slices.Equal(got, []string{"opened a@1#1 +1", "changed a@1#2 +1"}) {
		t.Errorf("got %q", got)
	}
}

// A queue has an equal share of the limit, of which a quarter is for ends and for what is about
// the watcher; what has no room is counted, but for the first alert of an incident, which the
// caller counts.
func TestQueueBound(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	put := func(notifier, id string, kind alert.Kind) (fits bool) {
		update(t, s, func(tx *store.Tx) { fits = tx.Enqueue(notifier, of(id, kind)) })
		return fits
	}
	fill := func(notifier string, kind alert.Kind) (n int) {
		for ; n < 10_000; n++ {
			if !put(notifier, fmt.Sprintf("%s-%s-%d@1#1", notifier, kind, n), kind) {
				return n
			}
		}
		t.Fatal("it has no limit")
		return 0
	}
	s.SetMaxQueued(64 << 10)
	openeds := fill("hub", alert.Opened)
	ends := fill("hub", alert.Quiet)
	if openeds < 20 || ends < openeds/4 || ends > openeds/2 {
		t.Errorf("there was room for %d openeds and then %d ends, want three times as many openeds", openeds, ends)
	}
	other := fill("ops", alert.Opened)
	if other < openeds/3 || other > openeds/2+1 {
		t.Errorf("a second notifier has room for %d, the first alone had for %d", other, openeds)
	}
	if put("hub", "x@1#2", alert.Changed) {
		t.Error("a changed fits")
	}
	if h, err := s.Health("hub"); err != nil || h.Dropped != 1 {
		t.Errorf("%d dropped (%v), want 1", h.Dropped, err)
	}
	drained(t, s, "hub")
	if again := fill("hub", alert.Opened); again < openeds/3 {
		t.Errorf("after it was delivered there is room for %d", again)
	}
}

// The causes take turns, whatever came first; the alerts of one incident keep their order.
func TestTurns(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	n := 0
	put := func(id string, kind alert.Kind, cause string) {
		a := of(id, kind)
		a.Data.Cause.ID = cause
		n++
		update(t, s, func(tx *store.Tx) { tx.Enqueue("hub", a) })
	}
	for i := range 12 {
		put(fmt.Sprintf("a%d@1#1", i), alert.Opened, "a")
	}
	put("b0@1#1", alert.Opened, "b")
	put("a11@1#2", alert.Changed, "c") // another cause, the same incident
	put("c0@1#1", alert.Opened, "c")
	got := strings.Join(s.Queue("hub"), " ")
	const want = "a0@1#1 b0@1#1 a1@1#1 c0@1#1 a2@1#1 a3@1#1 a4@1#1 a5@1#1 a6@1#1 a7@1#1 a8@1#1 a9@1#1 a10@1#1 a11@1#1 a11@1#2"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for range 5 {
		d, _, _ := s.Oldest("hub")
		if err := s.Done("hub", d, nil, notify.Health{}); err != nil {
			t.Fatal(err)
		}
	}
	put("d0@1#1", alert.Opened, "d") // after what was served, before what a has in store
	if got := s.Queue("hub"); !slices.Equal(got[:3], []string{"a3@1#1", "d0@1#1", "a4@1#1"}) {
		t.Errorf("a later cause waits behind: %q", got)
	}
}

// What a notifier learnt and its receipts outlive the process; what the worker
// does not own stays as it is; a nil receipt forgets.
func TestHealthAndReceipts(t *testing.T) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	i := state("a")
	update(t, s, func(tx *store.Tx) { tx.SetIncident(i) })
	a := newAlert(string(i.ID() + "#1"))
	update(t, s, func(tx *store.Tx) { tx.Enqueue("bot", a) })
	d, _, _ := s.Oldest("bot")
	if d.Receipt != nil {
		t.Errorf("a receipt before the first delivery: %s", d.Receipt)
	}
	h := notify.Health{Circuit: notify.Waiting, NotBefore: time.Unix(2e9, 0).UTC(), Reason: "no", SetAside: 2}
	if err := s.Done("bot", d, notify.Receipt(`{"ts":"1"}`), h); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *store.Tx) { tx.SetReported("bot", 2) })
	s.Close()
	s, _ = opened(t, dir)
	h.Reported = 2
	if got, err := s.Health("bot"); err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("Health %+v %v, want %+v", got, err, h)
	}
	standing, err := s.OpenIncidents("bot")
	if err != nil || len(standing) != 1 || string(standing[0].Receipt) != `{"ts":"1"}` || standing[0].Data.ID != i.ID() ||
		standing[0].Data.Failures.Count != i.Count {
		t.Errorf("Standing %+v %v", standing, err)
	}
	if other, err := s.OpenIncidents("hub"); err != nil || len(other) != 0 {
		t.Errorf("another notifier has %+v %v", other, err)
	}
	update(t, s, func(tx *store.Tx) { tx.Enqueue("bot", newAlert(string(i.ID()+"#2"))) })
	if d, _, _ := s.Oldest("bot"); string(d.Receipt) != `{"ts":"1"}` {
		t.Errorf("the second delivery has the receipt %s", d.Receipt)
	}
	if err := s.SetReceipts("bot", map[alert.ID]notify.Receipt{i.ID(): nil}); err != nil {
		t.Fatal(err)
	}
	if standing, err := s.OpenIncidents("bot"); err != nil || len(standing) != 0 {
		t.Errorf("after it was forgotten: %+v %v", standing, err)
	}
}

// Receipts of incidents that are over are forgotten, once nothing waits.
func TestSweep(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	open, over := state("a"), state("b")
	update(t, s, func(tx *store.Tx) { tx.SetIncident(open) })
	for _, i := range []string{string(open.ID()), string(over.ID()), "a@20200101T000000.000Z"} {
		if err := s.SetReceipts("bot", map[alert.ID]notify.Receipt{alert.ID(i): notify.Receipt(`"x"`)}); err != nil {
			t.Fatal(err)
		}
	}
	add(t, s, "bot", string("quiet "+over.ID()+"#2"))
	if err := s.SweepReceipts(); err != nil {
		t.Fatal(err)
	}
	if d, _, _ := s.Oldest("bot"); d.Receipt == nil {
		t.Error("the receipt of what waits is gone")
	}
	drained(t, s, "bot")
	update(t, s, func(tx *store.Tx) { tx.Enqueue("other", of("z@1#1", alert.Opened)) })
	if err := s.SweepReceipts(); err != nil {
		t.Fatal(err)
	}
	if got := s.Receipts("bot"); !slices.Equal(got, []string{string(open.ID())}) {
		t.Errorf("receipts of %q are left", got)
	}
}

// One cause mentions people once in 15 minutes, each notifier for itself: that is stored
// with the delivery, so that what is sent again after a restart is the same. What is
// withdrawn has mentioned nobody, and only the first alert of an incident may mention people.
func TestNoMention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s, _ := opened(t, dir)
		of := func(id, cause string) alert.Alert {
			a := of(id, alert.Opened)
			a.Data.Cause.ID = cause
			return a
		}
		for _, tt := range []struct {
			after          time.Duration
			to, id, cause  string
			withdraw, none bool
		}{
			{to: "ops", id: "a@1#1", cause: "x"},
			{to: "ops", id: "b@1#1", cause: "x", none: true},
			{to: "bot", id: "b@1#1", cause: "x"},
			{to: "ops", id: "c@1#1", cause: "y"},
			{after: 15*time.Minute - 1, to: "ops", id: "d@1#1", cause: "x", none: true},
			{after: 1, to: "ops", id: "e@1#2", cause: "x"},
			{to: "ops", id: "f@1#1", cause: "x", withdraw: true},
			{to: "ops", id: "g@1#1", cause: "x"},
			{to: "ops", id: "h@1#1", cause: "x", none: true, withdraw: true},
			{to: "ops", id: "i@1#1", cause: "x", none: true},
		} {
			time.Sleep(tt.after) // of the bubble
			update(t, s, func(tx *store.Tx) { tx.Enqueue(tt.to, of(tt.id, tt.cause)) })
			s.Close()
			s, _ = opened(t, dir)
			for range 2 { // before and after an attempt that failed
				d := last(t, s, tt.to)
				if string(d.Alert.Data.ID) != tt.id || d.NoMention != tt.none {
					t.Errorf("%s at %s: %s without a mention: %t, want %t", tt.id, tt.to, d.Alert.Data.ID, d.NoMention, tt.none)
				}
				if tt.withdraw {
					continue
				}
				d.Attempts++
				if err := s.Retry(tt.to, d, notify.Health{}); err != nil {
					t.Fatal(err)
				}
			}
			if tt.withdraw {
				update(t, s, func(tx *store.Tx) {
					was := tx.Withdraw(tt.to, alert.ID(tt.id).Incident())
					if !was {
						t.Errorf("%s is not withdrawn", tt.id)
					}
				})
			}
		}
		s.Close()
	})
}

// last is the youngest delivery of a notifier.
func last(t *testing.T, s *store.Store, notifier string) (d notify.Delivery) {
	t.Helper()
	err := s.View(func(tx *store.Tx) {
		all, _ := tx.Queue(notifier, 100)
		for _, next := range all {
			if next.Seq > d.Seq {
				d = next
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
