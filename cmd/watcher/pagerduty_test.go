package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// The program triggers an alert at PagerDuty for an incident, and resolves it when
// the incident has been quiet, under one deduplication key. The routing key is in
// no line of its log.
func TestPagerDuty(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdefCANARY6789abcdef"
	events := make(chan map[string]any, 10)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e map[string]any
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil || r.URL.Path != "/v2/enqueue" {
			t.Errorf("%s: %v", r.URL, err)
		}
		events <- e
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"status":"success"}`)
	}))
	defer api.Close()
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "pagerduty-key"), key+"\n")
	log := testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), "")
	config := testkit.Write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf(`state_dir = "state"
[alerts]
quiet_after = "1s"
[[log]]
path = %q
[[pagerduty]]
routing_key_file = "pagerduty-key"
api_url = %q
`, log, api.URL+"/v2/enqueue"))
	w := start(t, dir, "run", "--config", config)
	w.follows()
	appendAs(t, log, failure(1, 1, badSecret))
	var keys []any
	for _, want := range []string{"trigger", "resolve"} {
		var e map[string]any
		testkit.Until(t, func() error {
			select {
			case e = <-events:
				return nil
			default:
				return fmt.Errorf("no event to %s came", want)
			}
		})
		if e["event_action"] != want || e["routing_key"] != key {
			t.Fatalf("got %v with key %v, want %s", e["event_action"], e["routing_key"], want)
		}
		keys = append(keys, e["dedup_key"])
	}
	if keys[0] != keys[1] {
		t.Errorf("keys %v, want one", keys)
	}
	w.stop()
	if all := w.stdout.String() + w.stderr.String(); strings.Contains(all, "CANARY") {
		t.Errorf("the routing key is in %s", all)
	}
}
