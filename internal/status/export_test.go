package status

import (
	"context"
	"log/slog"
	"time"
)

// Logins makes f what waits before a login is judged, and log where refused
// ones go.
func (s *Site) Logins(f func(time.Duration), log *slog.Logger) {
	s.log, s.logins.Log = log, log
	s.logins.Sleep = func(_ context.Context, d time.Duration) { f(d) }
}

// Fake makes r the report of the site.
func (s *Site) Fake(r Report) { s.FakeEach(func() Report { return r }) }

// FakeEach makes what f returns each time the report of the site.
func (s *Site) FakeEach(f func() Report) {
	s.bodies = newBodies()
	s.reports = func(time.Time, int, int) (Report, error) { return f(), nil }
}

// Bodies are those of a site.
type Bodies struct{ b *bodies }

// NewBodies has none.
func NewBodies() Bodies { return Bodies{newBodies()} }

// Get is the body for a key; done says that it is sent.
func (b Bodies) Get(ctx context.Context, key string, render func() (string, error)) (text string, done func(), err error) {
	made, err := b.b.get(ctx, key, func() (*body, error) {
		text, err := render()
		return &body{text: []byte(text)}, err
	})
	if err != nil {
		return "", nil, err
	}
	return string(made.text), made.users.Done, nil
}

// ErrBusy is the error when there is no body in time.
var ErrBusy = errBusy

// Bounds of what is answered.
const (
	PerPage   = perPage
	MaxBodies = maxBodies
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
