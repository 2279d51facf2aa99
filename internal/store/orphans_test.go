package store_test

import (
	"fmt"
	"testing"
	"time"

	"jira-oauth-watcher/notify"
)

// The queue of a notifier that is taken out of the configuration waits for a
// week, counted from when it was first missed; it is there again when the
// notifier is; after a week all about it is gone, and nothing about others.
func TestDeparted(t *testing.T) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	add(t, s, "hub", "opened 1", "reminder 2")
	add(t, s, "slack", "opened 1")
	d, _, _ := s.Oldest("hub")
	if err := s.Retry("hub", d, notify.Health{Circuit: notify.Suspended, Reason: "no_service", Failed: time.Unix(7, 0).UTC()}); err != nil {
		t.Fatal(err)
	}
	want, _ := s.Health("hub")

	day := 24 * time.Hour
	start := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	both, one := []string{"hub", "slack"}, []string{"slack"}
	for _, step := range []struct {
		name       string
		configured []string
		at         time.Duration
		want       string
	}{
		{"both configured", both, 0, "[]"},
		{"one is taken out", one, 0, "[hub 2 until 9 false]"},
		{"a later restart", one, 3 * day, "[hub 2 until 9 false]"},
		{"it is back", both, 4 * day, "[]"},
		{"out again: a new week", one, 5 * day, "[hub 2 until 14 false]"},
		{"nearly a week later", one, 12*day - 1, "[hub 2 until 14 false]"},
		{"the clock is set back: the week begins anew", one, 4 * day, "[hub 2 until 13 false]"},
		{"a week later", one, 11 * day, "[hub 2 until 13 true]"},
		{"and after that", one, 11 * day, "[]"},
	} {
		s.Close()
		var said string
		if s, said = opened(t, dir); said != "" {
			t.Fatalf("%s: opening said %s", step.name, said)
		}
		gone, err := s.Orphans(step.configured, start.Add(step.at))
		got := []string{}
		for _, d := range gone {
			got = append(got, fmt.Sprintf("%s %d until %d %v", d.Name, d.Waiting, d.Until.Day(), d.GivenUp))
		}
		if fmt.Sprint(got) != step.want || err != nil {
			t.Errorf("%s: got %v %v, want %s", step.name, got, err, step.want)
		}
		if step.name == "it is back" { // what troubles it now is another trouble, with another ID
			want.Since = start.Add(step.at)
		}
		if h, err := s.Health("hub"); step.at < 11*day && (h != want || err != nil) {
			t.Errorf("%s: health %+v %v, want %+v", step.name, h, err, want)
		}
	}
	if h, _ := s.Health("hub"); h != (notify.Health{}) {
		t.Errorf("its health is still %+v", h)
	}
	if got := drained(t, s, "slack"); fmt.Sprint(got) != "[opened 1 +1]" {
		t.Errorf("the other queue holds %v", got)
	}
	if _, ok, err := s.Oldest("hub"); ok || err != nil {
		t.Errorf("something waits still, or %v", err)
	}
}

// A notifier without anything waiting leaves silently, and a start that finds
// nothing new writes nothing.
func TestDepartedSilently(t *testing.T) {
	s, _ := opened(t, t.TempDir())
	add(t, s, "hub", "opened 1")
	drained(t, s, "hub")
	now := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	for i := range 3 {
		before := s.Writes()
		if gone, err := s.Orphans(nil, now); len(gone) > 0 || err != nil {
			t.Errorf("got %v %v", gone, err)
		}
		if i > 0 && s.Writes() != before {
			t.Error("a second look wrote something")
		}
	}
}
