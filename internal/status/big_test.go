package status_test

import (
	"fmt"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
)

// Thousands of incidents, a long queue and a full history are still a page, in
// a moment.
func TestMany(t *testing.T) {
	testkit.Pure(t)
	w := newWorld(t, func(*conf.Config) {})
	data := sampleReport(t).Open[1].Data
	now := time.Now()
	if err := w.store.Update(func(tx *store.Tx) {
		for i := range 2000 {
			key := fmt.Sprintf("%08d-aaaa-4bbb-8ccc-000000000000", i)
			s := incident.State{Key: key, Open: true, First: now, Last: now, Seen: now, Count: 1, Content: data}
			s.Content.Integration.ID = key
			tx.SetIncident(s)
			for h := range 6 {
				tx.CountFailure(key, now.Add(-time.Duration(h)*time.Hour), now)
			}
			d := data
			d.ID, d.Kind = s.ID()+"#1", alert.Opened
			for _, n := range []string{"ops", "hub"} {
				tx.Enqueue(n, alert.Alert{Data: d})
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/api/v1/status", "/api/v1/incidents?page=20", "/metrics", "/readyz"} {
		response, body := w.ask(path)
		if len(body) == 0 || len(body) > 2<<20 {
			t.Errorf("%s: status %d and %d bytes", path, response.StatusCode, len(body))
		}
	}
}
