package incident_test

import (
	"slices"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
)

// Whatever goes on is repeated after repeat_interval, and then less and less often
// down to once a day: a trouble of the watcher like a failing integration.
func TestRepeatsGetRarer(t *testing.T) {
	want := []time.Duration{0, 4 * time.Hour, 12 * time.Hour, 28 * time.Hour, 52 * time.Hour, 76 * time.Hour}
	trouble := incident.Trouble{Cause: incident.LogUnreadable, Since: t0, Why: "permission denied", Log: incident.Source{Name: "jira", Path: "/log"}}
	r := rules(nil)
	for name, step := range map[string]func(incident.State, time.Time) (incident.State, *alert.Alert){
		"trouble": func(s incident.State, now time.Time) (incident.State, *alert.Alert) {
			return r.Trouble(s, trouble, now)
		},
		"gap": func(s incident.State, now time.Time) (incident.State, *alert.Alert) {
			return r.Gap(s, incident.Gap{Bytes: 1, Why: "cut", At: now}, trouble.Log)
		},
	} {
		var s incident.State
		var got []time.Duration
		for now := t0; now.Before(t0.Add(80 * time.Hour)); now = now.Add(10 * time.Minute) {
			var a *alert.Alert
			if s, a = step(s, now); a != nil {
				got = append(got, now.Sub(t0))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: alerts after %s, want %s", name, got, want)
		}
	}
}
