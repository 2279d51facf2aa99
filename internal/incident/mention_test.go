package incident_test

import (
	"testing"
	"time"

	"jira-oauth-watcher/internal/incident"
)

// A notifier mentions people for a cause once in 15 minutes, others on their own; a clock
// that was set back does not silence it, and one that is gone is forgotten.
func TestMention(t *testing.T) {
	var o incident.Openings
	for _, tt := range []struct {
		notifier string
		after    time.Duration
		want     bool
	}{
		{"ops", 0, true},
		{"ops", 0, false},
		{"bot", time.Minute, true},
		{"ops", 15*time.Minute - 1, false},
		{"ops", 15 * time.Minute, true},
		{"bot", 15 * time.Minute, false},
		{"ops", 10 * time.Minute, true},
		{"new", time.Hour, true},
	} {
		var got bool
		if o, got = roundTrip(t, o).Mention(tt.notifier, t0.Add(tt.after)); got != tt.want {
			t.Errorf("%s after %s: mentions %t, want %t", tt.notifier, tt.after, got, tt.want)
		}
	}
	if len(o.Mentions) != 1 {
		t.Errorf("remembered: %v", o.Mentions)
	}
	if _, again := o.Unmention("new").Mention("new", t0.Add(time.Hour)); !again {
		t.Error("a mention that was taken back counts")
	}
}
