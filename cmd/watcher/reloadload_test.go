package main_test

import (
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// Reloads under load lose and repeat nothing: each of many integrations that
// fail meanwhile is told exactly once.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	hub := receive(t)
	w, _, log := follow(t, t.TempDir(), hub, "[alerts]\nstorm = 0\n")
	const (
		reloads = 6
		lead    = 20 // failures at most that are written and not told yet: the race detector makes them slow
	)
	many := 0
	enough := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case <-enough:
				return
			default:
			}
			if len(hub.accepted()) < many-lead {
				time.Sleep(2 * time.Millisecond)
				continue
			}
			appendAs(t, log, failure(many, many%60, badSecret)+ordinary)
			many++
		}
	})
	stop := sync.OnceFunc(func() {
		close(enough)
		writing.Wait()
	})
	defer stop()
	for n := range reloads {
		w.signal(hangup)
		w.manager.hears("RELOADING=1", n+1)
		w.manager.hears("READY=1", n+2)
	}
	stop()
	told, ids := map[alert.ID]int{}, map[string]bool{}
	for _, a := range hub.alerts(many) {
		told[alert.ID(a.Data.Integration.ID)]++
		ids[string(a.Data.ID)] = true
	}
	w.stop()
	if all := len(hub.accepted()); all != many || len(told) != many || len(ids) != many {
		t.Errorf("%d alerts about %d integrations with %d IDs after %d reloads, want %d of each", all, len(told), len(ids), reloads, many)
	}
	t.Logf("%d failures during %d reloads", many, reloads)
}
