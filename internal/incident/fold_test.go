package incident_test

import (
	"fmt"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
)

// Of one cause, the last hundred people are remembered, each once.
func TestFoldsAreBounded(t *testing.T) {
	var o incident.Openings
	for n := range 101 {
		for range 2 {
			o = roundTrip(t, o.Attempted(fmt.Sprint("fold-", n), alert.ID(fmt.Sprint("incident-", n))))
		}
	}
	o = o.Attempted("fold-50", "another")
	if len(o.Folds) != 100 || o.Attempt("fold-0") != "" || o.Attempt("fold-1") != "incident-1" || o.Attempt("fold-50") != "another" {
		t.Errorf("%d are remembered: %v", len(o.Folds), o.Folds)
	}
}
