package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// prometheus starts a real one that scrapes an address and knows our rules.
func prometheus(t *testing.T, target string) (address string) {
	t.Helper()
	path := testkit.Program(t, "prometheus")
	rules, err := filepath.Abs(filepath.Join("..", "..", "packaging", "prometheus", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	dir, address := t.TempDir(), testkit.FreeAddress(t)
	config := testkit.Read(t, filepath.Join(filepath.Dir(rules), "scrape.yml"))
	config = strings.NewReplacer("127.0.0.1:9494", target, "jira-oauth-watcher.yml", rules).Replace(config)
	config = "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n" + config
	said := &testkit.Buffer{}
	cmd := exec.Command(path, "--config.file="+testkit.Write(t, filepath.Join(dir, "prometheus.yml"), config),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	cmd.Dir, cmd.Stderr, cmd.Stdout = dir, said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Logf("prometheus: %s", said)
		}
	})
	return address
}

// query is the value of an expression, of which there must be one.
func query(address, expr string) (string, error) {
	got, err := ask(address, "/api/v1/query?query="+url.QueryEscape(expr))
	if err != nil {
		return "", err
	}
	_, body, _ := strings.Cut(got, " ")
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return "", err
	}
	if len(answer.Data.Result) != 1 {
		return "", fmt.Errorf("%s has %d results", expr, len(answer.Data.Result))
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1]), nil
}

// A real Prometheus scrapes the real program, and its rules see a failure.
func TestPrometheus(t *testing.T) {
	testkit.Slow(t, "it starts Prometheus")
	t.Parallel()
	dir, hub, address := t.TempDir(), receive(t), testkit.FreeAddress(t)
	server := prometheus(t, address)
	w, _, log := follow(t, dir, hub, listenOn(address))
	appendAs(t, log, failure(1, 1, badSecret)+ordinary)
	hub.alerts(1)
	testkit.Until(t, func() error {
		var all error
		for expr, want := range map[string]string{
			`up{job="jira-oauth-watcher"}`:                                                                  "1",
			`jira_oauth_watcher_incidents_open`:                                                             "1",
			`jira_oauth_watcher_failures_total{cause="entra-client-secret-invalid"}`:                        "1",
			`jira_oauth_watcher_deliveries_total{outcome="accepted"}`:                                       "1",
			`jira_oauth_watcher_log_lag_bytes`:                                                              "0",
			`count(jira_oauth_watcher_delivery_seconds_bucket)`:                                             "16",
			`ALERTS{alertname="JiraOAuthIntegrationFailing", alertstate="firing"}`:                          "1",
			`sum(jira_oauth_watcher_notifier_circuit) - sum(jira_oauth_watcher_notifier_circuit == bool 1)`: "0",
		} {
			if got, err := query(server, expr); err != nil || got != want {
				all = errors.Join(all, fmt.Errorf("%s is %s, want %s (%v)", expr, got, want, err))
			}
		}
		return all
	})
	rules, err := ask(server, "/api/v1/rules")
	if err != nil || strings.Contains(rules, `"health":"err"`) || !strings.Contains(rules, "JiraOAuthWatcherDown") {
		t.Errorf("rules: %v %s", err, rules)
	}
	w.stop()
}
