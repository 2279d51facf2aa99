package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
)

// failures takes what was queued for notify.Ship: integration and diagnosis of each, whose IDs all differ.
func (s *shift) failures(seen map[alert.ID]bool) (all []string) {
	s.Helper()
	for _, d := range s.taken(notify.Ship) {
		for _, one := range append([]notify.Delivery{d}, d.More...) {
			data := one.Alert.Data
			if seen[data.ID] {
				s.Errorf("%s twice", data.ID)
			}
			seen[data.ID] = true
			all = append(all, data.Integration.ID+" "+data.Diagnosis)
		}
	}
	return all
}

// Every failure is shipped with its own ID and its whole content: those of a group, those beyond the limit of open
// incidents, and those of an incident that follows another one of its integration.
func TestEveryFailureIsShipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t)
		s.rec.Ship, s.rec.MaxOpen = true, 6
		seen := map[alert.ID]bool{}
		for range 3 {
			var want []string
			for i := range 30 {
				time.Sleep(time.Second)
				s.fails(fmt.Sprint(i%10, "a"))
				want = append(want, fmt.Sprintf("%d It fails.", i%10))
			}
			if got := s.failures(seen); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got %q\nwant %q", got, want)
			}
			time.Sleep(9 * time.Hour) // longer than quiet_after
			s.settle()
		}
	})
}

// The notifiers are alerted when failures cannot be written, and when some could not wait. No alert is
// queued among the failures.
func TestShipFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t)
		s.rec.Ship = true
		check := func(want ...string) {
			t.Helper()
			if err := s.rec.CheckNotifiers(time.Now()); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range s.taken("hub") {
				data := d.Alert.Data
				got = append(got, fmt.Sprint(data.Kind, " ", data.Cause.ID, " ", data.Diagnosis))
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
			if n := len(s.taken(notify.Ship)); n > 0 {
				t.Errorf("%d alerts are queued among the failures", n)
			}
		}
		if err := s.store.Pause(notify.Ship, notify.Health{Circuit: notify.Waiting, Since: time.Now(), Reason: "f: no space left on device"}); err != nil {
			t.Fatal(err)
		}
		check()
		time.Sleep(15 * time.Minute)
		cause := incident.ShipFailing
		check("blind " + cause + ` The failures for the file of [ship] cannot be written: “f: no space left on device”. Alerts are not affected.`)
		if err := s.rec.CloseUnconfigured(); err != nil {
			t.Fatal(err)
		}
		check()
		err := s.store.Update(func(tx *store.Tx) { // 40 are more than fit
			for range 40 {
				tx.Ship("WARN", func() alert.Alert {
					return alert.Alert{Data: alert.Data{ID: "x@1!1", Diagnosis: strings.Repeat("x", 1<<20)}}
				})
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		s.taken(notify.Ship)
		time.Sleep(time.Minute)
		if err := s.store.Pause(notify.Ship, notify.Health{Succeeded: time.Now()}); err != nil {
			t.Fatal(err)
		}
		check("sighted " + cause + " Failures are written to the file of [ship] again, after 16 min. Those that waited are written now. " +
			"8 failures could not wait any longer: the file does not have all of them.")
	})
}

// A corrected failure is shipped again with its own ID, also when another log has reported the next one.
func TestCorrectionIsShipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShift(t)
		s.rec.Ship = true
		ship := func(cause string, counted string, before alert.ID) alert.ID {
			t.Helper()
			id, err := s.rec.Ships(matchers.Failure{Time: time.Now(), Integration: matchers.Integration{ID: "x"},
				Cause: &matchers.Cause{ID: cause, Diagnosis: "It fails."}}, counted, before)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		first := ship("unknown", "", "")
		second := ship("b", "", "")
		if again := ship("a", "x", first); again != first || second == first {
			t.Errorf("corrected as %s; the first was %s, the second %s", again, first, second)
		}
		ship("c", "x", "") // it was counted before there was [ship]
		var got []string
		for _, d := range s.taken(notify.Ship) {
			for _, one := range append([]notify.Delivery{d}, d.More...) {
				got = append(got, fmt.Sprint(one.Alert.Data.ID, " ", one.Alert.Data.Cause.ID))
			}
		}
		if want := fmt.Sprintf("[%s unknown %s b %s a]", first, second, first); fmt.Sprint(got) != want {
			t.Errorf("shipped %v, want %s", got, want)
		}
	})
}
