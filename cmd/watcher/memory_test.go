package main_test

import (
	"fmt"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// After the start, memory that only the start needed is given back, and the program goes on with
// what is left.
func TestMemoryIsGivenBack(t *testing.T) {
	hub := receive(t)
	w, _, log := follow(t, t.TempDir(), hub, "")
	testkit.Until(t, func() error {
		if mib := w.rss(); mib >= 20*float64(memoryFactor[testkit.Race]) {
			return fmt.Errorf("%.1f MiB resident, want less than 20 (ten times as much with the race detector)", mib)
		}
		return nil
	})
	testkit.Append(t, log, failure(1, 1, badSecret))
	hub.alerts(1)
	w.stop()
}
