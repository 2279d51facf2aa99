package conf_test

import (
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// A weekly window is active from the time on its days to the other, which is on the next
// day when it is earlier; and it is a few hours long when clocks are set in it.
func TestMaintenanceAt(t *testing.T) {
	clock := func(hour, minute int) time.Duration {
		return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	}
	weekly := func(day time.Weekday, begin, end time.Duration) conf.Maintenance {
		return conf.Maintenance{Days: []time.Weekday{day}, Begin: begin, End: end, Zone: zone(t, "Europe/Berlin")}
	}
	night := weekly(time.Saturday, clock(22, 0), clock(2, 0)) // 2026-03-28 is a Saturday: clocks go from 2 to 3
	date := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	once := conf.Maintenance{From: date("2026-12-01T22:00:00+01:00"), To: date("2026-12-02T02:00:00+01:00")}
	for _, tt := range []struct {
		name     string
		window   conf.Maintenance
		now      string
		from, to string // "" = not active
	}{
		{"before", once, "2026-12-01T20:59:59Z", "", ""},
		{"at its beginning, in another zone", once, "2026-12-01T21:00:00Z", "2026-12-01T21:00:00Z", "2026-12-02T01:00:00Z"},
		{"at its end", once, "2026-12-02T01:00:00Z", "", ""},
		{"before midnight", night, "2026-03-21T22:00:00+01:00", "2026-03-21T21:00:00Z", "2026-03-22T01:00:00Z"},
		{"after midnight", night, "2026-03-22T01:59:59+01:00", "2026-03-21T21:00:00Z", "2026-03-22T01:00:00Z"},
		{"over", night, "2026-03-22T02:00:00+01:00", "", ""},
		{"on another day", night, "2026-03-22T23:00:00+01:00", "", ""},
		{"on the day before, after midnight", night, "2026-03-21T01:00:00+01:00", "", ""},
		{"to the hour that is skipped", night, "2026-03-29T01:59:59+01:00", "2026-03-28T21:00:00Z", "2026-03-29T01:00:00Z"},
		{"over at the hour that is skipped", night, "2026-03-29T03:00:00+02:00", "", ""},
		{"from the hour that is skipped", weekly(time.Sunday, clock(2, 30), clock(4, 0)), "2026-03-29T03:00:00+02:00",
			"2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"},
		{"within the hour that is skipped", weekly(time.Sunday, clock(2, 10), clock(2, 50)), "2026-03-29T03:00:00+02:00", "", ""},
		{"over the hour that is twice", weekly(time.Saturday, clock(22, 0), clock(4, 0)), "2026-10-25T03:59:00+01:00",
			"2026-10-24T20:00:00Z", "2026-10-25T03:00:00Z"},
		{"a whole day", weekly(time.Saturday, 0, clock(24, 0)), "2026-03-28T23:59:59+01:00", "2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z"},
		{"after a whole day", weekly(time.Saturday, 0, clock(24, 0)), "2026-03-29T00:00:00+01:00", "", ""},
		{"over the end of the year", weekly(time.Thursday, clock(22, 0), clock(2, 0)), "2027-01-01T01:00:00+01:00",
			"2026-12-31T21:00:00Z", "2027-01-01T01:00:00Z"},
	} {
		from, to, active := tt.window.At(date(tt.now))
		if want := tt.from != ""; active != want || want && (!from.Equal(date(tt.from)) || !to.Equal(date(tt.to))) {
			t.Errorf("%s: at %s it is from %s to %s (%t), want %q to %q", tt.name, tt.now, from, to, active, tt.from, tt.to)
		}
	}
}

// A weekly window neither ends nor begins twice on a day on which clocks are set,
// wherever that is.
func TestMaintenanceAcrossClockChanges(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo"} {
		z := zone(t, name)
		for begin := time.Duration(0); begin < 24*time.Hour; begin += 150 * time.Minute {
			m := conf.Maintenance{Zone: z, Begin: begin, End: (begin + 5*time.Hour) % (24 * time.Hour)}
			for day := range 7 {
				m.Days = append(m.Days, time.Weekday(day))
			}
			begins, days := 0, 400
			was := true
			for now := time.Date(2018, 1, 1, 12, 0, 0, 0, z); now.Before(time.Date(2018, 1, 1+days, 12, 0, 0, 0, z)); now = now.Add(30 * time.Minute) {
				from, to, active := m.At(now)
				if active && !was {
					begins++
				}
				if length := to.Sub(from); active && (length < 4*time.Hour || length > 6*time.Hour) {
					t.Fatalf("%s: the window of %s is %s long", name, from, length)
				}
				was = active
			}
			if begins < days-1 || begins > days+1 {
				t.Errorf("%s: from %s it began %d times in %d days", name, begin, begins, days)
			}
		}
	}
}

// A window is about some causes and integrations, or about all.
func TestMaintenanceCovers(t *testing.T) {
	for _, tt := range []struct {
		causes, integrations string
		want                 bool
	}{
		{"", "", true}, {"dns", "", true}, {"tls", "", false}, {"tls dns", "", true},
		{"", "0A1B", true}, {"", "help-desk", true}, {"", "other", false}, {"dns", "other", false}, {"dns", "other 0a1b", true},
	} {
		m := conf.Maintenance{Causes: strings.Fields(tt.causes), Integrations: strings.Fields(tt.integrations)}
		if got := m.Covers("dns", "0a1b", "Help-Desk"); got != tt.want {
			t.Errorf("%+v covers it: %t", m, got)
		}
	}
	if m := (conf.Maintenance{Integrations: []string{"x"}}); m.Covers("dns", "", "") {
		t.Error("an integration without a name has one")
	}
}

// There is a bound on the number of windows.
func TestManyMaintenances(t *testing.T) {
	one := "[[maintenance]]\ndays = [\"sat\"]\nfrom = \"22:00\"\nto = \"02:00\"\n"
	dir := t.TempDir()
	load(t, dir, strings.Repeat(one, 100))
	_, err := conf.Load(write(t, dir+"/config.toml", strings.Repeat(one, 102), 0o600))
	if want := dir + "/config.toml:401:1: maintenance: more than 100 windows, remove those that are over"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
