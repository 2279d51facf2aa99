package status

import (
	"github.com/prometheus/client_golang/prometheus"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// describe is a metric that is read at a scrape.
func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

var (
	buildInfo     = describe("build_info", "The program that runs; always 1.", "version", "commit", "goversion")
	logLines      = describe("log_lines_total", "Lines read of a log.", "log")
	logBytes      = describe("log_bytes_total", "Bytes read of a log.", "log")
	logRotations  = describe("log_rotations_total", "How often reading went on in a younger file of a log.", "log")
	logLost       = describe("log_lost_bytes_total", "Bytes of a log that were lost before they were read.", "log")
	incidentsOpen = describe("incidents_open", "Integrations currently failing, excluding muted causes.")
	outboxWaiting = describe("outbox_deliveries", "Queued deliveries of a notifier.", "notifier")
	outboxDropped = describe("outbox_dropped_total", "Deliveries dropped because the queue was full.", "notifier")

	logLag = describe("log_lag_bytes",
		"Bytes that are written to a log and not read yet; absent while the log cannot be read.", "log")
	logLast = describe("log_last_line_timestamp_seconds",
		"When the last line of a log was read; absent until there is one.", "log")
	circuit = describe("notifier_circuit",
		"1 for what a notifier does now: closed (it delivers), waiting (the last attempt failed), "+
			"held (suspended: its settings are rejected) or disabled (its receiver answered 410 Gone).", "notifier", "state")

	described = []*prometheus.Desc{
		buildInfo, logLines, logBytes, logLag, logRotations, logLost, logLast,
		incidentsOpen, outboxWaiting, outboxDropped, circuit,
	}
)

// circuits are the values of the label state.
var circuits = map[notify.Circuit]string{
	notify.Closed: "closed", notify.Waiting: "waiting", notify.Suspended: "held", notify.Disabled: "disabled",
}

// collector reads the state at a scrape.
type collector struct{ site *Site }

// Describe names all that Collect sends.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range described {
		to <- d
	}
}

// Collect reads the state.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(d *prometheus.Desc, value int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	p, r := c.site.program, c.site.running.Load()
	gauge(buildInfo, 1, p.Version, p.Commit, p.Go)
	for _, l := range r.Logs {
		name, n := l.Source.Name, l.Stats()
		counter(logLines, n.Lines, name)
		counter(logBytes, n.Bytes, name)
		counter(logRotations, n.Rotations, name)
		counter(logLost, n.Lost, name)
		if now := l.Health(); now.Waiting == nil && !l.Heartbeat().IsZero() {
			gauge(logLag, float64(now.Lag), name)
		}
		if !n.Last.IsZero() {
			gauge(logLast, float64(n.Last.UnixMilli())/1000, name)
		}
	}
	err := c.site.store.View(func(tx *store.Tx) {
		open := 0
		for s := range tx.EachIncident() {
			if integration(s) && !muted(r.Conf, s.Content.Cause) {
				open++
			}
		}
		gauge(incidentsOpen, float64(open))
		for _, t := range r.Targets {
			_, waiting := tx.Queue(t.Name, 0)
			h := tx.Health(t.Name)
			gauge(outboxWaiting, float64(waiting), t.Name)
			counter(outboxDropped, int64(h.Dropped), t.Name)
			for is, state := range circuits {
				value := 0.0
				if is == h.Circuit {
					value = 1
				}
				gauge(circuit, value, t.Name, state)
			}
		}
	})
	if err != nil {
		to <- prometheus.NewInvalidMetric(incidentsOpen, err)
	}
}

// integration reports whether an incident is that of one integration, and not of many
// or of the watcher itself.
func integration(s incident.State) bool {
	return s.Members == 0 && s.Current().Kind != alert.Blind
}
