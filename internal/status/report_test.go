package status_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
)

// report asks for the status as a program does.
func (w *world) report() status.Report {
	w.t.Helper()
	response, body := w.ask("/api/v1/status")
	var r status.Report
	if err := json.Unmarshal([]byte(body), &r); err != nil || response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" {
		w.t.Fatalf("%s %v %s", response.Status, err, body)
	}
	return r
}

// The process is ready when its log can be read and its state written; else it
// says why, one reason a line.
func TestReady(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	ready := func(want string) {
		t.Helper()
		testkit.Eventually(t, want, func() bool {
			response, body := w.ask("/readyz")
			return body == want && (response.StatusCode == 200) == (want == "ready\n")
		})
	}
	blind := `log "jira", ` + w.path() + ", cannot be read: no such file\n"
	ready(blind)
	state := filepath.Join(w.dir, "state", "state.db")
	os.Rename(state, state+".away")
	ready(blind + "state file " + state + ": no such file or directory\n")
	os.Rename(state+".away", state)
	w.write("a line\n")
	ready("ready\n")
	if _, body := w.ask("/healthz"); body != "alive\n" {
		t.Errorf("/healthz says %q", body)
	}
}

// A failure is an open incident with its week, its steps and what was delivered
// of it; what is queued and dead-lettered is reported, too.
func TestIncidents(t *testing.T) {
	w := newWorld(t, func(c *conf.Config) { c.Alerts.Mute = []string{"entra-single-tenant-common-endpoint"} })
	other, quiet := "a"+flow[1:], "b"+flow[1:]
	w.write(failing(flow, secret) + failing(flow, secret) + failing(other, "AADSTS50194: x") + failing(quiet, secret))
	w.queued("hub", 2)
	d, _, _ := w.store.Oldest("ops")
	delivered := time.Now().Round(time.Second)
	queue := w.site.Metrics().Queue(w.store)
	bad := notify.Health{Circuit: notify.Suspended, Since: delivered, Failed: delivered, Reason: "403 Forbidden"}
	second := func() notify.Delivery {
		d, _, _ := w.store.Oldest("hub")
		d.Reason, d.Attempts = "400 invalid_blocks", 2
		return d
	}
	if err := errors.Join(
		queue.Done("ops", d, nil, notify.Health{Succeeded: delivered}),
		queue.SetAside("hub", second(), notify.Health{SetAside: 1}),
		queue.Retry("hub", second(), bad),
		w.store.Update(func(tx *store.Tx) {
			s := tx.Incident(quiet)
			s.Open = false
			tx.SetIncident(s)
		}),
	); err != nil {
		t.Fatal(err)
	}
	r := w.report()
	if !r.Ready || r.Node != "jira-node-1" || len(r.Open) != 2 || len(r.Closed) != 1 {
		t.Fatalf("%+v", r)
	}
	i := slices.IndexFunc(r.Open, func(i status.Incident) bool { return i.Data.Integration.ID == flow })
	got, muted := r.Open[i], r.Open[1-i]
	if got.State != "open" || got.Muted || got.Count != 2 || got.Hours[167]+got.Hours[166] != 2 || got.Data.Cause.ID != "entra-client-secret-invalid" ||
		got.Data.Kind != alert.Opened || len(got.Data.Fix) == 0 {
		t.Errorf("open: %+v", got)
	}
	want := []status.Delivery{
		{Notifier: "ops", State: "delivered", Kind: alert.Opened, At: got.Deliveries[0].At},
		{Notifier: "hub", State: "set_aside", Kind: alert.Opened, At: got.Deliveries[1].At, Attempts: 2, Error: "400 invalid_blocks"},
	}
	if !slices.Equal(got.Deliveries, want) || !got.Deliveries[0].At.Equal(delivered) {
		t.Errorf("deliveries\n got %+v\nwant %+v", got.Deliveries, want)
	}
	if !muted.Muted || muted.Count != 1 || len(muted.Deliveries) != 0 {
		t.Errorf("muted: %+v", muted)
	}
	c := r.Closed[0]
	if c.State != "closed" || c.Data.Integration.ID != quiet || time.Since(c.Closed) > time.Minute || c.Data.Log.Excerpt != "" ||
		c.Hours[167]+c.Hours[166] != 1 || len(c.Deliveries) != 2 || c.Deliveries[1].State != "waiting" || c.Deliveries[1].Attempts != 2 {
		t.Errorf("closed: %+v", c)
	}
	hub := r.Notifiers[1]
	if hub.Circuit != "held" || hub.Queue != 1 || hub.Oldest.IsZero() || hub.Error != "403 Forbidden" || !hub.Failed.Equal(delivered) || hub.Kind != "webhook" {
		t.Errorf("notifier: %+v", hub)
	}
	log := r.Logs[0]
	if log.State != "following" || log.Lines != 8 || log.Lag != 0 || log.LastLine.IsZero() || log.Path != w.path() {
		t.Errorf("log: %+v", log)
	}
	_, body := w.ask("/api/v1/incidents")
	contains(t, body, `"incidents": [`, `"closed": [`, flow, other, quiet, `"state": "open"`, `"muted": true`)
}

