package alertmanager_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
)

// heard are the notifications that an Alertmanager sends, each as one line:
// state, cause and integration of its alerts.
type heard struct {
	url   string
	mu    sync.Mutex
	lines []string
}

func newHeard(t *testing.T) *heard {
	h := &heard{}
	h.url = notifytest.Server(t, func(_ http.ResponseWriter, r *http.Request) {
		var n struct {
			Alerts []struct {
				Status              string
				Labels, Annotations map[string]string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		var alerts []string
		for _, a := range n.Alerts {
			alerts = append(alerts, a.Status+" "+a.Labels["cause"]+" "+a.Labels["integration"])
			if a.Annotations["description"] == "" || a.Annotations["summary"] == "" {
				t.Errorf("an alert without words: %v", a)
			}
		}
		h.lines = append(h.lines, strings.Join(alerts, ", "))
	}).URL
	return h
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(slices.Values(h.lines))
}

// wait is until all notifications are those, in any order.
func (h *heard) wait(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	testkit.Until(t, func() error {
		if got := h.all(); !slices.Equal(got, want) {
			return fmt.Errorf("notified\n got %q\nwant %q", got, want)
		}
		return nil
	})
}

// realAlertmanager runs one until the end of the test.
func realAlertmanager(t *testing.T, config string, args ...string) (url string) {
	t.Helper()
	address, dir := testkit.FreeAddress(t), t.TempDir()
	file := config
	if !strings.HasSuffix(config, ".yml") {
		file = filepath.Join(dir, "am.yml")
		testkit.Write(t, file, config)
	}
	var log bytes.Buffer
	cmd := exec.Command(testkit.Program(t, "prometheus-alertmanager"),
		append([]string{"--config.file=" + file, "--storage.path=" + dir, "--web.listen-address=" + address, "--log.level=warn"}, args...)...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Logf("the Alertmanager at %s says: %s", address, &log)
		}
	})
	url = "http://" + address
	answered(t, url+"/-/ready", func(string) bool { return true })
	return url
}

