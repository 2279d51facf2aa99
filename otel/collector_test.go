//go:build collector

package jiraoauthprocessor

// These tests run the real collector that scripts/test-otel.sh builds, with the example
// configurations of packaging/plugins, and the real watcher. All connections are on loopback.

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// program is a running program.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr *testkit.Buffer
}

// run starts the program that an environment variable names; the test ends it.
func run(t *testing.T, variable string, args ...string) *program {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set: use make test-otel", variable)
	}
	p := &program{t, exec.Command(path, args...), &testkit.Buffer{}}
	p.cmd.Stderr = p.stderr
	p.cmd.Env = append(os.Environ(), "HOSTNAME=jira-node-7", "STATE_DIRECTORY=", "NOTIFY_SOCKET=")
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s %v:\n%s", variable, args, p.stderr)
		}
	})
	return p
}

// stop ends the program as systemd does.
func (p *program) stop() {
	if p.cmd.ProcessState == nil {
		p.cmd.Process.Signal(syscall.SIGTERM)
		p.cmd.Wait()
	}
}

func (p *program) says(text string) *program {
	p.t.Helper()
	testkit.Until(p.t, func() error {
		if !strings.Contains(p.stderr.String(), text) {
			return fmt.Errorf("standard error has no %q:\n%s", text, p.stderr)
		}
		return nil
	})
	return p
}

// collect starts the collector with a configuration and what a test changes in it.
func collect(t *testing.T, config, changes string) *program {
	t.Helper()
	changes += "\nextensions: {file_storage: {directory: " + filepath.Join(t.TempDir(), "storage") + "}}\n" +
		"service: {telemetry: {metrics: {level: none}}}\n"
	file := testkit.Write(t, filepath.Join(t.TempDir(), "changes.yaml"), changes)
	return run(t, "OTELCOL", "--config", config, "--config", file).says("Everything is ready")
}

// watch starts the watcher, which takes lines by OTLP and sends alerts to a receiver. It returns
// its OTLP address, the alerts that arrive, and a function that stops it, does something meanwhile, and
// starts it again.
func watch(t *testing.T) (address string, alerts func(n int) []alert.Data, again func(meanwhile func()) *program) {
	t.Helper()
	hook := serve(t, func(body []byte) (a alert.Alert) {
		if err := json.Unmarshal(body, &a); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		return a
	})
	dir, otlp := t.TempDir(), testkit.FreeAddress(t)
	config := testkit.Write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf(
		"state_dir = \"state\"\n[receive]\notlp = %q\n[[webhook]]\nurl = %q\n", otlp, hook.URL))
	var w *program
	again = func(meanwhile func()) *program {
		if w != nil {
			w.stop()
		}
		meanwhile()
		w = run(t, "WATCHER", "run", "--config", config)
		testkit.Until(t, func() error { return connects(otlp) })
		return w
	}
	again(func() {})
	return "http://" + otlp, func(n int) (all []alert.Data) {
		for _, a := range hook.wait(n) {
			all = append(all, a.Data)
		}
		return all
	}, again
}

func connects(address string) error {
	resp, err := http.Get("http://" + address + "/")
	if err == nil {
		resp.Body.Close()
	}
	return err
}

// server records what it gets.
type server[T any] struct {
	*httptest.Server
	t   *testing.T
	all chan T
	got []T
}

