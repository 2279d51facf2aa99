package html

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/text"
)

// days counts failures by days, or by longer times where the days are too many.
type days struct {
	Unit    string // what a row is: day, week, month or year
	Rows    []dayRow
	Left    int // earlier rows that are not shown
	Shifted bool
}

// dayRow is one day, or the time in between without a failure.
type dayRow struct {
	Name         string
	Gap          string // how many days without a failure come before this one
	Failures     int
	Integrations int
	Causes       string
	Share        int // of the day with most, in a hundred; 1 at least
}

type dayCount struct {
	at           int64
	failures     int
	integrations map[*integration]bool
	causes       map[*cause]int
}

var units = []struct {
	name  string
	begin func(int64) int64
	end   func(int64) int64
	label func(int64) string
}{
	{"day", floorTo(day), plus(day), format("Mon 2006-01-02")},
	{"week", floorTo(7 * day), plus(7 * day), func(t int64) string {
		return format("2006-01-02")(t) + " to " + format("01-02")(t+6*day)
	}},
	{"month", first(0, 1), func(t int64) int64 { return after(t, 0, 1) }, format("January 2006")},
	{"year", first(1, 0), func(t int64) int64 { return after(t, 1, 0) }, format("2006")},
}

func floorTo(step int64) func(int64) int64 { return func(t int64) int64 { return floor(t, step) } }

func plus(step int64) func(int64) int64 { return func(t int64) int64 { return t + step } }

func format(layout string) func(int64) string {
	return func(t int64) string { return time.Unix(t, 0).UTC().Format(layout) }
}

func first(years, months int) func(int64) int64 {
	return func(t int64) int64 {
		u := time.Unix(t, 0).UTC()
		month := u.Month()
		if months == 0 {
			month = 1
		}
		return time.Date(u.Year(), month, 1, 0, 0, 0, 0, time.UTC).Unix()
	}
}

func after(t int64, years, months int) int64 {
	return time.Unix(t, 0).UTC().AddDate(years, months, 0).Unix()
}

// newDays counts by the first unit that has few enough rows, or by years, the
// last of them.
func newDays(all []*integration, byID map[string]*cause) days {
	for _, u := range units {
		counts := map[int64]*dayCount{}
		shifted := false
		for _, in := range all {
			for _, i := range in.from {
				for _, h := range i.Hours {
					if h.Failures < 1 || byID[h.Cause] == nil {
						continue
					}
					shifted = shifted || mod(local(h.At), hour) != 0
					at := u.begin(local(h.At))
					if counts[at] == nil {
						counts[at] = &dayCount{at: at, integrations: map[*integration]bool{}, causes: map[*cause]int{}}
					}
					counts[at].add(in, byID[h.Cause], h.Failures)
				}
			}
		}
		if len(counts) > maxDays && u.name != "year" {
			continue
		}
		d := days{Unit: u.name, Left: max(len(counts)-maxDays, 0), Shifted: shifted}
		before := int64(0)
		most := 1
		for _, c := range counts {
			most = max(most, c.failures)
		}
		for n, at := range slices.Sorted(maps.Keys(counts)) {
			if n >= d.Left {
				row := counts[at].row(most)
				row.Name = u.label(at)
				if n > d.Left && at > before {
					row.Gap = text.Count(int((at-before)/day), "day") + " without a failure"
				}
				d.Rows = append(d.Rows, row)
			}
			before = u.end(at)
		}
		return d
	}
	return days{}
}

func (d *dayCount) add(in *integration, c *cause, failures int) {
	d.failures += failures
	d.integrations[in] = true
	d.causes[c] += failures
}

func (d *dayCount) row(most int) dayRow {
	r := dayRow{Failures: d.failures, Integrations: len(d.integrations), Share: max(d.failures*100/most, 1)}
	causes := slices.SortedFunc(maps.Keys(d.causes), func(a, b *cause) int {
		if n := d.causes[b] - d.causes[a]; n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	const shown = 5
	var parts []string
	for _, c := range causes[:min(len(causes), shown)] {
		parts = append(parts, fmt.Sprintf("%s %s", c.Letter, text.Number(d.causes[c])))
	}
	if more := len(causes) - shown; more > 0 {
		parts = append(parts, text.Count(more, "more cause"))
	}
	r.Causes = strings.Join(parts, ", ")
	return r
}
