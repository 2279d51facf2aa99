//go:build collector

package jiraoauthprocessor

// These tests run the real collector that scripts/test-otel.sh builds, with the example
// configurations of packaging/plugins, and the real watcher. All connections are on loopback.

import (
	"bytes"
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
	"strings"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/confmap/confmaptest"
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

// The file of failures that the watcher writes becomes log records with the time of the event, its
// severity and the content of the alert.
func TestFailuresFile(t *testing.T) {
	const example = "../packaging/plugins/collector-failures.yaml"
	config, err := confmaptest.LoadConf(example)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), testkit.Ordinary+testkit.FailureAt(1, 1, testkit.BadSecret)+stack)
	failures := filepath.Join(dir, "failures.ndjson")
	run(t, "WATCHER", "run", "--once", "--config", testkit.Write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf(
		"node = \"jira-node-7\"\nstate_dir = \"state\"\n[[log]]\npath = %q\nstart = \"beginning\"\n[ship]\nfile = %q\n", log, failures))).cmd.Wait()
	logs := backend(t)
	changes := "receivers:\n"
	for name := range config.Get("receivers").(map[string]any) {
		changes += fmt.Sprintf("  %s: {include: [%q], start_at: beginning}\n", name, failures)
	}
	changes += "exporters:\n"
	for name := range config.Get("exporters").(map[string]any) {
		changes += fmt.Sprintf("  %s: {endpoint: %q}\n", name, logs.URL)
	}
	collect(t, example, changes)
	l := record(logs.wait(1)[0], 0)
	body := l.Body().AsRaw()
	at := func(names ...string) any {
		value := body
		for _, name := range names {
			object, _ := value.(map[string]any)
			value = object[name]
		}
		return value
	}
	if want := testkit.Begin.Add(time.Second); !l.Timestamp().AsTime().Equal(want) || l.SeverityNumber() != plog.SeverityNumberError ||
		at("integration", "id") != testkit.FlowID(1) || at("cause", "id") != "entra-client-secret-invalid" || at("node") != "jira-node-7" {
		t.Errorf("time %v, severity %v, body %v", l.Timestamp(), l.SeverityNumber(), body)
	}
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