func serve[T any](t *testing.T, decode func([]byte) T) *server[T] {
	s := &server[T]{t: t, all: make(chan T, 10_000)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			in, _ = gzip.NewReader(r.Body)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			return // its sender was ended
		}
		s.all <- decode(body)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// wait waits for at least n requests in all.
func (s *server[T]) wait(n int) []T {
	s.t.Helper()
	testkit.Until(s.t, func() error {
		for {
			select {
			case x := <-s.all:
				s.got = append(s.got, x)
				continue
			default:
			}
			if len(s.got) < n {
				return fmt.Errorf("%d requests came, want %d", len(s.got), n)
			}
			return nil
		}
	})
	return s.got
}

// backend is a receiver of log records by OTLP.
func backend(t *testing.T) *server[plog.Logs] {
	return serve(t, func(body []byte) plog.Logs {
		logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(body) // a request has the fields of LogsData
		if err != nil {
			t.Error(err)
		}
		return logs
	})
}

// stack is what Jira writes below the line of a failure.
const stack = "com.atlassian.oauth2.client.api.storage.token.exception.UnrecoverableTokenException: x\n" +
	"\tat com.atlassian.oauth2.client.x.Y.z(Y.java:1)\n"

// The example configurations: what Jira logs reaches the watcher as whole events, and the alert has
// the node that the collector names. A watcher that is down for a while misses nothing.
func TestCollectorToWatcher(t *testing.T) {
	for _, config := range []string{"collector.yaml", "collector-processor.yaml"} {
		t.Run(config, func(t *testing.T) {
			address, alerts, again := watch(t)
			log := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), testkit.Ordinary)
			changes := fmt.Sprintf("receivers: {filelog/jira: {include: [%q]}}\nexporters: {otlphttp/watcher: {endpoint: %q}", log, address)
			if strings.Contains(config, "processor") {
				changes += fmt.Sprintf(", otlphttp/backend: {endpoint: %q}", backend(t).URL)
			}
			collector := collect(t, "../packaging/plugins/"+config, changes+"}").says("Started watching file")
			testkit.Append(t, log, testkit.FailureAt(1, 1, testkit.BadSecret)+stack+testkit.Ordinary)
			alerts(1)
			again(func() {
				testkit.Append(t, log, testkit.FailureAt(2, 2, testkit.BadTLS)+testkit.Ordinary)
				collector.says("Exporting failed. Will retry")
			})
			causes := map[string]string{testkit.FlowID(1): "entra-client-secret-invalid", testkit.FlowID(2): "tls-certificate-untrusted"}
			got := alerts(2)
			for _, a := range got {
				if a.Kind != alert.Opened || a.Node != "jira-node-7" || a.Cause.ID != causes[a.Integration.ID] || a.Log.Path != log {
					t.Errorf("alert %s of node %q, log %q: %s, want %s", a.ID, a.Node, a.Log.Path, a.Cause.ID, causes[a.Integration.ID])
				}
				if a.Integration.ID == testkit.FlowID(1) && !strings.Contains(a.Log.Excerpt, "Y.java") {
					t.Errorf("the excerpt lacks the stack trace: %s", a.Log.Excerpt)
				}
			}
			if len(got) != 2 {
				t.Errorf("%d alerts, want 2", len(got))
			}
		})
	}
}

// The backend gets every record, and failures with attributes.
func TestCollectorToBackend(t *testing.T) {
	logs := backend(t)
	log := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), testkit.Ordinary)
	collect(t, "../packaging/plugins/collector-processor.yaml", fmt.Sprintf("receivers: {filelog/jira: {include: [%q]}}\n"+
		"exporters: {otlphttp/watcher: {endpoint: %q}, otlphttp/backend: {endpoint: %[2]q}}", log, logs.URL)).says("Started watching file")
	testkit.Append(t, log, testkit.FailureAt(1, 1, testkit.BadSecret)+stack+testkit.Ordinary)
	failures, others := 0, 0
	for n := 1; failures < 2 || others < 1; n++ {
		for _, batch := range logs.wait(n)[n-1:] {
			for _, r := range batch.ResourceLogs().All() {
				if host := textOf(r.Resource().Attributes(), "host.name"); host != "jira-node-7" {
					t.Errorf("host.name %q", host)
				}
				for _, l := range r.ScopeLogs().At(0).LogRecords().All() {
					body, cause := l.Body().AsString(), textOf(l.Attributes(), prefix+"cause")
					switch {
					case strings.Contains(body, testkit.FlowID(1)) && cause == "entra-client-secret-invalid" && strings.HasSuffix(body, "Y.java:1)"):
						failures++ // to either exporter
					case body+"\n" == testkit.Ordinary && cause == "":
						others++
					default:
						t.Errorf("record %q with %v", body, l.Attributes().AsRaw())
					}
				}
			}
		}
	}
}

// What the processor costs the collector: the same log with and without it, in turn, for medians.
func TestCollectorCost(t *testing.T) {
	log := os.Getenv("COST_LOG")
	if log == "" {
		t.Skip("COST_LOG is not set: a log of tools/jiralog")
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	records := int64(bytes.Count(text, []byte("\n2026-"))) + 1
	rows := []struct{ name, processors string }{
		{"without the processor", "[]"},
		{"jira_oauth", "[jira_oauth]"},
		{"jira_oauth, only_failures", "[jira_oauth/failures]"},
	}
	const rounds = 5
	rates, costs := make([][]float64, len(rows)), make([][]float64, len(rows))
	for range rounds {
		for i, row := range rows {
			var ended atomic.Bool
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); bytes.Contains(body, []byte(testkit.FlowID(1))) {
					ended.Store(true)
				}
			}))
			dir := t.TempDir()
			own := filepath.Join(dir, "atlassian-jira.log")
			config := testkit.Write(t, filepath.Join(dir, "cost.yaml"), fmt.Sprintf(costConfig, own, s.URL, row.processors))
			p := run(t, "OTELCOL", "--config", config).says("Everything is ready")
			begin, before := time.Now(), cpu(t, p)
			testkit.Write(t, own+".new", string(text)+testkit.FailureAt(1, 1, testkit.BadSecret))
			if err := os.Rename(own+".new", own); err != nil {
				t.Fatal(err)
			}
			testkit.Eventually(t, "the last record comes", ended.Load)
			elapsed := time.Since(begin)
			rates[i] = append(rates[i], float64(records)/elapsed.Seconds())
			costs[i] = append(costs[i], float64((cpu(t, p)-before).Nanoseconds())/1e3/float64(records))
			p.stop()
			s.Close()
		}
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%d records, medians of %d rounds in turn\n\n| collector | records/s | CPU µs per record |\n|---|---|---|\n", records, rounds)
	for i, row := range rows {
		fmt.Fprintf(&table, "| %s | %.0f | %.2f |\n", row.name, median(rates[i]), median(costs[i]))
	}
	fmt.Println(table.String())
}