// answered waits for an answer that is right.
func answered(t *testing.T, url string, right func(body string) bool) {
	t.Helper()
	testkit.Until(t, func() error {
		resp, err := http.Get(url)
		if err != nil {
			return err
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !right(string(body)) {
			return fmt.Errorf("%s answers %q", url, body)
		}
		return nil
	})
}

const hookConfig = `
route: {receiver: hook, group_by: [alertname, cause], group_wait: %s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: hook
    webhook_configs: [{url: "%s", send_resolved: true}]
`

const (
	tenant  = " entra-single-tenant-common-endpoint d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"
	timeout = " net-connect-timeout d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"
)

func changedCause(kind alert.Kind) alert.Alert {
	a := current(kind)
	a.Data.Cause.ID = "net-connect-timeout"
	return a
}

// A real Alertmanager notifies when an integration begins to fail, changes to
// another cause, and is quiet: once each, however often it is told.
func TestRealAlertmanager(t *testing.T) {
	testkit.Slow(t, "it starts Alertmanagers")
	t.Parallel()
	h := newHeard(t)
	to := newNotifier(t, realAlertmanager(t, fmt.Sprintf(hookConfig, "100ms", h.url), "--cluster.listen-address="))

	opened := deliver(t, to, current(alert.Opened), nil)
	h.wait(t, "firing"+tenant)
	long := notify.Receipt(strings.Replace(string(opened), `"sent":"2`, `"sent":"1`, 1)) // ago
	s := notify.OpenIncident{Data: changedCause(alert.Reminder).Data, Receipt: long}
	kept, _, err := to.Refresh(notifytest.Patience(t), []notify.OpenIncident{s})
	if err != nil || len(kept) != 1 {
		t.Fatalf("%v, %v", kept, err)
	}

	changed := deliver(t, to, changedCause(alert.Changed), opened)
	h.wait(t, "firing"+tenant, "resolved"+tenant, "firing"+timeout)
	deliver(t, to, changedCause(alert.Reminder), changed)
	if r := deliver(t, to, changedCause(alert.Quiet), changed); r != nil {
		t.Errorf("the receipt is %s", r)
	}
	h.wait(t, "firing"+tenant, "resolved"+tenant, "firing"+timeout, "resolved"+timeout)
	time.Sleep(1500 * time.Millisecond) // longer than group_interval: no more come
	h.wait(t, "firing"+tenant, "resolved"+tenant, "firing"+timeout, "resolved"+timeout)
}

// Two members of a cluster, told by the watchers of two nodes, notify once.
func TestRealAlertmanagerCluster(t *testing.T) {
	testkit.Slow(t, "it starts Alertmanagers")
	t.Parallel()
	h := newHeard(t)
	peers := []string{testkit.FreeAddress(t), testkit.FreeAddress(t)}
	var urls []string
	for _, own := range peers {
		urls = append(urls, realAlertmanager(t, fmt.Sprintf(hookConfig, "1s", h.url), "--cluster.listen-address="+own, "--cluster.advertise-address="+own,
			"--cluster.peer="+peers[0], "--cluster.peer="+peers[1], "--cluster.peer-timeout=1s", "--cluster.gossip-interval=20ms",
			"--cluster.pushpull-interval=500ms"))
	}
	for _, url := range urls {
		answered(t, url+"/api/v2/status", func(body string) bool {
			return strings.Contains(body, `"status":"ready"`) && strings.Count(body, `"address":`) == 2
		})
	}
	receipts := map[alert.ID]notify.Receipt{}
	tell := func(kind alert.Kind) {
		for i, node := range []string{"jira-node-1", "jira-node-2"} {
			a := current(kind)
			a.Data.Node, a.Data.Request.User, a.Data.Failures.Count = node, "user of "+node, i+1
			receipts[alert.ID(node)] = deliver(t, newNotifier(t, urls...), a, receipts[alert.ID(node)])
		}
	}
	const more = 2500 * time.Millisecond // longer than group_wait and the peer's timeout
	tell(alert.Opened)
	h.wait(t, "firing"+tenant)
	time.Sleep(more)
	tell(alert.Quiet)
	h.wait(t, "firing"+tenant, "resolved"+tenant)
	time.Sleep(more)
	h.wait(t, "firing"+tenant, "resolved"+tenant)
}

// The example of a configuration is valid, and what its messages in Slack say
// can neither mention anybody nor forge a link.
func TestPackagedAlertmanager(t *testing.T) {
	testkit.Slow(t, "it starts Alertmanagers")
	t.Parallel()
	config := testkit.Read(t, "../../packaging/alertmanager/alertmanager.yml")
	if out, err := exec.Command(testkit.Program(t, "amtool"), "check-config", "../../packaging/alertmanager/alertmanager.yml").CombinedOutput(); err != nil ||
		!strings.Contains(string(out), "1 templates") {
		t.Errorf("%v: %s", err, out)
	}
	templates, err := filepath.Abs("../../packaging/alertmanager/slack.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	messages := make(chan string, 10)
	slack := notifytest.Server(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		messages <- string(text)
		io.WriteString(w, "ok")
	}).URL
	address := filepath.Join(t.TempDir(), "slack-url")
	testkit.Write(t, address, slack)
	mine := strings.NewReplacer("/etc/alertmanager/slack-url", address, "- slack.tmpl", "- "+templates, "group_wait: 30s", "group_wait: 100ms",
		"group_interval: 5m", "group_interval: 1s").Replace(config)
	to := newNotifier(t, realAlertmanager(t, mine, "--cluster.listen-address="))
	for _, kind := range []alert.Kind{alert.Opened, alert.Storm, alert.Blind, alert.Test} {
		a := alerttest.HostileAlert(kind)
		a.Data.Cause.ID = "cause-" + string(kind)
		a.Data.Failures = current(kind).Data.Failures
		deliver(t, to, a, nil)
		shown := slackShows(t, messages)
		for _, want := range []string{"&lt;\u200b!channel&gt;", "*How to fix it*", "*Fixed when:*", "```", "failures: 3"} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: %q is missing in %.3000s", kind, want, shown)
			}
		}
		if kind == alert.Storm && !strings.Contains(shown, "• 5,000 integrations: @\u200bchannel @\u200ball") {
			t.Errorf("%s: it names none: %.5000s", kind, shown)
		}
		if strings.ContainsAny(strings.ReplaceAll(shown, "```", ""), "<>`") || strings.Count(shown, "```") != 2 {
			t.Errorf("%s: %.3000s", kind, shown)
		}
	}
	quiet := alerttest.Alert(alert.Quiet)
	quiet.Data.Cause.ID = "cause-opened"
	quiet.Data.Integration.ID = alerttest.HostileAlert(alert.Quiet).Data.Integration.ID
	deliver(t, to, quiet, nil)
	if shown := slackShows(t, messages); !strings.Contains(shown, "⚪ No longer firing: ") || !strings.Contains(shown, "No failure since ") ||
		strings.Contains(shown, "How to fix it") {
		t.Errorf("got %.3000s", shown)
	}
}

// slackShows is the text of the next message of Alertmanager's for Slack.
func slackShows(t *testing.T, messages <-chan string) string {
	t.Helper()
	select {
	case message := <-messages:
		var m struct {
			Attachments []struct{ Title, Fallback, Text string }
		}
		if err := json.Unmarshal([]byte(message), &m); err != nil || len(m.Attachments) != 1 {
			t.Fatalf("%v: %s", err, message)
		}
		a := m.Attachments[0]
		return a.Title + "\n" + a.Fallback + "\n" + a.Text
	case <-notifytest.Patience(t).Done():
		t.Fatal("there is no message")
		return ""
	}
}
