package html

import (
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/report"
)

// inZone is r with all times at the offset at which the logs end, so that they
// can be compared, and the sentence that says so.
func inZone(r report.Report) (report.Report, string) {
	end := r.To
	for _, i := range r.Incidents {
		if r.To.IsZero() && i.Data.Failures.Last.After(end) {
			end = i.Data.Failures.Last
		}
	}
	if end.IsZero() {
		end = r.Made.At
	}
	_, seconds := end.Zone()
	zone := time.FixedZone("", seconds)
	others := map[string]bool{}
	in := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.In(zone)
	}
	logged := func(t time.Time) time.Time {
		if o := offset(t); !t.IsZero() && o != offset(end) {
			others[o] = true
		}
		return in(t)
	}
	r.From, r.To, r.Made.At = logged(r.From), logged(r.To), in(r.Made.At)
	for _, asked := range []**time.Time{&r.Since, &r.Until} {
		if *asked != nil {
			t := in(**asked)
			*asked = &t
		}
	}
	r.Files = slices.Clone(r.Files)
	for i := range r.Files {
		f := &r.Files[i]
		f.From, f.To = logged(f.From), logged(f.To)
	}
	r.Incidents = slices.Clone(r.Incidents)
	for n := range r.Incidents {
		i := &r.Incidents[n]
		i.Data.Failures.First, i.Data.Failures.Last = logged(i.Data.Failures.First), logged(i.Data.Failures.Last)
		i.Causes, i.Hours = slices.Clone(i.Causes), slices.Clone(i.Hours)
		for k := range i.Causes {
			i.Causes[k].First, i.Causes[k].Last = logged(i.Causes[k].First), logged(i.Causes[k].Last)
		}
		for k := range i.Hours {
			i.Hours[k].At = in(i.Hours[k].At)
		}
		i.Timeline = slices.Clone(i.Timeline)
		for k := range i.Timeline {
			i.Timeline[k].At = in(i.Timeline[k].At)
		}
	}
	return r, sentence(offset(in(end)), others)
}

func sentence(zone string, others map[string]bool) string {
	if len(others) == 0 {
		return zone + ", the offset of the logs"
	}
	var names []string
	for o := range others {
		names = append(names, o)
	}
	slices.Sort(names)
	return zone + ", the offset at the end of the logs; times written at " +
		strings.TrimSuffix(list(names, 5), ".") + " are converted"
}
