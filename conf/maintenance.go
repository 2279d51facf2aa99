package conf

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	maxWindows = 100
	maxWindow  = 31 * 24 * time.Hour // of a window with dates: a wrong year must not silence the alerts for a year
	oneDay     = 24 * time.Hour
)

// Maintenance is a window in which alerts are held back: once, or every week.
type Maintenance struct {
	FromText string    `toml:"from"` // as it is written, like ToText
	ToText   string    `toml:"to"`
	From, To time.Time // of a window that is once; zero = it is weekly

	// Of a weekly window: the days on which it begins, and the times of day in Zone. One
	// whose End is not after its Begin ends on the next day.
	Days       []time.Weekday `toml:"days"`
	Begin, End time.Duration
	Zone       *time.Location

	Causes       []string `toml:"causes"`       // IDs, to be checked by CheckCauses; empty = all
	Integrations []string `toml:"integrations"` // IDs or names; empty = all
}

// At is the window that is active at a time, and whether one is.
func (m Maintenance) At(now time.Time) (from, to time.Time, active bool) {
	within := func() bool { return !now.Before(from) && now.Before(to) }
	if from, to = m.From, m.To; len(m.Days) == 0 {
		return from, to, within()
	}
	end := m.End
	if end <= m.Begin {
		end += oneDay
	}
	today := now.In(m.Zone)
	for _, ago := range []int{1, 0} {
		day := time.Date(today.Year(), today.Month(), today.Day()-ago, 0, 0, 0, 0, time.UTC)
		from, to = clockTime(day, m.Begin, m.Zone), clockTime(day, end, m.Zone)
		if slices.Contains(m.Days, day.Weekday()) && within() {
			return from, to, true
		}
	}
	return time.Time{}, time.Time{}, false
}

// clockTime is when the clocks of a zone show a time of day. One that they skip, since
// they are set forward, is when they are.
func clockTime(day time.Time, of time.Duration, zone *time.Location) time.Time {
	want := day.Add(of)
	at := time.Date(want.Year(), want.Month(), want.Day(), want.Hour(), want.Minute(), 0, 0, zone)
	begin, end := at.ZoneBounds()
	switch shown := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC); {
	case shown.After(want):
		return begin
	case shown.Before(want):
		return end
	}
	return at
}

// Covers reports whether the window is about a cause and an integration, known by any of
// some names.
func (m Maintenance) Covers(cause string, integration ...string) bool {
	named := func(name string) bool {
		return name != "" && slices.ContainsFunc(m.Integrations, func(s string) bool { return strings.EqualFold(s, name) })
	}
	return (len(m.Causes) == 0 || slices.Contains(m.Causes, cause)) &&
		(len(m.Integrations) == 0 || slices.ContainsFunc(integration, named))
}

// weekday is a day of the week in three letters.
type weekday time.Weekday

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText accepts mon to sun.
func (d *weekday) UnmarshalText(text []byte) error {
	*d = weekday(slices.Index(weekdays, string(text)))
	return oneOf("day", string(text), append(weekdays[1:], weekdays[0])...)
}

func (b *builder) maintenance(at string, m *Maintenance) {
	m.Zone = time.Local
	if at == element("maintenance", maxWindows) {
		b.problem(at, "more than %d windows, remove those that are over", maxWindows)
	}
	for i, name := range m.Integrations {
		if strings.TrimSpace(name) == "" {
			b.problem(element(at+".integrations", i), "empty, write the ID or the name of an integration")
		}
	}
	for _, key := range []string{"from", "to"} {
		if !b.source.Has(at + "." + key) {
			b.problem(at, `%s is missing, write a time such as "2026-12-01T22:00:00+01:00", or with days "22:00"`, key)
		}
	}
	switch {
	case !b.good(at+".from") || !b.good(at+".to"):
	case b.source.Has(at + ".days"):
		b.weekly(at, m)
	default:
		b.once(at, m)
	}
}

// once checks a window with dates.
func (b *builder) once(at string, m *Maintenance) {
	parse := func(key, value string) time.Time {
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			b.problem(at+"."+key, `cannot read the time %s, write one with its offset such as `+
				`"2026-12-01T22:00:00+01:00", or add days = ["sat"] for every week`, quote(value))
		}
		return t
	}
	m.From, m.To = parse("from", m.FromText), parse("to", m.ToText)
	switch {
	case m.From.IsZero() || m.To.IsZero():
	case !m.To.After(m.From):
		b.problem(at+".to", "not after from, write a later time")
	case m.To.Sub(m.From) > maxWindow:
		b.problem(at+".to", "more than 31 days after from, write an earlier time, or use alerts.mute")
	}
}

// weekly checks a window with days.
func (b *builder) weekly(at string, m *Maintenance) {
	if len(m.Days) == 0 {
		b.problem(at+".days", `empty, write days such as "sat", or leave it out for a window with dates`)
	}
	parse := func(key, value string) time.Duration {
		t, err := time.Parse("15:04", value)
		if key == "to" && value == "24:00" {
			return oneDay
		}
		if err != nil || len(value) != len("15:04") {
			b.problem(at+"."+key, `cannot read the time of day %s, write one such as "22:00", `+
				`or leave days out for a window with dates`, quote(value))
			return -1
		}
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	m.Begin, m.End = parse("from", m.FromText), parse("to", m.ToText)
	if m.Begin >= 0 && m.Begin == m.End {
		b.problem(at+".to", `the same as from, write another time; a whole day is from "00:00" to "24:00"`)
	}
}

// CheckCauses complains about each cause in a list that is not among the known ids. own
// are those of alerts about the watcher itself, which maintenance does not hold back.
func (c *Config) CheckCauses(ids, own []string) Problems {
	var problems Problems
	check := func(path string, list, known []string) {
		for i, id := range list {
			if slices.Contains(known, id) {
				continue
			}
			complaint := fmt.Sprintf("unknown cause %s%s", quote(id), meant(id, known))
			if slices.Contains(own, id) {
				complaint = fmt.Sprintf("alerts about the watcher itself (%s) are never held back, remove it", id)
			}
			problems = append(problems, c.source.Problem(element(path, i), "%s", complaint))
		}
	}
	check("alerts.mute", c.Alerts.Mute, slices.Concat(own, ids))
	for i, m := range c.Maintenance {
		check(element("maintenance", i)+".causes", m.Causes, ids)
	}
	return problems
}
