package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// A file of an older schema is brought into the present form with all that it
// holds, and can be used then.
func TestMigrate(t *testing.T) {
	for from := 1; from < 3; from++ {
		t.Run(fmt.Sprintf("from %d", from), func(t *testing.T) { migrates(t, from) })
	}
}

func migrates(t *testing.T, from int) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	add(t, s, "hub", "opened a@1#1", "reminder a@1#2", "opened b@1#1")
	d, _, _ := s.Oldest("hub")
	if err := s.SetAside("hub", d, notify.Health{}); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *store.Tx) { tx.SetIncident(state("k")) })
	if err := s.Downgrade(from); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s, said := opened(t, dir)
	if said != "" {
		t.Errorf("it says %s", said)
	}
	if _, aside, err := s.Waiting(); err != nil || aside["hub"] != 1 {
		t.Errorf("set aside: %v %v", aside, err)
	}
	if got := drained(t, s, "hub"); !slices.Equal(got, []string{"reminder a@1#2 +1", "opened b@1#1 +1"}) {
		t.Errorf("got %q", got)
	}
	s.Close()
	s, said = opened(t, dir)
	if said != "" {
		t.Errorf("the second time it says %s", said)
	}
	var all []string
	s.View(func(tx *store.Tx) {
		for _, s := range tx.Incidents() {
			text, _ := json.Marshal(s.Key)
			all = append(all, string(text))
		}
	})
	if !slices.Equal(all, []string{`"k"`}) {
		t.Errorf("incidents %q", all)
	}
	closed := state("k")
	closed.Open = false
	update(t, s, func(tx *store.Tx) {
		tx.CountFailure("k", time.Now(), time.Now())
		tx.SetIncident(closed)
	})
	s.Close()
	s, said = opened(t, dir)
	if s.OneSync() {
		t.Error("it has pages that name no transaction, and is synced once in each transaction")
	}
	if got := closedOnes(t, s, time.Now()); said != "" || len(got) != 1 || len(hours(t, s, time.Now())) != 1 {
		t.Errorf("after it was used it says %s, closed %q", said, got)
	}
}
