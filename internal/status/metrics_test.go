package status_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
)

// promised are the metrics that others build on, with their labels.
var promised = map[string][]string{
	"build_info": {"commit", "goversion", "version"}, "log_lines_total": {"log"}, "log_bytes_total": {"log"}, "log_lag_bytes": {"log"},
	"log_rotations_total": {"log"}, "log_lost_bytes_total": {"log"}, "log_last_line_timestamp_seconds": {"log"},
	"failures_total": {"cause"}, "incidents_open": {}, "alerts_total": {"kind"}, "deliveries_total": {"notifier", "outcome"}, "delivery_seconds": {"notifier"},
	"outbox_deliveries": {"notifier"}, "outbox_dropped_total": {"notifier"}, "notifier_circuit": {"notifier", "state"}, "config_reloads_total": {"outcome"},
}

const prefix = "jira_oauth_watcher_"

// busy is a world in which something of everything has happened.
func busy(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(c *conf.Config) { c.Alerts.Mute = []string{"entra-single-tenant-common-endpoint"} })
	w.write(failing(flow, secret) + failing(flow, secret) + failing("a"+flow[1:], "AADSTS50194: x") + failing("b"+flow[1:], "AADSTS7000222: x"))
	w.queued("hub", 2)
	queue := w.site.Metrics().Queue(w.store)
	for _, end := range []func(string, notify.Delivery, notify.Health) error{
		queue.Retry,
		func(n string, d notify.Delivery, h notify.Health) error { return queue.Done(n, d, nil, h) },
		queue.SetAside,
	} {
		d, _, _ := w.store.Oldest("ops")
		d.Queued = time.Now().Add(-3 * time.Second)
		if err := end("ops", d, notify.Health{Circuit: notify.Suspended}); err != nil {
			t.Fatal(err)
		}
	}
	w.site.Metrics().Reload(nil)
	w.site.Metrics().Reload(os.ErrInvalid)
	return w
}

// Those and no others are there under our name, and they say what happened.
func TestMetrics(t *testing.T) {
	w := busy(t)
	all, err := w.site.Metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for name, labels := range all {
		if short, ours := strings.CutPrefix(name, prefix); ours {
			got[short] = labels
		}
	}
	if !reflect.DeepEqual(got, promised) {
		t.Errorf("got %v\nwant %v", got, promised)
	}
	response, body := w.ask("/metrics")
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%v", response.Header)
	}
	for _, want := range []string{
		`build_info{commit="abc",goversion="go1",version="v1.2.3"} 1`,
		`log_lines_total{log="jira"} 8`, `log_lag_bytes{log="jira"} 0`, `log_rotations_total{log="jira"} 0`, `log_lost_bytes_total{log="jira"} 0`,
		`failures_total{cause="entra-client-secret-invalid"} 2`, `failures_total{cause="entra-client-secret-expired"} 1`,
		`incidents_open 2`, `alerts_total{kind="opened"} 2`, `alerts_total{kind="blind"} 0`,
		`deliveries_total{notifier="ops",outcome="accepted"} 1`, `deliveries_total{notifier="ops",outcome="retry"} 1`,
		`deliveries_total{notifier="ops",outcome="set_aside"} 1`,
		`deliveries_total{notifier="hub",outcome="accepted"} 0`,
		`delivery_seconds_bucket{notifier="ops",le="2.5"} 0`, `delivery_seconds_bucket{notifier="ops",le="5"} 1`, `delivery_seconds_count{notifier="hub"} 0`,
		`outbox_deliveries{notifier="hub"} 2`, `outbox_deliveries{notifier="ops"} 0`, `outbox_dropped_total{notifier="ops"} 0`,
		`notifier_circuit{notifier="ops",state="held"} 1`, `notifier_circuit{notifier="ops",state="closed"} 0`,
		`notifier_circuit{notifier="hub",state="closed"} 1`,
		`config_reloads_total{outcome="accepted"} 1`, `config_reloads_total{outcome="refused"} 1`,
	} {
		if !strings.Contains(body, "\n"+prefix+want+"\n") {
			t.Errorf("there is no %s in\n%s", want, body)
		}
	}
}

