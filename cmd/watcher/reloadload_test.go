package main_test

import "testing"

// Reloads under load lose and repeat nothing: each of many integrations that
// fail meanwhile is told exactly once.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	hub := receive(t)
	w, _, log := follow(t, t.TempDir(), hub, "[alerts]\nstorm = 0\n")
	const reloads = 6
	enough, written := make(chan struct{}), make(chan int)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-enough:
				written <- n
				return
			default:
				appendAs(t, log, failure(n, n%60, badSecret)+ordinary)
			}
		}
	}()
	for n := range reloads {
		w.signal(hangup)
		w.manager.hears("RELOADING=1", n+1)
		w.manager.hears("READY=1", n+2)
	}
	close(enough)
	many := <-written
	told, ids := map[string]int{}, map[string]bool{}
	for _, a := range hub.alerts(many) {
		told[a.Data.Integration.ID]++
		ids[a.Data.ID] = true
	}
	w.stop()
	if all := len(hub.accepted()); all != many || len(told) != many || len(ids) != many {
		t.Errorf("%d alerts about %d integrations with %d IDs after %d reloads, want %d of each", all, len(told), len(ids), reloads, many)
	}
	t.Logf("%d failures during %d reloads", many, reloads)
}
