package alert_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// All times of an alert are put into a zone, and the original stays.
func TestIn(t *testing.T) {
	at, zone := time.Date(2026, 7, 2, 10, 0, 0, 0, time.UTC), time.FixedZone("", 7200)
	d := alert.Data{Failures: alert.Failures{First: at, Last: at}, Acknowledged: &alert.Acknowledged{At: at}}
	in := d.In(zone)
	for _, got := range []time.Time{in.Failures.First, in.Failures.Last, in.Acknowledged.At} {
		if !got.Equal(at) || got.Format("15:04 -07:00") != "12:00 +02:00" {
			t.Errorf("got %s", got)
		}
	}
	if !in.GivesUpAt.IsZero() || !in.Acknowledged.Until.IsZero() || d.Acknowledged.At.Location() != time.UTC || d.In(nil).Failures.First != at {
		t.Errorf("changed: %+v, %+v", d, in)
	}
}