// A log that cannot be read has no lag, so that an alert can tell it from one
// that is read to its end.
func TestNoLagOfABlindLog(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	testkit.Eventually(t, "the log is found missing", func() bool { r, _ := w.ask("/readyz"); return r.StatusCode == 503 })
	if _, body := w.ask("/metrics"); strings.Contains(body, prefix+"log_lag_bytes{") || !strings.Contains(body, prefix+`log_bytes_total{log="jira"} 0`) {
		t.Errorf("got\n%s", body)
	}
}

// promtool runs Prometheus' own referee, as a subtest: only that part needs it.
func promtool(t *testing.T, in string, args ...string) {
	t.Helper()
	t.Run("promtool "+args[0], func(t *testing.T) {
		testkit.Slow(t, "it needs Prometheus")
		cmd := exec.Command(testkit.Program(t, "promtool"), args...)
		cmd.Stdin = strings.NewReader(in)
		if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("no help text")) {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	})
}

// The metrics follow Prometheus' rules for names, units and help texts.
func TestMetricsLint(t *testing.T) {
	_, body := busy(t).ask("/metrics")
	if problems, err := promlint.New(strings.NewReader(body)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v %+v", err, problems)
	}
	promtool(t, body, "check", "metrics")
}

const packaging = "../../packaging/"

func TestAlertRules(t *testing.T) {
	promtool(t, "", "check", "rules", packaging+"prometheus/alerts.yml")
	promtool(t, "", "test", "rules", packaging+"prometheus/alerts_test.yml")
}

// known complains about metrics that the program does not have.
func known(t *testing.T, from, text string) {
	t.Helper()
	names := regexp.MustCompile(prefix+`[a-z_]+`).FindAllString(text, -1)
	if len(names) == 0 {
		t.Errorf("%s uses no metric", from)
	}
	for _, name := range names {
		name = strings.TrimPrefix(name, prefix)
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if base, ok := strings.CutSuffix(name, part); ok {
				name = base
			}
		}
		if _, ok := promised[name]; !ok {
			t.Errorf("%s uses %s%s, known are %v", from, prefix, name, slices.Sorted(maps.Keys(promised)))
		}
	}
}

// What the rules and the dashboard ask for exists, and is asked for in words
// that Prometheus understands.
func TestRulesAndDashboardUseWhatThereIs(t *testing.T) {
	known(t, "alerts.yml", testkit.Read(t, packaging+"prometheus/alerts.yml"))
	text := testkit.Read(t, packaging+"grafana/dashboard.json")
	var dashboard struct {
		Title  string
		Panels []struct {
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(text), &dashboard); err != nil || dashboard.Title == "" || len(dashboard.Panels) == 0 {
		t.Fatalf("dashboard: %v %+v", err, dashboard)
	}
	var b strings.Builder
	b.WriteString("groups:\n- name: dashboard\n  rules:\n")
	var asked strings.Builder
	for _, p := range dashboard.Panels {
		if p.Title == "" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %+v", p)
		}
		for _, target := range p.Targets {
			known(t, p.Title, target.Expr)
			asked.WriteString(target.Expr)
			expr := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".+").Replace(target.Expr)
			fmt.Fprintf(&b, "  - record: dashboard:query_%d\n    expr: '%s'\n", b.Len(), strings.ReplaceAll(expr, "'", "''"))
		}
	}
	for name := range promised {
		if !strings.Contains(asked.String(), prefix+name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
	queries := filepath.Join(t.TempDir(), "queries.yml")
	os.WriteFile(queries, []byte(b.String()), 0o600)
	promtool(t, "", "check", "rules", queries)
}
