package pipeline_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
)

// tally keeps what it is told.
type tally struct {
	mu   sync.Mutex
	said map[string]int
}

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said[what]++
}

func (t *tally) Failure(_, cause string, _ time.Time) { t.add("failure " + cause) }
func (t *tally) Alert(a *alert.Alert, _ []string)     { t.add("alert " + string(a.Data.Kind)) }

// Lines, failures and alerts are counted, on top of what was counted before a
// reload; the failures also in their hour, for as long as the store keeps it.
func TestCounts(t *testing.T) {
	w := newWorld(t)
	p := w.live()
	counts := &tally{said: map[string]int{}}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p = w.alter(func(l *pipeline.Log) {
		l.Recorder.Tally = counts
		l.Earlier = pipeline.Stats{Lines: 10, Bytes: 1000, Rotations: 2, Lost: 3}
	})
	today := func(flow, ago int) string {
		return testkit.Failure(time.Now().UTC().Add(-time.Duration(ago)*time.Hour), testkit.FlowID(flow), refused)
	}
	text := today(1, 2) + today(1, 2) + today(2, 1) + failing(3, 3, "AADSTS50194: of long ago") + ordinary
	before := time.Now()
	w.write(text)
	testkit.Eventually(t, "three alerts wait", func() bool { waiting, _, _ := p.store.Waiting(); return waiting["hub"] == 3 })
	got := p.log.Stats()
	if got.Last.Before(before) || time.Since(got.Last) < 0 {
		t.Errorf("the last line was read at %v", got.Last)
	}
	got.Last = time.Time{}
	if want := (pipeline.Stats{Lines: 15, Bytes: 1000 + int64(len(text)), Rotations: 2, Lost: 3, Jira: true}); got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if s := p.log.Health(); s != (pipeline.Health{}) {
		t.Errorf("standing %+v", s)
	}
	want := map[string]int{"failure entra-client-secret-invalid": 3, "failure entra-single-tenant-common-endpoint": 1, "alert opened": 3}
	if !reflect.DeepEqual(counts.said, want) {
		t.Errorf("got %v\nwant %v", counts.said, want)
	}
	p.store.View(func(tx *store.Tx) {
		hours := tx.Hours(time.Now(), func(string) bool { return true })
		sums := map[string]int{}
		for key, all := range hours {
			for i, n := range all {
				if n > 0 {
					sums[fmt.Sprintf("%c %d", key[7], store.HistoryHours-1-i)] += n
				}
			}
		}
		if len(hours) != 2 || sums["1 2"]+sums["1 3"] != 2 || sums["2 1"]+sums["2 2"] != 1 {
			t.Errorf("hours %v", sums)
		}
	})
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
}
