package status

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

// prefix begins the name of each metric.
const prefix = "jira_oauth_watcher_"

// The outcomes of an attempt to deliver.
const (
	accepted = "accepted"
	retry    = "retry"
	setAside = "set_aside"
)

// maxScrapes is how many scrapes are answered at a time.
const maxScrapes = 4

// Metrics are the counters that other packages update. Everything else is read
// at a scrape.
type Metrics struct {
	registry   *prometheus.Registry
	failures   *prometheus.CounterVec
	alerts     *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	reloads    *prometheus.CounterVec
}

// counted are the kinds of alerts whose series exist from the start.
var counted = []alert.Kind{
	alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Resolved, alert.Storm, alert.Blind, alert.Sighted,
}

func newMetrics(s *Site) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		failures: counter("failures_total", "Failures of the OAuth client flow read from the logs, by cause.", "cause"),
		alerts:   counter("alerts_total", "Alerts by kind, each counted once.", "kind"),
		deliveries: counter("deliveries_total",
			"Attempts to deliver an alert: accepted, retry (it failed and is tried again) or set_aside (given up).",
			"notifier", "outcome"),
		reloads: counter("config_reloads_total", "Reloads of the configuration: accepted or refused.", "outcome"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "delivery_seconds",
			Help: "Time from when an alert was queued, just after its line was read, " +
				"until the receiver accepted it.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600, 24 * 3600},
		}, []string{"notifier"}),
	}
	m.registry.MustRegister(m.failures, m.alerts, m.deliveries, m.seconds, m.reloads, &collector{site: s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, k := range counted {
		m.alerts.WithLabelValues(string(k))
	}
	for _, outcome := range []string{"accepted", "refused"} {
		m.reloads.WithLabelValues(outcome)
	}
	return m
}

// expect makes the series that will be counted, so that the first count is an
// increase from zero. Those of the causes are made when metrics are first read.
func (m *Metrics) expect(r *Running) {
	for _, t := range r.Targets {
		for _, outcome := range []string{accepted, retry, setAside} {
			m.deliveries.WithLabelValues(t.Name, outcome)
		}
		m.seconds.WithLabelValues(t.Name)
	}
}

// Failure counts a failure.
func (m *Metrics) Failure(_, cause string, _ time.Time) { m.failures.WithLabelValues(cause).Inc() }

// Alert counts an alert.
func (m *Metrics) Alert(a *alert.Alert, _ []string) {
	m.alerts.WithLabelValues(string(a.Data.Kind)).Inc()
}

// Reload counts a reload of the configuration.
func (m *Metrics) Reload(err error) {
	outcome := "accepted"
	if err != nil {
		outcome = "refused"
	}
	m.reloads.WithLabelValues(outcome).Inc()
}

// Queue is q, with the outcomes of its deliveries counted.
func (m *Metrics) Queue(q notify.Queue) notify.Queue { return &countingQueue{q, m} }

type countingQueue struct {
	notify.Queue
	metrics *Metrics
}

// Done counts a delivery, and how long it took.
func (c *countingQueue) Done(notifier string, d notify.Delivery, r notify.Receipt, h notify.Health) error {
	c.metrics.deliveries.WithLabelValues(notifier, accepted).Add(float64(1 + len(d.More)))
	c.metrics.seconds.WithLabelValues(notifier).Observe(max(time.Since(d.Queued), 0).Seconds())
	return c.Queue.Done(notifier, d, r, h)
}

// Retry counts an attempt that failed.
func (c *countingQueue) Retry(notifier string, d notify.Delivery, h notify.Health) error {
	c.metrics.deliveries.WithLabelValues(notifier, retry).Inc()
	return c.Queue.Retry(notifier, d, h)
}

// SetAside counts a delivery that is given up.
func (c *countingQueue) SetAside(notifier string, d notify.Delivery, h notify.Health) error {
	c.metrics.deliveries.WithLabelValues(notifier, setAside).Inc()
	return c.Queue.SetAside(notifier, d, h)
}

func (s *Site) metricsHandler() http.Handler {
	answer := promhttp.HandlerFor(s.metrics.registry,
		promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelError), MaxRequestsInFlight: maxScrapes})
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r := s.running.Load(); r.Causes != nil {
			r.counted.Do(func() {
				for _, cause := range r.Causes() {
					s.metrics.failures.WithLabelValues(cause)
				}
			})
		}
		answer.ServeHTTP(w, req)
	})
}
