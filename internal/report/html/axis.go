package html

import (
	"fmt"
	"time"
)

const maxTicks = 8

// tick is a mark on the axis of time. The lower line of its label is written
// where it changes.
type tick struct {
	X     string // parts of a hundred
	Upper string
	Lower string
	Minor bool // there is no room for it on a narrow page
}

// scale is one way to write an axis.
type scale struct {
	seconds      int64 // about, between two ticks
	years        int
	months       int
	upper, lower string
}

func scales(span int64) []scale {
	var all []scale
	for _, n := range []int64{1, 2, 3, 6, 12} {
		all = append(all, scale{seconds: n * hour, upper: "15:04", lower: "2006-01-02"})
	}
	for _, n := range []int64{1, 2, 7, 14} {
		all = append(all, scale{seconds: n * day, upper: "2 Jan", lower: "2006"})
	}
	for _, n := range []int{1, 2, 3, 6} {
		all = append(all, scale{seconds: int64(n) * 30 * day, months: n, upper: "Jan", lower: "2006"})
	}
	for n := 1; ; n *= 2 {
		all = append(all, scale{seconds: int64(n) * 365 * day, years: n, upper: "2006"})
		if int64(n)*365*day*maxTicks > span {
			return all
		}
	}
}

// ticks are at most maxTicks marks between two local times.
func ticks(from, to int64) []tick {
	var s scale
	for _, s = range scales(to - from) {
		if (to-from)/s.seconds < maxTicks {
			break
		}
	}
	var all []tick
	lower := ""
	for at := s.first(from); at <= to; at = s.next(at) {
		t := time.Unix(at, 0).UTC()
		x := 100 * float64(at-from) / float64(to-from)
		k := tick{X: fmt.Sprintf("%.2f", x), Upper: t.Format(s.upper), Minor: len(all)%2 == 1}
		if l := t.Format(s.lower); l != lower {
			k.Lower, lower = l, l
		}
		all = append(all, k)
	}
	if len(all) <= 4 {
		for i := range all {
			all[i].Minor = false
		}
	}
	return all
}

// first is the first tick at or after a time.
func (s scale) first(from int64) int64 {
	t := time.Unix(from, 0).UTC()
	switch {
	case s.years > 0:
		t = time.Date(t.Year()/s.years*s.years, 1, 1, 0, 0, 0, 0, time.UTC)
	case s.months > 0:
		t = time.Date(t.Year(), (t.Month()-1)/time.Month(s.months)*time.Month(s.months)+1, 1, 0, 0, 0, 0, time.UTC)
	default:
		return floor(from+s.seconds-1, s.seconds)
	}
	if t.Unix() < from {
		return s.next(t.Unix())
	}
	return t.Unix()
}

func (s scale) next(at int64) int64 {
	if s.years == 0 && s.months == 0 {
		return at + s.seconds
	}
	return time.Unix(at, 0).UTC().AddDate(s.years, s.months, 0).Unix()
}
