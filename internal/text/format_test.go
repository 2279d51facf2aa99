package text_test

import (
	"math"
	"testing"
	"time"

	"jira-oauth-watcher/internal/text"
)

// Numbers, sizes and times read the same in every message, page and report.
func TestFormat(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", -90*60))
	for got, want := range map[string]string{
		text.Count(0, "failure"):                 "0 failures",
		text.Count(1, "failure"):                 "1 failure",
		text.Count(-1234, "failure"):             "-1,234 failures",
		text.Plural(2, "delivery", "deliveries"): "2 deliveries",
		text.Number(999):                         "999",
		text.Number(int64(math.MinInt64)):        "-9,223,372,036,854,775,808",
		text.Size(999):                           "999 bytes",
		text.Size(1000):                          "1 kB",
		text.Size(999_949):                       "999.9 kB",
		text.Size(999_950):                       "1 MB",
		text.Size(math.MaxInt64):                 "9.2 EB",
		text.Time(now):                           "2026-01-02 03:04:05 -01:30",
		text.Ago(now.Add(-119*time.Second), now): "119 s ago",
		text.Ago(now.Add(2*time.Minute), now):    "in 2 min",
		text.Ago(now.Add(-47*time.Hour-59), now): "47 h ago",
		text.Ago(now.Add(-10*24*time.Hour), now): "10 days ago",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
