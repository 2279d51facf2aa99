package main

import (
	"testing"
	"time"
)

// Moments are read as people write them.
func TestParseTime(t *testing.T) {
	paris := time.FixedZone("", 3600)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, paris)
	tests := []struct {
		s    string
		end  bool
		want time.Time
	}{
		{"2026-01-02", false, time.Date(2026, 1, 2, 0, 0, 0, 0, paris)},
		{"2026-01-02", true, time.Date(2026, 1, 2, 23, 59, 59, 999999999, paris)},
		{"2026-01-02 10:00", true, time.Date(2026, 1, 2, 10, 0, 0, 0, paris)},
		{" 2026-01-02T10:00 ", false, time.Date(2026, 1, 2, 10, 0, 0, 0, paris)},
		{"2026-01-02 10:00:01", false, time.Date(2026, 1, 2, 10, 0, 1, 0, paris)},
		{"2026-01-02T10:00:01Z", false, time.Date(2026, 1, 2, 10, 0, 1, 0, time.UTC)},
		{"2026-01-02T10:00:01.5-05:00", false, time.Date(2026, 1, 2, 15, 0, 1, 5e8, time.UTC)},
		{"2026-01-02 10:00:01,250+0000", false, time.Date(2026, 1, 2, 10, 0, 1, 25e7, time.UTC)},
		{"36h", false, now.Add(-36 * time.Hour)},
		{"7d", true, now.Add(-7 * 24 * time.Hour)},
		{"1h30m", false, now.Add(-90 * time.Minute)},
	}
	for _, tt := range tests {
		got, err := parseTime(tt.s, now, tt.end)
		if err != nil || !got.Equal(tt.want) {
			t.Errorf("ParseTime(%q): %v, %v, want %v", tt.s, got, err, tt.want)
		}
	}
	const formats = `, write "2026-01-02", "2026-01-02 10:00", "2026-01-02T10:00:00+01:00", or how long ago, such as "36h" or "7d"`
	for s, want := range map[string]string{
		"":            `cannot read the time ""` + formats,
		"yesterday":   `cannot read the time "yesterday"` + formats,
		"2026-13-02":  `cannot read the time "2026-13-02"` + formats,
		"02.01.2026":  `cannot read the duration "02.01.2026", write one such as "30s", "5m", "4h" or "7d"`,
		"7":           `missing unit in duration "7", write "7s", "7m" or "7h"`,
		"7 days":      `unknown unit " days" in duration "7 days", write "7d"`,
		"-7d":         `cannot read the time "-7d"` + formats,
		"2026-01-02x": `cannot read the time "2026-01-02x"` + formats,
	} {
		if got, err := parseTime(s, now, false); err == nil || err.Error() != want {
			t.Errorf("ParseTime(%q): %v, %v\nwant %s", s, got, err, want)
		}
	}
}

// FuzzParseTime: nothing panics; a moment or a sentence comes out; what is
// printed in the form of RFC 3339 is read as it was.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-01-02", "2026-01-02 10:00:01,250+0000", "7d", "1h30m", "2026-01-02T10:00:01Z", "7 days", ""} {
		f.Add(s, true)
	}
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string, end bool) {
		got, err := parseTime(s, now, end)
		if err != nil {
			if len(err.Error()) < 10 {
				t.Errorf("ParseTime(%q): %v", s, err)
			}
			return
		}
		if got.Year() < 0 || got.Year() > 9999 {
			return // RFC 3339 has no such year
		}
		again, err := parseTime(got.Format(time.RFC3339Nano), now, end)
		if err != nil || !again.Equal(got) {
			t.Errorf("ParseTime(%q) is %v, read again %v, %v", s, got, again, err)
		}
	})
}
