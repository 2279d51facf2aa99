package status

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jira-oauth-watcher/internal/listen"
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
	switch {
	case len(reasons) == 0:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "ready\n")
	case listen.Permits(now.Conf.HTTP, r):
		http.Error(w, strings.Join(reasons, "\n"), http.StatusServiceUnavailable)
	default:
		http.Error(w, "not ready", http.StatusServiceUnavailable)
	}
}

func (s *Site) status(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, "application/json", func(report Report, _ query) ([]byte, error) { return toJSON(report) })
}

func (s *Site) incidents(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, "application/json", func(report Report, _ query) ([]byte, error) {
		return toJSON(struct {
			Schema int       `json:"schema"`
			Node   string    `json:"node"`
			Time   time.Time `json:"time"`
			Incidents
		}{report.Schema, report.Node, report.Time, report.Incidents})
	})
}

func toJSON(answer any) ([]byte, error) {
	text, err := json.MarshalIndent(answer, "", "  ")
	return append(text, '\n'), err
}

func (s *Site) page(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, "text/html; charset=utf-8", func(report Report, q query) ([]byte, error) {
		var b bytes.Buffer
		err := pageTemplate.Execute(&b, newView(report, q))
		return b.Bytes(), err
	})
}

// answer sends what render makes of the report that is asked for.
func (s *Site) answer(w http.ResponseWriter, r *http.Request, kind string,
	render func(Report, query) ([]byte, error)) {
	q, err := asked(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if r.URL.Path == "/" && !q.Paused {
		// A header, not the page's markup: browsers may ignore it.
		w.Header().Set("Refresh", refreshEvery)
	}
	ctx, cancel := context.WithTimeout(r.Context(), turnTime)
	defer cancel()
	b, err := s.bodies.get(ctx, r.URL.Path+q.Link(), func() (*body, error) {
		report, err := s.reports(time.Now(), q.Page, q.size)
		if err != nil {
			return nil, err
		}
		if report.Page < report.Pages {
			report.Next = r.URL.Path + q.at(q.Page+1).Link()
		}
		text, err := render(report, q)
		return &body{text: text, next: report.Next}, err
	})
	switch {
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		http.Error(w, err.Error()+": ask again in 5 seconds", http.StatusServiceUnavailable)
		return
	case err != nil:
		s.log.Error("cannot show the status", "err", err)
		http.Error(w, "the status cannot be shown: see the service's log", http.StatusInternalServerError)
		return
	}
	defer b.users.Done()
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(b.text))) // else it is copied in chunks
	if b.next != "" {
		w.Header().Set("Link", "<"+b.next+`>; rel="next"`)
	}
	w.Write(b.text)
}
