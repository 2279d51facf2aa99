package incident

import (
	"maps"
	"slices"
	"testing"
)

// Each cause of alerts about the watcher itself has its texts, and no other one has.
func TestOwnCauses(t *testing.T) {
	got, want := slices.Sorted(maps.Keys(ownCauses())), slices.Sorted(slices.Values(OwnCauses))
	if !slices.Equal(got, want) {
		t.Errorf("texts of %q, want those of %q", got, want)
	}
	for id, c := range ownCauses() {
		if c.Title == "" || c.Diagnosis == "" || c.Confirm == "" || len(c.Fix) == 0 || (c.Over == "") != (c.OverConfirm == "") {
			t.Errorf("%s lacks a text: %+v", id, c)
		}
	}
}
