package html

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/text"
)

const (
	hour = 3600
	day  = 24 * hour

	maxColors = 8 // causes with a color; the others are gray
	maxLanes  = 8 // lanes of one time line
)

// chart is a time line: a lane for each cause, whose bars count the failures of
// one step of time. Its measures are pixels downwards and parts of a hundred to
// the right, so that text keeps its size on a narrow page.
type chart struct {
	Label   string // what it shows, in a few words
	Desc    string // what it shows, in a sentence
	Caption string
	Steps   int // in its width
	Width   int // of the bars' own measure, ten to a step
	Height  int
	Axis    int // where it is, from the top
	Lanes   []lane
	Ticks   []tick
}

type lane struct {
	Letter string
	Color  int
	Name   string
	Y      int // of its label
	Top    int // of its bars
	Tall   int
	Path   string
	Max    string // what its highest bar counts
}

// Bottom is the y of the bars' lower end.
func (l lane) Bottom() int { return l.Top + l.Tall }

// UpperLine is the y of the upper line of the axis' labels.
func (c *chart) UpperLine() int { return c.Axis + 14 }

// LowerLine is the y of their lower line.
func (c *chart) LowerLine() int { return c.Axis + 28 }

// series is when failures of one cause were, by the hour.
type series struct {
	cause *cause
	hours map[time.Time]int
}

// window is the time that a chart shows, in seconds of the report's clock.
type window struct {
	from, to int64
	whole    bool // it is all that was read
}

// local is what the clock of t shows, in seconds; years beyond the calendar are
// brought back into it.
func local(t time.Time) int64 {
	_, off := t.Zone()
	const year1, year9999 = -62135596800, 253402300799
	return min(max(t.Unix(), year1), year9999) + int64(off)
}

// around is the part of the logs that failures between two times are best seen
// in: all of it, unless they would be lost in there.
func around(first, last time.Time, logs window) window {
	a, b := local(first), local(last)
	pad := max((b-a)/2, 6*hour)
	w := window{from: max(a-pad, min(a, logs.from)), to: min(b+pad, max(b, logs.to))}
	all := window{min(a, logs.from), max(b, logs.to), true}
	if 3*(w.to-w.from) >= all.to-all.from {
		return all
	}
	return w
}

// stepFor is the shortest step of time of which a window has at most n.
func stepFor(w window, n int) int64 {
	steps := []int64{hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day}
	for _, step := range steps {
		if (w.to-w.from)/step+2 <= int64(n) {
			return step
		}
	}
	step := steps[len(steps)-1]
	for (w.to-w.from)/step+2 > int64(n) {
		step *= 2
	}
	return step
}

// newChart draws at most maxLanes series, the others as one, with at most n
// bars in each.
func newChart(label string, all []series, w window, n int) *chart {
	all = merge(all)
	if len(all) == 0 {
		return nil
	}
	step := stepFor(w, n)
	phase := phaseOf(all, step)
	start := floor(w.from-phase, step) + phase
	c := &chart{Label: label, Steps: int((w.to-start)/step) + 1}
	c.Width = 10 * c.Steps
	bins, highest := make([]map[int]int, len(all)), 1
	for i, s := range all {
		bins[i] = map[int]int{}
		for at, failures := range s.hours {
			b := int(min(max((local(at)-start)/step, 0), int64(c.Steps-1)))
			bins[i][b] += failures
			highest = max(highest, bins[i][b])
		}
	}
	tall := 64
	if len(all) > 1 {
		tall = 36
	}
	for i, s := range all {
		l := lane{
			Letter: "…", Color: maxColors, Name: "other causes", Y: c.Height + 12, Top: c.Height + 18, Tall: tall,
			Path: bars(bins[i], highest),
		}
		if s.cause != nil {
			l.Letter, l.Color, l.Name = s.cause.Letter, s.cause.Color, s.cause.ID
		}
		l.Max = text.Number(slices.Max(slices.Collect(maps.Values(bins[i]))))
		c.Height += 18 + tall + 8
		c.Lanes = append(c.Lanes, l)
	}
	c.Axis = c.Height - 4
	c.Height += 34
	c.Ticks = ticks(start, start+int64(c.Steps)*step)
	c.Caption = fmt.Sprintf("A bar counts the failures of %s", stepName(step))
	if highest > 1 {
		c.Caption += fmt.Sprintf(", on a logarithmic scale from 1, a fifth of the height, to %s", text.Number(highest))
	}
	c.Caption += "."
	c.Desc = describe(all)
	return c
}

