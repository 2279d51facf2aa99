package status

import (
	"fmt"
	"slices"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// silence is how long a log may go without a poll before it counts as not followed. It
// is polled every two seconds.
const silence = 30 * time.Second

// Report is the state of the service: the answer of /api/v1/status.
type Report struct {
	Schema    int        `json:"schema"` // 1
	Program   Program    `json:"program"`
	Node      string     `json:"node"`
	Time      time.Time  `json:"time"`
	Started   time.Time  `json:"started"`
	Ready     bool       `json:"ready"`
	Reasons   []string   `json:"reasons"` // why it is not ready
	Logs      []Log      `json:"logs"`
	Notifiers []Notifier `json:"notifiers"`
	Incidents

	Maintenance []Maintenance `json:"maintenance,omitempty"` // the windows that are active
}

// Maintenance is a window in which alerts are held back.
type Maintenance struct {
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	Causes       []string  `json:"causes,omitempty"`       // none = all
	Integrations []string  `json:"integrations,omitempty"` // none = all
}

// Log is how a log is read.
type Log struct {
	Name      string    `json:"name"`
	Path      string    `json:"path"`
	State     string    `json:"state"`            // starting, following, behind, waiting (it cannot be read) or ended
	Reason    string    `json:"reason,omitempty"` // why it is waiting
	Position  int64     `json:"position"`         // in the file that is read, as it is stored
	Lag       int64     `json:"lag_bytes"`
	LastLine  time.Time `json:"last_line,omitzero"` // when it was read
	Lines     int64     `json:"lines"`              // these since the program began
	Bytes     int64     `json:"bytes"`
	Rotations int64     `json:"rotations"`
	Lost      int64     `json:"lost_bytes"`
}

// Notifier is the state of a notifier.
type Notifier struct {
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Circuit   string    `json:"circuit"` // closed, waiting, held or disabled
	Since     time.Time `json:"since,omitzero"`
	Queue     int       `json:"queue"`
	Oldest    time.Time `json:"oldest,omitzero"` // when what has waited longest was queued
	NextTry   time.Time `json:"next_try,omitzero"`
	Succeeded time.Time `json:"succeeded,omitzero"`
	Failed    time.Time `json:"failed,omitzero"`
	Error     string    `json:"error,omitempty"` // of the last failed attempt
	SetAside  int       `json:"set_aside"`
	Dropped   int       `json:"dropped"`
}

// report reads everything, of the incidents one page.
func (s *Site) report(now time.Time, page, size int) (Report, error) {
	r := s.running.Load()
	if zone := r.Conf.Alerts.DisplayZone; zone != nil {
		now = now.In(zone)
	}
	all := Report{
		Schema: 1, Program: s.program, Node: r.Node, Time: now, Started: s.started, Reasons: s.unready(r, now),
		Logs: []Log{}, Notifiers: []Notifier{},
	}
	all.Ready = len(all.Reasons) == 0
	for _, m := range r.Conf.Maintenance {
		if from, to, active := m.At(now); active {
			all.Maintenance = append(all.Maintenance, Maintenance{from, to, m.Causes, m.Integrations})
		}
	}
	for _, l := range r.Logs {
		all.Logs = append(all.Logs, s.logReport(l))
	}
	err := s.store.View(func(tx *store.Tx) {
		sent := make([]deliveries, len(r.Targets))
		for i, t := range r.Targets {
			n, l := notifierReport(tx, t)
			all.Notifiers, sent[i] = append(all.Notifiers, n), l
		}
		all.Incidents = incidentsOf(tx, r.Conf, sent, now, page, size)
	})
	return all, err
}

// unready says why the service is not ready; nothing when it is.
func (s *Site) unready(r *Running, now time.Time) []string {
	reasons := []string{}
	for _, l := range r.Logs {
		beat, waiting := l.Heartbeat(), l.Health().Waiting
		if beat.IsZero() {
			beat = r.since // it was followed until then, and continues shortly
		}
		why := ""
		switch {
		case l.Ended():
			continue
		case waiting != nil:
			why = "cannot be read: " + waiting.Error()
		case beat.IsZero():
			why = "has not been polled yet"
		case now.Sub(beat) > silence:
			why = "shows no sign of life since " + text.Time(beat)
		default:
			continue
		}
		reasons = append(reasons, fmt.Sprintf("log %q, %s, %s", l.Source.Name, l.Source.Path, why))
	}
	if err := s.store.Writable(); err != nil {
		reasons = append(reasons, err.Error())
	}
	return reasons
}

// Well reports whether the service is ready and every notifier delivers.
func (s *Site) Well(now time.Time) bool {
	r := s.running.Load()
	return len(s.unready(r, now)) == 0 && !slices.ContainsFunc(r.Targets, func(t notify.Target) bool {
		h, err := s.store.Health(t.Name)
		return err != nil || pipeline.Failing(h, now)
	})
}

func (s *Site) logReport(l *pipeline.Log) Log {
	n, now := l.Stats(), l.Health()
	report := Log{
		Name: l.Source.Name, Path: l.Source.Path, State: "behind", Lag: now.Lag, LastLine: n.Last,
		Lines: n.Lines, Bytes: n.Bytes, Rotations: n.Rotations, Lost: n.Lost,
	}
	switch {
	case l.Ended():
		report.State = "ended"
	case now.Waiting != nil:
		report.State, report.Reason = "waiting", now.Waiting.Error()
	case now.Absent:
		report.State = "absent"
	case l.Heartbeat().IsZero():
		report.State = "starting"
	case l.Current() || now.Lag == 0:
		report.State = "following"
	}
	if l.Checkpoint != nil {
		at, _, _ := s.store.Position(l.Checkpoint.Key) // zero if it is not known
		report.Position = at.Offset
	}
	return report
}

// maxRead is how many deliveries of a queue are read for their incidents.
const maxRead = 1000

func notifierReport(tx *store.Tx, t notify.Target) (Notifier, deliveries) {
	n, h := Notifier{Name: t.Name, Kind: t.Kind}, tx.Health(t.Name)
	n.Circuit, n.Since = circuits[h.Circuit], h.Since
	n.Succeeded, n.Failed, n.Error, n.SetAside, n.Dropped = h.Succeeded, h.Failed, h.Reason, h.SetAside, h.Dropped
	waiting, all := tx.Queue(t.Name, maxRead)
	if n.Queue = all; all > 0 {
		n.Oldest, n.NextTry = waiting[0].Queued, h.NotBefore
	}
	return n, newDeliveries(t.Name, waiting, tx.Aside(t.Name, maxRead))
}

// muted reports whether the operator wants no alerts about a cause.
func muted(c *conf.Config, cause alert.Cause) bool {
	return slices.Contains(c.Alerts.Mute, cause.ID) || cause.Severity < c.Alerts.MinSeverity
}
