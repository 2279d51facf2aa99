package main_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

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
route: {receiver: hook, group_by: [alertname, cause], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: hook
    webhook_configs: [{url: "%s", send_resolved: true}]
`, hook))
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

// Two watchers on two nodes of a Jira cluster see the same integration fail and
// tell both members of a cluster of real Alertmanagers: one notification comes.
func TestTwoNodesOneNotification(t *testing.T) {
	testkit.Slow(t, "it starts Alertmanagers")
	t.Parallel()
	hook := receive(t)
	urls := cluster(t, hook.URL)
	for _, node := range []string{"jira-node-1", "jira-node-2"} {
		dir := t.TempDir()
		log := testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), "")
		config := testkit.Write(t, filepath.Join(dir, "config.toml"),
			fmt.Sprintf("node = %q\nstate_dir = \"state\"\n[[log]]\npath = %q\n[[alertmanager]]\nurls = [%q, %q]\n", node, log, urls[0], urls[1]))
		w := start(t, dir, "run", "--config", config)
		w.follows()
		appendAs(t, log, failure(1, 1, badSecret))
		w.says("alert delivered")
	}
	testkit.Until(t, func() error {
		if len(hook.all()) == 0 {
			return fmt.Errorf("no notification came")
		}
		return nil
	})
	time.Sleep(3 * time.Second) // longer than group_wait, group_interval and the peer's timeout: a second one would have come
	if all := hook.all(); len(all) != 1 || strings.Count(string(all[0].body), `"fingerprint"`) != 1 || !strings.Contains(string(all[0].body), flowID(1)) {
		t.Errorf("%d notifications, the first is %.2000s", len(all), all[0].body)
	}
}
