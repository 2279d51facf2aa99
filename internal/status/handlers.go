package status

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// alive answers that the process runs, and nothing else.
func alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "alive\n")
}

// ready answers whether every log is followed and the state can be written, and
// if not, why; the reasons only to those who may see the page.
func (s *Site) ready(w http.ResponseWriter, r *http.Request) {
	now := s.running.Load()
	reasons := s.unready(now, time.Now())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if len(reasons) == 0 {
		io.WriteString(w, "ready\n")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	if !hasPassword(now.Conf.HTTP, r) {
		reasons = []string{"not ready"}
	}
	for _, reason := range reasons {
		fmt.Fprintln(w, reason)
	}
}

func (s *Site) status(w http.ResponseWriter, _ *http.Request) {
	if report, ok := s.current(w); ok {
		s.json(w, report)
	}
}

func (s *Site) incidents(w http.ResponseWriter, _ *http.Request) {
	if r, ok := s.current(w); ok {
		s.json(w, map[string]any{
			"schema": r.Schema, "node": r.Node, "time": r.Time, "incidents": r.Open, "closed": r.Closed,
		})
	}
}

// current is the report to answer with; false when the answer is an error.
func (s *Site) current(w http.ResponseWriter) (Report, bool) {
	report, err := s.reports(time.Now())
	if err != nil {
		s.log.Error("cannot read the status", "err", err)
		http.Error(w, "the status cannot be read: see the service's log", http.StatusInternalServerError)
	}
	return report, err == nil
}

func (s *Site) json(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(answer); err != nil {
		s.log.Debug("status response not delivered", "err", err)
	}
}