// A storm names its integrations, and each of them names the storm.
func TestStorm(t *testing.T) {
	w := newWorld(t, func(c *conf.Config) { c.Alerts.Storm = 2 })
	var text strings.Builder
	for _, first := range "1234" {
		text.WriteString(failing(string(first)+flow[1:], secret))
	}
	w.write(text.String())
	testkit.Eventually(t, "four members", func() bool {
		r := w.report()
		return slices.ContainsFunc(r.Open, func(i status.Incident) bool { return i.MemberCount == 4 })
	})
	r := w.report()
	storms := slices.IndexFunc(r.Open, func(i status.Incident) bool { return i.MemberCount > 0 })
	storm := r.Open[storms]
	if storm.Data.Kind != alert.Storm || len(storm.Members) != 4 || len(r.Open) != 5 {
		t.Errorf("%+v of %d", storm, len(r.Open))
	}
	for _, i := range r.Open {
		if i.MemberCount == 0 && i.Storm != storm.Data.ID {
			t.Errorf("%s names the storm %q, not %q", i.Data.ID, i.Storm, storm.Data.ID)
		}
	}
	_, page := w.ask("/")
	contains(t, page, "Many integrations at once", "4 integrations", "4 integrations are failing", "4"+flow[1:])
}

// Who acknowledged an incident is shown.
func TestAcknowledged(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	w.write(failing(flow, secret))
	w.queued("hub", 1)
	rules := incident.NewRules(w.conf)
	if err := w.store.Update(func(tx *store.Tx) {
		s := tx.Incident(flow)
		tx.SetIncident(rules.Acknowledge(s, alert.Press{By: "maria", UserID: "U1", At: time.Now(), Snooze: time.Hour}))
	}); err != nil {
		t.Fatal(err)
	}
	if a := w.report().Open[0].Acknowledged; a == nil || a.By != "maria" || a.Until.IsZero() {
		t.Errorf("acknowledged: %+v", a)
	}
	_, page := w.ask("/")
	contains(t, page, "snoozed by maria until")
}

// A window that is active is shown, and until when it is; one that is over is not.
func TestMaintenance(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(c *conf.Config) {
		c.Maintenance = []conf.Maintenance{
			{From: now.Add(-time.Hour), To: now.Add(time.Hour), Causes: []string{"net-connect-timeout"}, Integrations: []string{"Help <desk>"}},
			{From: now.Add(-time.Hour), To: now.Add(-time.Minute)},
		}
	})
	r := w.report()
	if len(r.Maintenance) != 1 || !r.Maintenance[0].To.Equal(now.Add(time.Hour)) {
		t.Errorf("got %+v", r.Maintenance)
	}
	_, page := w.ask("/")
	contains(t, page, "Maintenance until ", "alerts are held back, for the causes net-connect-timeout, of the integrations Help &lt;desk&gt;.</p>")
	if strings.Count(page, "Maintenance until ") != 1 {
		t.Error("a window that is over is shown")
	}
	var b bytes.Buffer
	if err := status.Text(&b, r); err != nil {
		t.Fatal(err)
	}
	contains(t, b.String(), "Maintenance until ")
}
