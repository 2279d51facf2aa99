package main

import (
	"fmt"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
)

// timeLayouts are the layouts that parseTime accepts in addition to RFC 3339.
var timeLayouts = []string{
	"2006-01-02 15:04:05.000-0700", "2006-01-02 15:04:05.000", "2006-01-02 15:04:05", "2006-01-02 15:04",
	"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly,
}

// parseTime reads a time as a person writes it: RFC 3339, a date with or
// without a time, one copied from Jira's log, or how long before now. A date
// alone is its beginning, or with end its last moment. The error says what to
// write.
func parseTime(s string, now time.Time, end bool) (time.Time, error) {
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range timeLayouts {
		t, err := time.ParseInLocation(layout, strings.Replace(s, ",", ".", 1), now.Location())
		switch {
		case err != nil:
		case end && layout == time.DateOnly:
			return t.AddDate(0, 0, 1).Add(-1), nil
		default:
			return t, nil
		}
	}
	if ago, err := conf.ParseDuration(s); err == nil {
		return now.Add(-ago), nil
	} else if s != "" && s[0] >= '0' && s[0] <= '9' && !strings.ContainsAny(s, "-/:T") {
		return time.Time{}, err
	}
	return time.Time{}, fmt.Errorf(`cannot read the time %q, write "2026-01-02", "2026-01-02 10:00", `+
		`"2026-01-02T10:00:00+01:00", or how long ago, such as "36h" or "7d"`, s)
}
