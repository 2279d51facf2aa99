package store_test

import (
	"fmt"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// Failures wait in order, whatever their causes, and several are delivered together. Their queue has a limit,
// beyond which failures are counted, and takes no room from the notifiers.
func TestShip(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	s.SetMaxQueued(64 << 10)
	room := func(notifier string) (n int) {
		for fits := true; fits; n++ {
			update(t, s, func(tx *store.Tx) { fits = tx.Enqueue(notifier, of(fmt.Sprintf("%d@1#1", n), alert.Opened)) })
		}
		drained(t, s, notifier)
		return n
	}
	alone := room("hub")
	const asked = 300
	called := 0
	for n := range asked {
		update(t, s, func(tx *store.Tx) {
			tx.Ship("WARN", func() alert.Alert {
				called++
				a := of(fmt.Sprintf("x@1!%d", n), "")
				a.Data.Cause.ID = fmt.Sprint(n % 3)
				return a
			})
		})
	}
	h, err := s.Health(notify.Ship)
	if err != nil || h.Dropped == 0 || h.Dropped+called != asked {
		t.Fatalf("%d dropped and %d queued of %d (%v)", h.Dropped, called, asked, err)
	}
	if got := room("hub"); got != alone {
		t.Errorf("a notifier has room for %d alerts, without failures for %d", got, alone)
	}
	next, sent := 0, 0
	for ; ; sent++ {
		d, ok, err := s.Oldest(notify.Ship)
		if err != nil {
			t.Fatal(err)
		} else if !ok {
			break
		}
		for _, one := range append([]notify.Delivery{d}, d.More...) {
			if want := alert.ID(fmt.Sprintf("x@1!%d", next)); one.Alert.Data.ID != want || one.Level != "WARN" {
				t.Fatalf("%s of level %s, want %s", one.Alert.Data.ID, one.Level, want)
			}
			next++
		}
		if len(d.More) >= 100 {
			t.Errorf("%d failures together", len(d.More)+1)
		}
		if err := s.Done(notify.Ship, d, nil, notify.Health{}); err != nil {
			t.Fatal(err)
		}
	}
	if next != called || sent > called/50+1 {
		t.Errorf("%d failures in %d deliveries, want all %d in few", next, sent, called)
	}
}
