package status

import (
	"fmt"
	"slices"
	"time"
)

// Measures of a chart, in pixels; across, everything is in percent.
const (
	barsHigh = 42
	barMin   = 3 // so that one failure among hundreds is visible
)

// chart is the failures of a week, one bar per hour.
type chart struct {
	Words   string // for those who cannot see it
	Caption string
	Bars    []bar
	Days    []day
}

type bar struct {
	X, Width  string
	Y, Height int
}

// day is where a day begins.
type day struct {
	X     string
	TextX string
	Name  string // of the day, "" where there is no room for it
}

// newChart draws hours, the last of which is that of now.
func newChart(hours []int, now time.Time) *chart {
	if len(hours) == 0 {
		return nil
	}
	most, sum := slices.Max(hours), 0
	percent := func(i float64) string { return fmt.Sprintf("%.2f%%", 100*i/float64(len(hours))) }
	begin := now.Truncate(time.Hour).Add(-time.Duration(len(hours)-1) * time.Hour)
	c := &chart{}
	busiest := begin
	for i, n := range hours {
		at := begin.Add(time.Duration(i) * time.Hour)
		if at.Hour() == 0 {
			d := day{X: percent(float64(i)), TextX: percent(float64(i) + 1)}
			if i+9 < len(hours) {
				d.Name = at.Format("Mon")
			}
			c.Days = append(c.Days, d)
		}
		if n == 0 {
			continue
		}
		if n == most {
			busiest = at
		}
		sum += n
		high := max(barMin, barsHigh*n/most)
		c.Bars = append(c.Bars, bar{X: percent(float64(i) + .1), Width: percent(.8), Y: barsHigh - high, Height: high})
	}
	c.Words, c.Caption = "No failure in the last 7 days", "No failure in the last 7 days"
	if sum > 0 {
		c.Caption = fmt.Sprintf("Failures an hour in the last 7 days, at most %d", most)
		c.Words = fmt.Sprintf("Failures an hour in the last 7 days: %d in all, at most %d in an hour, %s",
			sum, most, busiest.Format("Monday 15:04"))
	}
	return c
}

const sparks = "▁▂▃▄▅▆▇█"

// spark is the failures of a week in a line of text, one character per three hours.
func spark(hours []int) string {
	var sums []int
	for part := range slices.Chunk(hours, 3) {
		sum := 0
		for _, n := range part {
			sum += n
		}
		sums = append(sums, sum)
	}
	if len(sums) == 0 || slices.Max(sums) == 0 {
		return ""
	}
	levels := []rune(sparks)
	line := make([]rune, len(sums))
	for i, n := range sums {
		line[i] = '·'
		if n > 0 {
			line[i] = levels[(len(levels)-1)*n/slices.Max(sums)]
		}
	}
	return string(line)
}
