package status

import (
	"context"
	"log/slog"
	"time"
)

// Logins makes f what waits before a login is judged, and log where refused
// ones go.
func (s *Site) Logins(f func(time.Duration), log *slog.Logger) {
	s.log = log
	s.logins.sleep = func(_ context.Context, d time.Duration) { f(d) }
}

// Refuse is one refused login after the other, at these times: how many each
// log line counts, 0 where there is none, and how long the next login waits.
func Refuse(at ...time.Time) (logged []int, pause time.Duration) {
	var l logins
	for _, now := range at {
		logged = append(logged, l.refuse(now))
	}
	return logged, l.pause(at[len(at)-1].Add(59 * time.Second))
}

// Fake makes r the report of the site.
func (s *Site) Fake(r Report) {
	s.reports = func(time.Time) (Report, error) { return r, nil }
}

// Bounds of a page.
const (
	MaxCards       = maxCards
	MaxRows        = maxRows
	MaxConnections = maxConnections
)

// Gather are the names of all metrics, with their labels.
func (m *Metrics) Gather() (map[string][]string, error) {
	families, err := m.registry.Gather()
	all := map[string][]string{}
	for _, f := range families {
		labels := []string{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		all[f.GetName()] = labels
	}
	return all, err
}
