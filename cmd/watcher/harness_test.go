package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// The program is tested as a program: the real binary, real files, a real
// state file and a real HTTP receiver on loopback.

var binary string

// memoryFactor is what the race detector adds to the program's memory.
var memoryFactor = map[bool]int{false: 1, true: 10}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "watcher-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "watcher")
	if out, err := exec.Command("go", "build", fmt.Sprintf("-race=%t", testkit.Race), "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// watcher is a running program.
type watcher struct {
	t       testing.TB
	manager *systemd
	cmd     *exec.Cmd
	stdout  *testkit.Buffer
	stderr  *testkit.Buffer
	done    chan error
}

// start runs the program as systemd does, with a socket to notify; the test
// ends it.
func start(t testing.TB, dir string, args ...string) *watcher {
	t.Helper()
	manager := listen(t)
	w := &watcher{t: t, manager: manager, cmd: exec.Command(binary, args...), stdout: &testkit.Buffer{}, stderr: &testkit.Buffer{}, done: make(chan error, 1)}
	w.cmd.Dir = dir
	w.cmd.Stdout, w.cmd.Stderr = w.stdout, w.stderr
	w.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+manager.path, "JOURNAL_STREAM=", "STATE_DIRECTORY=")
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { w.done <- w.cmd.Wait() }()
	t.Cleanup(func() {
		w.kill()
		if t.Failed() {
			t.Logf("standard output of %v:\n%s\nstandard error:\n%s", args, tail(w.stdout), tail(w.stderr))
		}
	})
	return w
}

func (w *watcher) signal(s os.Signal) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(s); err != nil {
		w.t.Fatal(err)
	}
}

// kill ends the program as kill -9 does.
func (w *watcher) kill() {
	if w.cmd.Process.Signal(syscall.SIGKILL) == nil {
		w.wait()
	}
}

// wait waits for the end and returns the exit status.
func (w *watcher) wait() int {
	w.t.Helper()
	testkit.Until(w.t, func() error {
		select {
		case err := <-w.done:
			w.done <- err
			return nil
		default:
			return fmt.Errorf("the program did not end\n%s", w.stderr)
		}
	})
	return w.cmd.ProcessState.ExitCode()
}

// stop ends the program as systemd does, and expects status 0.
func (w *watcher) stop() {
	w.t.Helper()
	w.signal(syscall.SIGTERM)
	if status := w.wait(); status != 0 {
		w.t.Fatalf("exit status %d after SIGTERM\n%s", status, w.stderr)
	}
}

// says waits until standard error holds a text.
func (w *watcher) says(text string) {
	w.t.Helper()
	testkit.Until(w.t, func() error {
		if !strings.Contains(w.stderr.String(), text) {
			return fmt.Errorf("standard error has no %q:\n%s", text, w.stderr)
		}
		return nil
	})
}

// follows waits until the program says that it follows its logs: from then on
// it forgets nothing that is written.
func (w *watcher) follows() {
	w.t.Helper()
	w.manager.hears("READY=1", 1)
}

// request is one that a receiver got.
type request struct {
	header http.Header
	body   []byte
	status int // what it was answered
	at     time.Time
}

// tail is the end of what a program has written: enough to see what it did last.
func tail(b *testkit.Buffer) string {
	const most = 30
	lines := strings.SplitAfter(b.String(), "\n")
	if len(lines) <= most {
		return strings.Join(lines, "")
	}
	return fmt.Sprintf("(%d lines before)\n", len(lines)-most) + strings.Join(lines[len(lines)-most:], "")
}

// receiver records requests and answers each as its script says, then 200 ok.
type receiver struct {
	*httptest.Server
	t        testing.TB
	mu       sync.Mutex
	script   []func(http.ResponseWriter) int
	ok       string // the answer after the script
	requests []request
}

func receive(t testing.TB) *receiver {
	r := &receiver{t: t, ok: "ok"}
	r.Server = httptest.NewServer(r)
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // its sender was killed: it was not received
	}
	at := time.Now()
	r.mu.Lock()
	var answer func(http.ResponseWriter) int
	if len(r.script) > 0 {
		answer, r.script = r.script[0], r.script[1:]
	}
	r.mu.Unlock()
	status := 200
	if answer != nil {
		status = answer(w)
	} else {
		io.WriteString(w, r.ok)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request{req.Header, body, status, at})
}

// then appends an answer to the script.
func (r *receiver) then(answers ...func(http.ResponseWriter) int) *receiver {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = append(r.script, answers...)
	return r
}

func status(code int, headers ...string) func(http.ResponseWriter) int {
	return func(w http.ResponseWriter) int {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		return code
	}
}

func (r *receiver) all() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.requests...)
}

// accepted are the requests that were answered 200.
func (r *receiver) accepted() []request {
	var list []request
	for _, q := range r.all() {
		if q.status == 200 {
			list = append(list, q)
		}
	}
	return list
}

// alerts waits for at least n accepted webhook requests and returns their
// alerts.
func (r *receiver) alerts(n int) []alert.Alert {
	r.t.Helper()
	testkit.Until(r.t, func() error {
		if got := len(r.accepted()); got < n {
			return fmt.Errorf("%d requests were accepted, want %d", got, n)
		}
		return nil
	})
	var list []alert.Alert
	for _, q := range r.accepted() {
		var a alert.Alert
		if err := json.Unmarshal(q.body, &a); err != nil {
			r.t.Fatalf("body %s: %v", q.body, err)
		}
		list = append(list, a)
	}
	return list
}

// appendAs appends a text to a file in another process, as Jira is one.
func appendAs(t testing.TB, path, text string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", `cat >> "$1"`, "sh", path)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("appending: %v %s", err, out)
	}
}

// failure is one failure of a flow as Jira logs it, at a second of a fixed day.
var failure, flowID = testkit.FailureAt, testkit.FlowID

const badSecret, badTLS, ordinary = testkit.BadSecret, testkit.BadTLS, testkit.Ordinary

// signingSecret is the key of the webhooks in these tests.
const signingSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// settings writes a configuration with one log and a webhook, and returns its
// path and the log's.
func settings(t testing.TB, dir string, r *receiver, more string) (config, log string) {
	t.Helper()
	log = filepath.Join(dir, "atlassian-jira.log")
	config = testkit.Write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf(`node = "jira-node-1"
state_dir = %q
[[log]]
path = %q
name = "jira"
[[webhook]]
url = "%s/hook"
secret = %q
%s`, filepath.Join(dir, "state"), log, r.URL, signingSecret, more))
	return config, log
}

// follow starts the program on an empty log, with a webhook, and waits until it
// follows.
func follow(t testing.TB, dir string, r *receiver, more string) (w *watcher, config, log string) {
	t.Helper()
	config, log = settings(t, dir, r, more)
	testkit.Write(t, log, "")
	w = start(t, dir, "run", "--config", config)
	w.follows()
	return w, config, log
}
