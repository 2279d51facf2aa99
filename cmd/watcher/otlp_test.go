package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// shipper sends records by OTLP/HTTP as one file of one host.
type shipper struct {
	t          testing.TB
	url        string
	host, path string
}

func (s shipper) request(records ...string) *http.Request {
	s.t.Helper()
	logs := plog.NewLogs()
	of := logs.ResourceLogs().AppendEmpty()
	of.Resource().Attributes().PutStr("host.name", s.host)
	scope := of.ScopeLogs().AppendEmpty()
	for _, text := range records {
		r := scope.LogRecords().AppendEmpty()
		r.Attributes().PutStr("log.file.path", s.path)
		r.Body().SetStr(text)
	}
	body, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	if err != nil {
		s.t.Fatal(err)
	}
	q, err := http.NewRequest("POST", s.url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-protobuf")
	return q
}

// send returns the status of the answer, 0 if there is none.
func (s shipper) send(records ...string) int { return answered(s.request(records...)) }

func answered(q *http.Request) int {
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// receiving starts the program with a receiver and no log.
func receiving(t testing.TB, dir string, r *receiver, more string) (w *watcher, s shipper, config string) {
	t.Helper()
	address := testkit.FreeAddress(t)
	config = testkit.Write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf(`node = "gateway"
state_dir = %q
[receive]
otlp = %q
%s
[alerts]
storm = 0
[[webhook]]
url = "%s/hook"
`, filepath.Join(dir, "state"), address, more, r.URL))
	w = start(t, dir, "run", "--config", config)
	w.follows()
	return w, shipper{t, "http://" + address + "/v1/logs", "jira-node-7", "/var/jira/log/atlassian-jira.log"}, config
}

// A request is answered when its failures are stored: killed right after the answer, the program
// has lost nothing. A request that is sent again counts again, in the same incident.
func TestOTLP(t *testing.T) {
	dir, r := t.TempDir(), receive(t)
	r.then(status(500), status(500), status(500)) // nothing is delivered before the kill
	w, s, config := receiving(t, dir, r, "")
	event := failure(1, 1, badSecret) + "\tat com.example.Frame\n"
	if got := s.send(ordinary+event, ordinary); got != 200 {
		t.Fatalf("answer %d", got)
	}
	w.kill()
	w = start(t, dir, "run", "--config", config)
	w.follows()
	if got := s.send(event); got != 200 {
		t.Fatalf("the request again: answer %d", got)
	}
	if got := s.send(failure(2, 2, badTLS)); got != 200 {
		t.Fatalf("another request: answer %d", got)
	}
	found := map[string]alert.ID{}
	testkit.Eventually(t, "both failures are alerted", func() bool {
		for _, a := range r.alerts(1) {
			d := a.Data
			if first := found[d.Integration.ID]; first != "" && first != d.ID {
				t.Fatalf("IDs %s and %s", first, d.ID)
			}
			found[d.Integration.ID] = d.ID
			if d.Node != s.host || !strings.HasPrefix(string(d.ID), s.host+"/") || d.Log.Name != "atlassian-jira.log" || d.Log.Path != s.path {
				t.Fatalf("node %s, ID %s, log %+v", d.Node, d.ID, d.Log)
			}
		}
		return len(found) == 2
	})
	if w.stop(); strings.Contains(w.stderr.String(), "level=ERROR") {
		t.Errorf("logged %s", w.stderr)
	}
}

// An event that a shipper has split over requests is one event: its last line, which comes in another
// request, shows the cause.
func TestOTLPSplitEvent(t *testing.T) {
	dir, r := t.TempDir(), receive(t)
	_, s, _ := receiving(t, dir, r, "")
	header, rest, _ := strings.Cut(failure(1, 1, "Error when fetching\n"+badSecret), "\n")
	if got := s.send(header); got != 200 {
		t.Fatalf("the header: answer %d", got)
	}
	if got := s.send(rest); got != 200 {
		t.Fatalf("the rest: answer %d", got)
	}
	testkit.Eventually(t, "the cause is known", func() bool {
		all := r.alerts(1)
		last := all[len(all)-1].Data
		return last.Cause.ID == "entra-client-secret-invalid" && last.Failures.Count == 1
	})
}

// Killed between receipt and answer, again and again, nothing is lost as long as the shipper sends
// again what was not answered.
func TestOTLPKilled(t *testing.T) {
	dir, r := t.TempDir(), receive(t)
	w, s, config := receiving(t, dir, r, "")
	const n = 30
	var mu sync.Mutex
	next, ended := 1, false
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i > n {
					return
				}
				for s.send(failure(i, i, badSecret)) != 200 {
					mu.Lock()
					stop := ended
					mu.Unlock()
					if stop {
						return
					}
				}
			}
		})
	}
	defer all.Wait()
	defer func() { mu.Lock(); ended = true; mu.Unlock() }()
	for round := range 3 {
		testkit.Eventually(t, "some were sent", func() bool { mu.Lock(); defer mu.Unlock(); return next > 3+round*8 })
		w.kill()
		w = start(t, dir, "run", "--config", config)
		w.follows()
	}
	ids := map[string]alert.ID{}
	testkit.Eventually(t, "all failures are alerted", func() bool {
		for _, a := range r.alerts(1) {
			if id := ids[a.Data.Integration.ID]; id != "" && id != a.Data.ID {
				t.Fatalf("IDs %s and %s", id, a.Data.ID)
			}
			ids[a.Data.Integration.ID] = a.Data.ID
		}
		return len(ids) == n
	})
}

// A reload moves the receiver; a port in use makes it refuse, and everything stays as it is. Lines
// are counted for the receiver as a whole.
func TestOTLPReload(t *testing.T) {
	dir, r := t.TempDir(), receive(t)
	page := testkit.FreeAddress(t)
	w, s, config := receiving(t, dir, r, fmt.Sprintf("[http]\nlisten = %q", page))
	if got := s.send(ordinary, failure(1, 1, badSecret)); got != 200 {
		t.Fatalf("answer %d", got)
	}
	old := strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/v1/logs")
	text := testkit.Read(t, config)
	taken := strings.TrimPrefix(r.URL, "http://")
	testkit.Write(t, config, strings.Replace(text, old, taken, 1))
	w.signal(hangup)
	w.says("[receive] otlp: " + taken + " is in use by another program")
	if got := s.send(ordinary); got != 200 {
		t.Fatalf("after a rejected reload: answer %d", got)
	}
	moved := testkit.FreeAddress(t)
	testkit.Write(t, config, strings.Replace(text, old, moved, 1))
	w.signal(hangup)
	w.says("configuration reloaded")
	if got := s.send(ordinary); got != 0 {
		t.Errorf("the old address answers %d", got)
	}
	s.url = "http://" + moved + "/v1/logs"
	testkit.Eventually(t, "the new address answers", func() bool { return s.send(ordinary) == 200 })
	body, err := ask(page, "/metrics")
	if err != nil || !strings.Contains(body, `jira_oauth_watcher_log_lines_total{log="otlp"}`) || strings.Contains(body, "atlassian-jira") {
		t.Errorf("metrics:\n%s", body)
	}
	if body, err := ask(page, "/readyz"); err != nil || body != "200 ready\n" {
		t.Errorf("/readyz: %s %v", body, err)
	}
}