// place says in a chart's caption what time it shows.
func (c *chart) place(w window) {
	switch {
	case c == nil:
	case w.whole:
		c.Caption += " The axis is all that was read."
	default:
		c.Caption += " The axis is a part of what was read."
	}
}

// merge leaves out series without hours, and makes one of those that are too
// many.
func merge(all []series) []series {
	all = slices.DeleteFunc(slices.Clone(all), func(s series) bool { return len(s.hours) == 0 })
	if len(all) <= maxLanes {
		return all
	}
	rest := series{hours: map[time.Time]int{}}
	for _, s := range all[maxLanes-1:] {
		for at, n := range s.hours {
			rest.hours[at] += n
		}
	}
	return append(all[:maxLanes-1:maxLanes-1], rest)
}

// phaseOf is where in a local hour the counted hours begin: half past where the
// clock is half an hour off, and nowhere else.
func phaseOf(all []series, step int64) int64 {
	if step >= day {
		return 0
	}
	for at := range all[0].hours {
		return local(at) - floor(local(at), hour)
	}
	return 0
}

// floor is the last multiple of step up to t; weeks begin on Mondays.
func floor(t, step int64) int64 {
	const monday = 4 * day // 1970-01-05
	if step%(7*day) == 0 {
		return t - mod(t-monday, step)
	}
	return t - mod(t, step)
}

func mod(a, b int64) int64 { return (a%b + b) % b }

// bars is a path of one bar for each step with failures. One failure is a fifth
// of the height, the highest count all of it.
func bars(bins map[int]int, highest int) string {
	var b strings.Builder
	b.WriteString("M0 100")
	end := 0
	for _, i := range slices.Sorted(maps.Keys(bins)) {
		tall := 100.0
		if highest > 1 {
			tall = 20 + 80*math.Log(float64(max(bins[i], 1)))/math.Log(float64(highest))
		}
		fmt.Fprintf(&b, "m%d 0v-%dh9v%[2]d", 10*i-end, int(tall+.5))
		end = 10*i + 9
	}
	return b.String()
}

func stepName(step int64) string {
	switch {
	case step == hour:
		return "an hour"
	case step < day:
		return fmt.Sprintf("%d hours", step/hour)
	case step == day:
		return "a day"
	}
	return fmt.Sprintf("%s days", text.Number(int(step/day)))
}

// describe says in words what a chart shows, for those who do not see it.
func describe(all []series) string {
	sum := map[time.Time]int{}
	for _, s := range all {
		for at, n := range s.hours {
			sum[at] += n
		}
	}
	hours := slices.SortedFunc(maps.Keys(sum), time.Time.Compare)
	peak, gap, gapFrom := hours[0], int64(0), hours[0]
	for i, at := range hours {
		if sum[at] > sum[peak] {
			peak = at
		}
		if i > 0 && seconds(hours[i-1], at)-hour > gap {
			gap, gapFrom = seconds(hours[i-1], at)-hour, hours[i-1].Add(time.Hour)
		}
	}
	minute := func(t time.Time) string { return t.Format(text.Minute) }
	out := "All failures are within the hour from " + minute(hours[0])
	if len(hours) > 1 {
		out = fmt.Sprintf("%s with failures, between %s and %s",
			text.Count(len(hours), "hour"), minute(hours[0]), minute(hours[len(hours)-1].Add(time.Hour)))
		together := ""
		if len(all) > 1 {
			together = " of all causes together"
		}
		out += fmt.Sprintf("; most, %s%s, in the hour from %s", text.Number(sum[peak]), together, minute(peak))
	}
	out += "."
	if gap > 0 {
		out += fmt.Sprintf(" The longest gap is %s, from %s.", long(gap), minute(gapFrom))
	}
	return out
}

// seriesOf sums up hours by cause, the causes in the order of their letters.
func seriesOf(from []*integration, byID map[string]*cause) []series {
	sums := map[*cause]map[time.Time]int{}
	for _, in := range from {
		for _, i := range in.from {
			for _, h := range i.Hours {
				c := byID[h.Cause]
				if h.Failures < 1 || c == nil {
					continue
				}
				if sums[c] == nil {
					sums[c] = map[time.Time]int{}
				}
				sums[c][h.At] += h.Failures
			}
		}
	}
	var all []series
	for c, hours := range sums {
		all = append(all, series{c, hours})
	}
	slices.SortFunc(all, func(a, b series) int {
		x, y := a.cause.Letter, b.cause.Letter
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	})
	return all
}