const costConfig = `
receivers:
  filelog:
    include: [%q]
    start_at: beginning
    multiline: {line_start_pattern: '^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}'}
processors:
  jira_oauth:
  jira_oauth/failures: {only_failures: true}
exporters:
  otlphttp: {endpoint: %q, compression: none, sending_queue: {num_consumers: 1, block_on_overflow: true}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [filelog], processors: %s, exporters: [otlphttp]}
`

// cpu is the CPU time that a program has used.
func cpu(t *testing.T, p *program) time.Duration {
	t.Helper()
	var user, system int64
	stat := testkit.Read(t, fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// Requests as Fluent Bit and Vector make them, written by hand from their documentation: the watcher
// alerts about each failure in them. testdata/shippers/README.md says more.
func TestShipperRequests(t *testing.T) {
	address, alerts, _ := watch(t)
	for _, sample := range []string{"fluent-bit", "fluent-bit-record", "vector"} {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(testkit.Read(t, "../testdata/shippers/"+sample+".json")))
		if err != nil {
			t.Fatal(err)
		}
		body, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
		if err != nil {
			t.Fatal(err)
		}
		post(t, address, body)
	}
	got := map[string]string{}
	for _, a := range alerts(3) {
		got[a.Integration.ID] = a.Cause.ID + " " + a.Node
	}
	host, err := os.Hostname()
	want := map[string]string{
		testkit.FlowID(1): "entra-client-secret-invalid jira-node-1",
		testkit.FlowID(2): "tls-certificate-untrusted " + host,
		testkit.FlowID(3): "entra-client-secret-invalid jira-node-2",
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("alerts %v, want %v", got, want)
	}
}

// What the watcher's own receiver takes: requests of 500 records, one after the other on each
// connection, each node with its own stream.
func TestReceiverRate(t *testing.T) {
	const rounds, requests, size = 5, 200, 500
	var table strings.Builder
	fmt.Fprintf(&table, "%d records per request, medians of %d rounds\n\n| connections | failures | records/s | CPU µs per record |\n|---|---|---|---|\n", size, rounds)
	for _, row := range []struct {
		connections, every int
		failures           string
	}{{1, 0, "none"}, {4, 0, "none"}, {4, 1000, "1 in 1,000"}} {
		var rates, costs []float64
		for range rounds {
			address, _, again := watch(t)
			w := again(func() {})
			begin, before := time.Now(), cpu(t, w)
			var all sync.WaitGroup
			for node := range row.connections {
				all.Go(func() {
					for n := range requests / row.connections {
						post(t, address, batch(node, n*size, size, row.every))
					}
				})
			}
			all.Wait()
			records := float64(requests * size)
			rates = append(rates, records/time.Since(begin).Seconds())
			costs = append(costs, float64((cpu(t, w)-before).Nanoseconds())/1e3/records)
			w.stop()
		}
		fmt.Fprintf(&table, "| %d | %s | %.0f | %.2f |\n", row.connections, row.failures, median(rates), median(costs))
	}
	fmt.Println(table.String())
}

// batch is a request with ordinary records of one node, of which one in every is a failure of an
// integration; 0 = none is.
func batch(node, from, size, every int) []byte {
	logs := plog.NewLogs()
	r := logs.ResourceLogs().AppendEmpty()
	r.Resource().Attributes().PutStr("host.name", fmt.Sprintf("jira-node-%d", node))
	s := r.ScopeLogs().AppendEmpty()
	for i := range size {
		l := s.LogRecords().AppendEmpty()
		l.Attributes().PutStr("log.file.path", "/var/atlassian/application-data/jira/log/atlassian-jira.log")
		at := testkit.Begin.Add(time.Duration(from+i) * time.Millisecond)
		if every > 0 && (from+i)%every == every-1 {
			l.Body().SetStr(testkit.Failure(at, testkit.FlowID(node), testkit.BadSecret))
		} else {
			l.Body().SetStr(testkit.OrdinaryAt(at))
		}
	}
	body, _ := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	return body
}

// post sends a request until it is accepted.
func post(t *testing.T, address string, body []byte) {
	for {
		resp, err := http.Post(address+"/v1/logs", "application/x-protobuf", bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusOK:
			return
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			time.Sleep(10 * time.Millisecond) // back-pressure
		default:
			t.Errorf("status %s", resp.Status)
			return
		}
	}
}

func median(all []float64) float64 {
	slices.SortFunc(all, cmp.Compare[float64])
	return all[len(all)/2]
}
