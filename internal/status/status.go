// Package status shows the state of the service: as a page, as JSON, as health
// and as metrics.
package status

import (
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/listen"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// Running is what runs with one configuration. It is not changed once it is
// shown.
type Running struct {
	Conf    *conf.Config
	Node    string // as it may be shown
	Logs    []*pipeline.Log
	Targets []notify.Target
	Causes  func() []string // the IDs of all that can be diagnosed; called when metrics are first read

	counted sync.Once // Causes was called
	since   time.Time // when it replaced another one; zero = it is the first
}

// Program is what runs.
type Program struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// Site answers all requests. It lives as long as the process; a reload replaces
// what it shows.
type Site struct {
	program Program
	store   *store.Store
	log     *slog.Logger
	machine string // its host name
	started time.Time
	metrics *Metrics
	running atomic.Pointer[Running]
	logins  listen.Logins
	bodies  *bodies
	reports func(now time.Time, page, size int) (Report, error)
}

// New makes a Site that shows nothing yet.
func New(p Program, s *store.Store, log *slog.Logger) *Site {
	machine, err := os.Hostname()
	if err != nil {
		log.Warn("host name unknown, the status page rejects requests that use it", "err", err)
	}
	site := &Site{
		program: p, store: s, log: log, machine: machine, started: time.Now(),
		logins: listen.Logins{What: "status page", Log: log}, bodies: newBodies(),
	}
	site.reports = site.report
	site.metrics = newMetrics(site)
	site.running.Store(&Running{Conf: &conf.Config{}})
	return site
}

// Show makes r what is shown from now on.
func (s *Site) Show(r *Running) {
	if len(s.running.Load().Logs) > 0 {
		r.since = time.Now()
	}
	s.running.Store(r)
	s.metrics.expect(r)
}

// Metrics are the counters to update.
func (s *Site) Metrics() *Metrics { return s.metrics }

// Handler answers all requests.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /api/v1/incidents", s.incidents)
	mux.HandleFunc("GET /api/v1/status", s.status)
	mux.Handle("GET /metrics", s.metricsHandler())
	return s.restrict(mux)
}
