package store_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

func hours(t *testing.T, s *store.Store, now time.Time) (all map[string][]int) {
	t.Helper()
	if err := s.View(func(tx *store.Tx) {
		all = tx.Hours(now, func(string) bool { return true })
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// Failures are counted in the hour of their own time, for a week, and what the
// week has left behind is deleted.
func TestHours(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	happened := func(now time.Time, key string, at ...time.Time) {
		update(t, s, func(tx *store.Tx) {
			for _, at := range at {
				tx.CountFailure(key, at, now)
			}
		})
	}
	ago := func(h int) time.Time { return midday.Add(-time.Duration(h) * time.Hour) }
	happened(midday, "a", midday, midday.Add(59*time.Minute), ago(1), ago(1).Add(10*time.Minute), ago(167), ago(168), ago(9999))
	happened(midday, "b", time.Time{}, midday.Add(40*time.Hour)) // none, and that of a wrong clock: now
	at := func(counts map[int]int) []int {
		all := make([]int, store.HistoryHours)
		for i, n := range counts {
			all[i] = n
		}
		return all
	}
	want := map[string][]int{"a": at(map[int]int{167: 2, 166: 2, 0: 1}), "b": at(map[int]int{167: 2})}
	if got := hours(t, s, midday); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	later := midday.Add(2 * time.Hour)
	happened(later, "c", later)
	want = map[string][]int{"a": at(map[int]int{165: 2, 164: 2}), "b": at(map[int]int{165: 2}), "c": at(map[int]int{167: 1})}
	if got := hours(t, s, later); !reflect.DeepEqual(got, want) {
		t.Errorf("two hours later: got %v\nwant %v", got, want)
	}
	if got := hours(t, s, midday); got["a"][0] != 0 {
		t.Errorf("the oldest hour is still stored: %v", got)
	}
}

// An hour counts a bounded number of integrations; those it has go on.
func TestHoursBounded(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	for range 2 {
		update(t, s, func(tx *store.Tx) {
			for i := range 2100 {
				tx.CountFailure(fmt.Sprintf("%08d", i), midday, midday)
			}
		})
	}
	all := hours(t, s, midday)
	if len(all) != 2000 || all["00000000"][167] != 2 || all["00001999"][167] != 2 {
		t.Errorf("%d integrations, want 2000 with 2 failures each", len(all))
	}
}

func closedOnes(t *testing.T, s *store.Store, now time.Time) (ids []string) {
	t.Helper()
	s.View(func(tx *store.Tx) {
		all := tx.Closed(now)
		for _, c := range all {
			ids = append(ids, string(c.Data.Incident()))
			if c.Data.Log.Excerpt != "" || len(c.Data.Facts)+len(c.Data.Fix)+len(c.Data.Links) > 0 {
				t.Errorf("more is kept than needed: %+v", c.Data)
			}
			if c.Data.Failures.Count != 3 {
				t.Errorf("failures %+v", c.Data.Failures)
			}
		}
	})
	return ids
}

// What a closed incident was, and what was delivered of it, is kept for a week
// and in a bounded number.
func TestClosed(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	stay := func(key string, open bool) func(tx *store.Tx) {
		return func(tx *store.Tx) {
			i := state(key)
			i.Open = open
			tx.SetIncident(i)
		}
	}
	told := func(key string, kind alert.Kind) store.Delivered {
		d := notify.Delivery{Alert: of(string(state(key).ID()+"#1"), kind)}
		if err := s.Done("hub", d, nil, notify.Health{Succeeded: midday}); err != nil {
			t.Fatal(err)
		}
		return store.Delivered{Incident: state(key).ID(), Kind: kind, At: midday}
	}
	delivered := func(key string) (d store.Delivered) {
		s.View(func(tx *store.Tx) {
			d = tx.Delivered("hub", state(key).ID())
		})
		return d
	}
	now := time.Now()
	update(t, s, stay("never open", false))
	update(t, s, stay("a", true))
	told("a", alert.Opened)
	update(t, s, stay("b", true))
	update(t, s, stay("a", false))
	want := told("a", alert.Quiet) // after it was closed
	if got := closedOnes(t, s, now); !reflect.DeepEqual(got, []string{string(state("a").ID())}) {
		t.Errorf("closed: %q", got)
	}
	told("gone", alert.Opened) // of an incident that is forgotten
	wantB := told("b", alert.Reminder)
	update(t, s, func(tx *store.Tx) {
		for i := range 2100 {
			key := fmt.Sprintf("%04d", i)
			stay(key, true)(tx)
			stay(key, false)(tx)
		}
	})
	if got := delivered("b"); got != wantB {
		t.Errorf("delivered of b: %+v, want %+v", got, wantB)
	}
	if got := delivered("gone"); got != (store.Delivered{}) {
		t.Errorf("delivered of what is forgotten: %+v", got)
	}
	ids := closedOnes(t, s, now)
	if len(ids) != 2000 || strings.Contains(strings.Join(ids, " "), string(state("a").ID())) || delivered("a") == want {
		t.Errorf("%d closed ones are kept, want the youngest 2000", len(ids))
	}
	if got := closedOnes(t, s, now.Add(7*24*time.Hour+time.Minute)); len(got) != 0 {
		t.Errorf("after a week there are still %d", len(got))
	}
}

// What waits and what is set aside can be looked at without taking it out.
func TestLookAtQueues(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	add(t, s, "hub", "opened a@1#1", "changed a@1#2", "opened b@1#1", "opened c@1#1")
	for range 2 {
		d, _, _ := s.Oldest("hub")
		if err := s.SetAside("hub", d, notify.Health{}); err != nil {
			t.Fatal(err)
		}
	}
	view(t, s, func(tx *store.Tx) {
		wait, all := tx.Queue("hub", 1)
		if all != 2 || len(wait) != 1 || wait[0].Alert.Data.ID != "b@1#1" {
			t.Errorf("Queue: %+v of %d", wait, all)
		}
		aside := tx.Aside("hub", 10)
		if len(aside) != 2 || aside[0].Alert.Data.ID != "a@1#2" {
			t.Errorf("Aside: %+v", aside)
		}
		if wait, all := tx.Queue("nobody", 1); len(wait) != 0 || all != 0 {
			t.Errorf("Queue of nobody: %+v %d", wait, all)
		}
	})
}
