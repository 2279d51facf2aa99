package status

import (
	"github.com/prometheus/client_golang/prometheus"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/notify"
)

// circuits are the values of the label state.
var circuits = map[notify.Circuit]string{
	notify.Closed: "closed", notify.Waiting: "waiting", notify.Suspended: "held", notify.Disabled: "disabled",
}

// collector reads the state at a scrape.
type collector struct{ site *Site }

// Describe sends nothing: what Collect sends depends on what runs.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect reads the state.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	send := func(kind prometheus.ValueType, name, help string, value float64, labels prometheus.Labels) {
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc(prefix+name, help, nil, labels), kind, value)
	}
	gauge := func(name, help string, value float64, labels prometheus.Labels) {
		send(prometheus.GaugeValue, name, help, value, labels)
	}
	counter := func(name, help string, value int64, labels prometheus.Labels) {
		send(prometheus.CounterValue, name, help, float64(value), labels)
	}
	p, r := c.site.program, c.site.running.Load()
	gauge("build_info", "The program that runs; always 1.", 1,
		prometheus.Labels{"version": p.Version, "commit": p.Commit, "goversion": p.Go})
	for _, l := range r.Logs {
		n, log := l.Stats(), prometheus.Labels{"log": l.Source.Name}
		counter("log_lines_total", "Lines read of a log.", n.Lines, log)
		counter("log_bytes_total", "Bytes read of a log.", n.Bytes, log)
		counter("log_rotations_total", "How often reading went on in a younger file of a log.", n.Rotations, log)
		counter("log_lost_bytes_total", "Bytes of a log that were lost before they were read.", n.Lost, log)
		if now := l.Health(); now.Waiting == nil && !l.Heartbeat().IsZero() {
			gauge("log_lag_bytes", "Bytes that are written to a log and not read yet; absent while the log cannot be read.",
				float64(now.Lag), log)
		}
		if !n.Last.IsZero() {
			gauge("log_last_line_timestamp_seconds", "When the last line of a log was read; absent until there is one.",
				float64(n.Last.UnixMilli())/1000, log)
		}
	}
	err := c.site.store.View(func(tx *store.Tx) {
		open := 0
		for s := range tx.EachIncident() {
			if integration(s) && !muted(r.Conf, s.Content.Cause) {
				open++
			}
		}
		gauge("incidents_open", "Integrations currently failing, excluding muted causes.", float64(open), nil)
		for _, t := range r.Targets {
			_, waiting := tx.Queue(t.Name, 0)
			h, notifier := tx.Health(t.Name), prometheus.Labels{"notifier": t.Name}
			gauge("outbox_deliveries", "Queued deliveries of a notifier.", float64(waiting), notifier)
			counter("outbox_dropped_total", "Deliveries dropped because the queue was full.", int64(h.Dropped), notifier)
			for is, state := range circuits {
				value := 0.0
				if is == h.Circuit {
					value = 1
				}
				gauge("notifier_circuit", circuitHelp, value, prometheus.Labels{"notifier": t.Name, "state": state})
			}
		}
	})
	if err != nil {
		to <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
}

const circuitHelp = "1 for what a notifier does now: closed (it delivers), waiting (the last attempt failed), " +
	"held (suspended: its settings are rejected) or disabled (its receiver answered 410 Gone)."

// integration reports whether an incident is that of one integration, and not of many
// or of the watcher itself.
func integration(s incident.State) bool {
	return s.Members == 0 && s.Current().Kind != alert.Blind
}
