package main_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify/notifytest"
)

// shipped is a line of the file of failures.
type shipped struct {
	Time           string            `json:"timeUnixNano"`
	SeverityNumber int               `json:"severityNumber"`
	SeverityText   string            `json:"severityText"`
	EventName      string            `json:"eventName"`
	Resource       map[string]string `json:"resource"`
	Attributes     map[string]string `json:"attributes"`
	Body           alert.Data        `json:"body"`

	body json.RawMessage
}

// failuresIn are the lines of files, in order. A line that is no record is an error: it is being written, or
// it is torn.
func failuresIn(t *testing.T, files ...string) (all []shipped, _ error) {
	t.Helper()
	for _, file := range files {
		for line := range strings.Lines(textOf(t, file)) {
			var s shipped
			var raw struct{ Body json.RawMessage }
			if err := json.Unmarshal([]byte(line), &s); err != nil || json.Unmarshal([]byte(line), &raw) != nil || !strings.HasSuffix(line, "\n") {
				return nil, fmt.Errorf("%s: %v in %q", file, err, line)
			}
			s.body = raw.Body
			all = append(all, s)
		}
	}
	return all, nil
}

// textOf is the text of a file that may be compressed, or not be there.
func textOf(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return ""
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := io.Reader(f)
	if strings.HasSuffix(file, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// awaitFailures waits for files to have n failures with different IDs, and no line but whole ones.
func awaitFailures(t *testing.T, n int, files func() []string) (all []shipped) {
	t.Helper()
	testkit.Until(t, func() (err error) {
		if all, err = failuresIn(t, files()...); err != nil {
			return err
		}
		ids := map[alert.ID]bool{}
		for _, s := range all {
			ids[s.Body.ID] = true
		}
		if len(ids) != n {
			return fmt.Errorf("%d failures, want %d: %v", len(ids), n, ids)
		}
		return nil
	})
	return all
}

func only(file string) func() []string { return func() []string { return []string{file} } }

func ship(file string) string { return fmt.Sprintf("[ship]\nfile = %q\n", file) }

// Every failure is in the file, also one that raises no alert: a muted one, one below min_severity, one
// during maintenance, and a repeated one. Each has its own ID, level and text, and no secret is in it.
func TestShip(t *testing.T) {
	t.Parallel()
	dir, hub := t.TempDir(), receive(t)
	file := filepath.Join(dir, "failures.ndjson")
	w, _, log := follow(t, dir, hub, ship(file)+`
[alerts]
mute = ["entra-client-secret-invalid"]
min_severity = "high"
[[maintenance]]
from = "2020-01-01T00:00:00Z"
to = "2020-01-02T00:00:00Z"
[[maintenance]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "00:00"
to = "24:00"
causes = ["tls-certificate-untrusted"]
`)
	const secret = "hunter2canary"
	lines := []string{failure(1, 1, badSecret), failure(1, 2, badSecret+" client_secret="+secret), failure(2, 3, badTLS),
		strings.Replace(failure(2, 4, badTLS), " ERROR ", " WARN ", 1), failure(3, 5, "connect timed out")}
	appendAs(t, log, strings.Join(lines, "")+ordinary)
	all := awaitFailures(t, len(lines), only(file))
	w.stop()
	for i, s := range all {
		at := testkit.Begin.Add(time.Duration(i+1) * time.Second)
		level := map[bool]string{true: "ERROR", false: "WARN"}[s.SeverityNumber == 17]
		if s.Time != fmt.Sprint(at.UnixNano()) || s.SeverityText != level || (level == "WARN") != (i == 3) || s.EventName != "jira.oauth.failure" ||
			s.Resource["host.name"] != "jira-node-1" || s.Attributes["log.record.uid"] != string(s.Body.ID) || s.Attributes["log.file.path"] != log {
			t.Errorf("failure %d: %+v", i+1, s)
		}
		if strings.Contains(string(s.body), secret) || strings.Contains(string(s.body), `"kind"`) || !strings.Contains(s.Body.Log.Excerpt, at.Format("15:04:05")) {
			t.Errorf("failure %d: %s", i+1, s.body)
		}
		alert := `{"type": "jira.oauth.opened", "timestamp": "2026-01-01T00:00:00Z", "data": {"kind": "opened", ` + string(s.body[1:]) + "}"
		if err := notifytest.Valid(t, []byte(alert)); err != nil {
			t.Errorf("failure %d: %v", i+1, err)
		}
	}
	if len(all) != len(lines) {
		t.Errorf("%d lines, want %d", len(all), len(lines))
	}
	for _, a := range hub.alerts(0) {
		if a.Data.Kind != alert.Opened || a.Data.Integration.ID != flowID(3) {
			t.Errorf("alert %s of %s", a.Data.Kind, a.Data.Integration.ID)
		}
	}
}

// kill -9 between any two lines: every failure is in the file at least once, in order, and two have never
// one ID. A failure whose cause is corrected has the same ID again.
func TestShipKilled(t *testing.T) {
	story := []string{
		failure(1, 1, badSecret), failure(1, 2, badSecret), failure(2, 3, "something else"),
		"\tat a.b.C.d(E.java:1)\nCaused by: " + badTLS + "\n", ordinary, failure(1, 4, badTLS), failure(2, 5, badSecret), ordinary,
	}
	const failures = 5
	for cut := range len(story) + 1 {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			dir, hub := t.TempDir(), receive(t)
			file := filepath.Join(dir, "failures.ndjson")
			w, config, log := follow(t, dir, hub, ship(file))
			for i, line := range story[:cut] {
				appendAs(t, log, line)
				if i == 2 {
					awaitFailures(t, 3, only(file)) // it counts without its stack trace
				}
			}
			w.kill()
			appendAs(t, log, strings.Join(story[cut:], ""))
			w = start(t, dir, "run", "--config", config)
			testkit.Eventually(t, "started", func() bool { return strings.Contains(w.stderr.String(), "msg=started") })
			var got []string
			testkit.Until(t, func() error {
				got = nil
				last, order := map[alert.ID]string{}, []alert.ID(nil)
				for _, s := range awaitFailures(t, failures, only(file)) {
					if last[s.Body.ID] == "" {
						order = append(order, s.Body.ID)
					}
					last[s.Body.ID] = s.Time[:10] + " " + s.Body.Cause.ID
				}
				for _, id := range order {
					got = append(got, last[id])
				}
				if !strings.Contains(got[2], "tls") {
					return fmt.Errorf("the third failure is not corrected: %v", got)
				}
				return nil
			})
			w.stop()
			var want []string
			for i, cause := range []string{"entra-client-secret-invalid", "entra-client-secret-invalid", "tls-certificate-untrusted",
				"tls-certificate-untrusted", "entra-client-secret-invalid"} {
				want = append(want, fmt.Sprintf("%d %s", testkit.Begin.Add(time.Duration(i+1)*time.Second).Unix(), cause))
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// The packaged configuration of logrotate rotates the file under load, and loses nothing.
func TestShipRotation(t *testing.T) {
	t.Parallel()
	logrotate := testkit.Program(t, "logrotate")
	dir := t.TempDir()
	file := filepath.Join(dir, "failures.ndjson")
	rules := strings.ReplaceAll(testkit.Read(t, "../../packaging/logrotate.conf"), "/var/log/jira-oauth-watcher", dir)
	rules = testkit.Write(t, filepath.Join(dir, "rules"), strings.Replace(rules, "\tsu jira-oauth-watcher jira-oauth-watcher\n", "", 1))
	w, _, log := follow(t, dir, receive(t), ship(file))
	all := func() []string {
		files, _ := filepath.Glob(file + "*")
		slices.Sort(files)
		slices.Reverse(files)
		return files
	}
	n := 0
	for range 4 {
		for range 20 {
			n++
			appendAs(t, log, failure(n, n%60, badSecret))
		}
		awaitFailures(t, n, all)
		appendAs(t, log, failure(n+1, 1, badSecret)+failure(n+2, 1, badSecret)) // while it rotates
		n += 2
		if out, err := exec.Command(logrotate, "--force", "--state", filepath.Join(dir, "state.logrotate"), rules).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	lines := awaitFailures(t, n, all)
	w.stop()
	if len(lines) != n || len(all()) < 4 {
		t.Errorf("%d lines in %v, want %d", len(lines), all(), n)
	}
}

// Failures go to standard output where that is not the console of alerts.
func TestShipStdout(t *testing.T) {
	t.Parallel()
	dir, hub := t.TempDir(), receive(t)
	config, log := settings(t, dir, hub, ship("-"))
	testkit.Write(t, log, failure(1, 1, badSecret))
	w := start(t, dir, "run", "--once", "--config", config)
	if status := w.wait(); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	var s shipped
	if err := json.Unmarshal([]byte(w.stdout.String()), &s); err != nil || s.Body.Integration.ID != flowID(1) {
		t.Errorf("%v: %s", err, w.stdout)
	}
	text, _, _ := strings.Cut(testkit.Read(t, config), "[[webhook]]")
	testkit.Write(t, config, text+ship("-"))
	w = start(t, dir, "run", "--once", "--config", config)
	if status := w.wait(); status != 2 {
		t.Errorf("exit status %d, want 2", status)
	}
	w.says("failures and alerts cannot both go to standard output")
	w = start(t, dir, "run", "--log", "-", "--confirm", "--config", testkit.Write(t, config, fmt.Sprintf("state_dir = %q\n[[webhook]]\nurl = %q\n%s",
		filepath.Join(dir, "state"), hub.URL, ship("-"))))
	if status := w.wait(); status != 2 {
		t.Errorf("--confirm: exit status %d, want 2", status)
	}
	w.says("failures cannot go to standard output with --confirm")
}
