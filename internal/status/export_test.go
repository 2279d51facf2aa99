package status

import "time"

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
