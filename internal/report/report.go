// Package report is what a scan found: its data, as JSON and as text.
package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
)

// Report is what the logs say, in one document. It is the same whatever the
// number of cores it was made with. What a log said in it is masked as in
// alerts.
type Report struct {
	Schema   int        `json:"schema"` // 1
	Made     Maker      `json:"made"`
	From     time.Time  `json:"from,omitzero"` // time of the first and last event that was read
	To       time.Time  `json:"to,omitzero"`
	Since    *time.Time `json:"since"` // as asked for, null = from the beginning
	Until    *time.Time `json:"until"`
	Complete bool       `json:"complete"` // false: stopped before the end, or some file could not be read completely
	Nodes    []string   `json:"nodes"`
	Files    []File     `json:"files"`    // in the order they were read
	Failures int        `json:"failures"` // of all incidents, also those left out
	LeftOut  *LeftOut   `json:"left_out"` // null = nothing was

	// Integrations is how many failed, and Failing how many of them still do at the end of the
	// logs. Incidents are in the order that Arrange describes.
	Integrations int        `json:"integrations"`
	Failing      int        `json:"still_failing"`
	Incidents    []Incident `json:"incidents"`

	// Advice is what the catalogue says in general of causes that others came after, by ID. Zone
	// is the zone that times are shown in, nil = the offset at the end of the logs.
	Advice map[string]alert.Data `json:"-"`
	Zone   *time.Location        `json:"-"`
}

// LeftOut is what was only counted, since a report of it all would have no
// bound.
type LeftOut struct {
	Incidents int     `json:"incidents"` // at least: those that closed first, or opened when too many were open
	Failures  int     `json:"failures"`
	Causes    []Spell `json:"causes"` // by first failure
}

// Maker is the program that made a report.
type Maker struct {
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

// File is a file that was read.
type File struct {
	Path    string    `json:"path"`
	Node    string    `json:"node"`
	Bytes   int64     `json:"bytes"` // read, after decompression
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	Problem string    `json:"problem,omitempty"` // why it was not read completely
}

// Incident is one integration that was failing, from its first failure until
// it was quiet for quiet_after, or until the end of the logs.
type Incident struct {
	Data   alert.Data `json:"alert"` // its last alert: cause, diagnosis and fix of the last failure, counts of all
	Open   bool       `json:"open"`  // still failing at the end of the logs
	Nodes  []string   `json:"nodes"`
	Causes []Spell    `json:"causes"` // all causes it had, by first failure
	Hours  []Hour     `json:"hours"`  // when it failed, by time; hours without a failure are left out

	// UncountedHours is how many of its failures are in no hour, and
	// UncountedCauses in no cause, since it had too many of them.
	UncountedHours  int `json:"uncounted_hours,omitempty"`
	UncountedCauses int `json:"uncounted_causes,omitempty"`

	// ResolvedAt is when it was known to work again, by Jira's diagnostics or a test; zero = it
	// is not. Timeline is what happened, by time, where several logs of a node were put together;
	// UncountedMoments is how many changes of the cause are not in it.
	ResolvedAt       time.Time `json:"resolved_at,omitzero"`
	Timeline         []Moment  `json:"timeline,omitempty"`
	UncountedMoments int       `json:"uncounted_moments,omitempty"`
}

// Moment is an entry of a time line. What is failed, changed (the cause), gives_up, lost, back
// (the connection, by Jira's diagnostics), tested, resolved, quiet or failing.
type Moment struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	Text string    `json:"text"`
}

// State is the state of an incident at the end of the logs, in one word.
func (i Incident) State() string {
	switch {
	case i.Open:
		return "failing"
	case !i.ResolvedAt.IsZero():
		return "resolved"
	}
	return "quiet"
}

// closed is 0 for an incident that is still failing, and else 1.
func (i Incident) closed() int {
	if i.Open {
		return 0
	}
	return 1
}

// Arrange orders the incidents and counts the integrations. Integrations that still fail come
// first, then the more severe, then those that failed last; of one integration, its last
// incident comes first. An integration counts by its last incident.
func (r *Report) Arrange() { r.Incidents = slices.Concat(r.byIntegration()...) }

// byIntegration is Arrange with the incidents of each integration in a list.
func (r *Report) byIntegration() [][]Incident {
	of := map[string][]Incident{}
	for _, i := range r.Incidents {
		of[Key(i)] = append(of[Key(i)], i)
	}
	lists := slices.Collect(maps.Values(of))
	r.Integrations, r.Failing = len(lists), 0
	for _, list := range lists {
		slices.SortStableFunc(list, func(a, b Incident) int {
			return cmp.Or(cmp.Compare(a.closed(), b.closed()), b.Data.Failures.Last.Compare(a.Data.Failures.Last))
		})
		r.Failing += 1 - list[0].closed()
	}
	slices.SortFunc(lists, func(x, y []Incident) int {
		a, b := x[0], y[0]
		return cmp.Or(cmp.Compare(a.closed(), b.closed()), -cmp.Compare(a.Data.Cause.Severity, b.Data.Cause.Severity),
			b.Data.Failures.Last.Compare(a.Data.Failures.Last), strings.Compare(Key(a), Key(b)))
	})
	return lists
}

// Key identifies the integration of an incident. Where a log shows none, its failures are
// distinguished by the key of their incident.
func Key(i Incident) string {
	if i.Data.Integration.KnownBy != alert.ByNothing {
		return i.Data.Integration.ID
	}
	return cmp.Or(i.Data.ID.Key(), i.Data.Integration.ID)
}

// Unread reports whether nothing of Jira was read.
func (r Report) Unread() bool { return r.From.IsZero() && len(r.Incidents) == 0 }

// Spell is one cause within an incident.
type Spell struct {
	Cause    string    `json:"cause"`
	Title    string    `json:"title"`
	Failures int       `json:"failures"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// Hour is the failures of one cause within one hour of UTC.
type Hour struct {
	At       time.Time `json:"at"` // its beginning
	Cause    string    `json:"cause"`
	Failures int       `json:"failures"`
}
