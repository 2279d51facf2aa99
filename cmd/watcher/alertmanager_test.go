package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// groupWait is how long the Alertmanagers of cluster wait after the start of a group's first alert.
const groupWait = 10 * time.Second

// cluster runs two real Alertmanagers that know each other, and tell a
// receiver; it returns their addresses.
func cluster(t *testing.T, hook string) []string {
	t.Helper()
	program := testkit.Program(t, "prometheus-alertmanager")
	peers := []string{testkit.FreeAddress(t), testkit.FreeAddress(t)}
	var urls []string
	for _, own := range peers {
		dir, address := t.TempDir(), testkit.FreeAddress(t)
		config := testkit.Write(t, filepath.Join(dir, "am.yml"), fmt.Sprintf(`
route: {receiver: hook, group_by: [alertname, cause], group_wait: %s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: hook
    webhook_configs: [{url: "%s", send_resolved: true}]
`, groupWait, hook))
		cmd := exec.Command(program, "--config.file="+config, "--storage.path="+dir, "--web.listen-address="+address, "--log.level=warn",
			"--cluster.listen-address="+own, "--cluster.advertise-address="+own, "--cluster.peer="+peers[0], "--cluster.peer="+peers[1],
			"--cluster.peer-timeout=1s", "--cluster.gossip-interval=20ms", "--cluster.pushpull-interval=500ms")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Signal(syscall.SIGTERM)
			cmd.Wait()
		})
		urls = append(urls, "http://"+address)
	}
	for _, url := range urls {
		testkit.Until(t, func() error {
			resp, err := http.Get(url + "/api/v2/status")
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			text := make([]byte, 64<<10)
			n, _ := resp.Body.Read(text)
			if body := string(text[:n]); !strings.Contains(body, `"status":"ready"`) || strings.Count(body, `"address":`) != 2 {
				return fmt.Errorf("the cluster is not ready: %s", body)
			}
			return nil
		})
	}
	return urls
}

// Four watchers on the nodes of a Jira cluster see the same five integrations fail for two causes.
// They report them to both members of a cluster of real Alertmanagers, which sends one notification
// per cause; and to PagerDuty, which has one alert per integration with across_nodes, and without
// it one per integration and node.
func TestFourNodes(t *testing.T) {
	testkit.Slow(t, "it starts Alertmanagers")
	t.Parallel()
	const nodes, integrations, causes = 4, 5, 2
	hook, pager, shared := receive(t), receive(t), receive(t)
	urls := cluster(t, hook.URL)
	watchers, logs := make([]*watcher, nodes), make([]string, nodes)
	for n := range nodes {
		dir := t.TempDir()
		logs[n] = testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), "")
		config := testkit.Write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf("node = \"jira-node-%d\"\nstate_dir = \"state\"\n[[log]]\npath = %q\n"+
			"[[alertmanager]]\nurls = [%q, %q]\n[[pagerduty]]\nname = \"pager\"\nrouting_key = %q\napi_url = %q\n"+
			"[[pagerduty]]\nname = \"shared\"\nrouting_key = %[5]q\napi_url = %[7]q\nacross_nodes = true\n",
			n, logs[n], urls[0], urls[1], strings.Repeat("0", 32), pager.URL, shared.URL))
		watchers[n] = start(t, dir, "run", "--config", config)
		watchers[n].follows()
	}
	begun := time.Now()
	for _, log := range logs {
		for i := range integrations { // now: Alertmanager does not wait to group what began long ago
			appendAs(t, log, testkit.Failure(time.Now(), flowID(i), []string{badSecret, badTLS}[i%causes]))
		}
	}
	for _, w := range watchers {
		testkit.Until(t, func() error {
			if got := strings.Count(w.stderr.String(), "alert delivered"); got < 3*integrations {
				return fmt.Errorf("%d alerts are delivered, want %d\n%s", got, 3*integrations, w.stderr)
			}
			return nil
		})
	}
	grouped := time.Since(begun) < groupWait // else Alertmanager had stopped waiting before the last one came
	notified := func() (ids []string) {
		for _, q := range hook.all() {
			var group struct {
				Alerts []struct{ Labels map[string]string }
			}
			if err := json.Unmarshal(q.body, &group); err != nil {
				t.Fatal(err)
			}
			for _, a := range group.Alerts {
				ids = append(ids, a.Labels["integration"])
			}
		}
		return slices.Compact(slices.Sorted(slices.Values(ids)))
	}
	testkit.Eventually(t, "each integration is in a notification", func() bool { return len(notified()) == integrations })
	time.Sleep(3 * time.Second) // longer than group_interval and the peer's timeout: another one would have come
	pages := func(r *receiver) int {
		keys := map[string]bool{}
		for _, q := range r.all() {
			var e struct {
				Key string `json:"dedup_key"`
			}
			if err := json.Unmarshal(q.body, &e); err != nil {
				t.Fatal(err)
			}
			keys[e.Key] = true
		}
		return len(keys)
	}
	t.Logf("%d failures on %d nodes: %d notifications of Alertmanager about %d integrations, %d alerts of PagerDuty, %d with across_nodes",
		nodes*integrations, nodes, len(hook.all()), len(notified()), pages(pager), pages(shared))
	if got := len(hook.all()); got < causes || grouped && got != causes {
		t.Errorf("%d notifications, want %d", got, causes)
	}
	if pages(pager) != nodes*integrations || pages(shared) != integrations {
		t.Errorf("%d alerts of PagerDuty, %d with across_nodes, want %d and %d", pages(pager), pages(shared), nodes*integrations, integrations)
	}
}
