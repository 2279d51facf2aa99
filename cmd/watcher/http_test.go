package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

func listenOn(address string) string { return fmt.Sprintf("[http]\nlisten = %q\n", address) }

// ask is the answer to a request, with its status in front.
func ask(address, path string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + address + path)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return fmt.Sprintf("%d %s", r.StatusCode, body), err
}

// answers waits until the answer to a request has all of the words.
func answers(t testing.TB, address, path string, words ...string) {
	t.Helper()
	testkit.Until(t, func() error {
		got, err := ask(address, path)
		for _, w := range words {
			if err != nil || !strings.Contains(got, w) {
				return fmt.Errorf("%s%s has no %q: %v %s", address, path, w, err, got)
			}
		}
		return nil
	})
}

// command runs the program and returns its exit status and what it printed.
func command(t testing.TB, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// The page, the JSON, health and metrics tell what happened; watcher status
// tells the same on a terminal.
func TestHTTP(t *testing.T) {
	t.Parallel()
	dir, hub, address := t.TempDir(), receive(t), testkit.FreeAddress(t)
	w, config, log := follow(t, dir, hub, listenOn(address))
	appendAs(t, log, failure(1, 1, badSecret)+failure(1, 2, badSecret)+ordinary)
	hub.alerts(1)
	answers(t, address, "/readyz", "200 ready\n")
	answers(t, address, "/healthz", "200 alive\n")
	answers(t, address, "/metrics", `failures_total{cause="entra-client-secret-invalid"} 2`, `deliveries_total{notifier="webhook",outcome="accepted"} 1`,
		`log_lines_total{log="jira"} 3`, `incidents_open 1`, `delivery_seconds_count{notifier="webhook"} 1`)
	answers(t, address, "/", "1 integration is failing", flowID(1), "opened delivered")
	answers(t, address, "/api/v1/incidents", flowID(1), `"state": "open"`)

	status, out, errs := command(t, "status", "--config", config)
	if status != 0 || errs != "" || !strings.HasPrefix(out, "1 integration is failing.\n") || !strings.Contains(out, flowID(1)) ||
		!strings.Contains(out, "webhook: opened delivered") {
		t.Errorf("status: %d %s\n%s", status, errs, out)
	}
	var report struct{ Incidents []struct{ Count int } }
	status, out, errs = command(t, "status", "--config", config, "--format", "json")
	if err := json.Unmarshal([]byte(out), &report); status != 0 || err != nil || len(report.Incidents) != 1 || report.Incidents[0].Count != 2 {
		t.Errorf("status: %d %v %s\n%s", status, err, errs, out)
	}
	for _, path := range []string{"/?show=all", "/api/v1/status", "/metrics", "/readyz"} {
		if got, err := ask(address, path); err != nil || strings.Contains(got, "whsec_") || strings.Contains(got, hub.URL) {
			t.Errorf("%s shows a secret: %v %s", path, err, got)
		}
	}
	w.stop()
	status, _, errs = command(t, "status", "--config", config)
	if want := "the service does not answer at " + address + ": start it with: systemctl start jira-oauth-watcher"; status != 1 ||
		!strings.Contains(errs, want) {
		t.Errorf("status of a service that does not run: %d %s", status, errs)
	}
}

// Without a listener, or with something else behind it, status says what to do.
func TestStatusCannotAsk(t *testing.T) {
	t.Parallel()
	dir, hub := t.TempDir(), receive(t)
	config, _ := settings(t, dir, hub, "")
	if status, out, errs := command(t, "status", "--config", config); status != 1 || out != "" || !strings.Contains(errs, "has no [http] listen") ||
		!strings.Contains(errs, `listen = "127.0.0.1:9494"`) {
		t.Errorf("without [http]: %d %s%s", status, out, errs)
	}
	config, _ = settings(t, dir, hub, listenOn(strings.TrimPrefix(hub.URL, "http://")))
	if status, out, errs := command(t, "status", "--config", config); status != 1 || out != "" || !strings.Contains(errs, "another program answers at") {
		t.Errorf("another service: %d %s%s", status, out, errs)
	}
	if status, _, errs := command(t, "status", "--config", filepath.Join(dir, "none.toml")); status != 1 && status != 2 || errs == "" {
		t.Errorf("no configuration: %d %s", status, errs)
	}
	if status, _, errs := command(t, "status", "--format", "xml"); status != 2 {
		t.Errorf("a wrong flag: %d %s", status, errs)
	}
}

// Of many incidents, status shows the first page and how many more there are; as JSON
// it has all of them.
func TestStatusPages(t *testing.T) {
	t.Parallel()
	dir, hub, address := t.TempDir(), receive(t), testkit.FreeAddress(t)
	w, config, log := follow(t, dir, hub, listenOn(address))
	var text strings.Builder
	for n := range 510 {
		text.WriteString(failure(n+1, 1, badSecret))
	}
	appendAs(t, log, text.String()+ordinary)
	answers(t, address, "/api/v1/incidents?per_page=1", `"total": 511`, `"storms": 1`, `"failing": 510`)
	status, out, errs := command(t, "status", "--config", config)
	if status != 0 || !strings.HasPrefix(out, "510 integrations are failing.\n") ||
		!strings.HasSuffix(out, "\nAnd 411 more incidents; use --format json to list them.\n") {
		t.Errorf("status: %d %s%s", status, out, errs)
	}
	var report struct {
		Incidents          []struct{ Data struct{ ID string } }
		Page, Pages, Total int
	}
	status, out, errs = command(t, "status", "--config", config, "--format", "json")
	err := json.Unmarshal([]byte(out), &report)
	ids := map[string]bool{}
	for _, i := range report.Incidents {
		ids[i.Data.ID] = true
	}
	if status != 0 || err != nil || len(ids) != 511 || report.Page != 1 || report.Pages != 1 || report.Total != 511 || strings.Contains(out, `"next"`) {
		t.Errorf("status: %d %v %s: %d incidents", status, err, errs, len(ids))
	}
	w.stop()
}

// A password from a file is needed, and status has it from the same file.
func TestHTTPPassword(t *testing.T) {
	t.Parallel()
	dir, hub, address := t.TempDir(), receive(t), testkit.FreeAddress(t)
	testkit.Write(t, filepath.Join(dir, "http-password"), "ops:hunter2\n")
	w, config, _ := follow(t, dir, hub, listenOn(address)+"basic_auth_file = \"http-password\"\n")
	answers(t, address, "/", "401 user and password are required")
	answers(t, address, "/readyz", "200 ready")
	if status, out, errs := command(t, "status", "--config", config); status != 0 || !strings.Contains(out, "No integration is failing") {
		t.Errorf("status: %d %s%s", status, out, errs)
	}
	testkit.Write(t, filepath.Join(dir, "http-password"), "ops:hunter3\n")
	if status, _, errs := command(t, "status", "--config", config); status != 1 || !strings.Contains(errs, "rejected the user and password") ||
		strings.Contains(errs, "hunter") {
		t.Errorf("status with another password: %d %s", status, errs)
	}
	w.signal(hangup)
	w.says("configuration reloaded")
	testkit.Until(t, func() error {
		if status, out, errs := command(t, "status", "--config", config); status != 0 {
			return fmt.Errorf("status after the reload: %d %s%s", status, out, errs)
		}
		return nil
	})
	w.stop()
	if said := w.stderr.String(); strings.Contains(said, "hunter") {
		t.Errorf("the password is in the log: %s", said)
	}
}

// A port that is in use ends the start with status 1 and its name.
func TestHTTPPortInUse(t *testing.T) {
	t.Parallel()
	dir, hub := t.TempDir(), receive(t)
	config, log := settings(t, dir, hub, listenOn(strings.TrimPrefix(hub.URL, "http://")))
	testkit.Write(t, log, "")
	w := start(t, dir, "run", "--config", config)
	if status := w.wait(); status != 1 || !strings.Contains(w.stderr.String(), strings.TrimPrefix(hub.URL, "http://")+" is in use by another program") {
		t.Errorf("exit status %d: %s", status, w.stderr)
	}
	// --once reads beside a running service, which has the port.
	if status, _, errs := command(t, "run", "--once", "--config", config); status != 0 {
		t.Errorf("run --once: %d %s", status, errs)
	}
}

// A reload does not interrupt the listener, counts go on over it, and another
// address takes the place of the old one; one that is in use changes nothing.
func TestHTTPReload(t *testing.T) {
	t.Parallel()
	dir, hub, first, second := t.TempDir(), receive(t), testkit.FreeAddress(t), testkit.FreeAddress(t)
	w, config, log := follow(t, dir, hub, listenOn(first))
	plain := strings.Replace(testkit.Read(t, config), listenOn(first), "", 1)
	appendAs(t, log, ordinary)
	answers(t, first, "/metrics", `log_lines_total{log="jira"} 1`)
	lines := func(address string) (n int) {
		got, _ := ask(address, "/metrics")
		_, got, _ = strings.Cut(got, `log_lines_total{log="jira"} `)
		fmt.Sscan(got, &n)
		return n
	}

	stop, asked := make(chan struct{}), 0
	var asking sync.WaitGroup
	asking.Go(func() {
		for ; ; asked++ {
			select {
			case <-stop:
				return
			default:
			}
			if got, err := ask(first, "/readyz"); err != nil || !strings.HasPrefix(got, "200") {
				t.Errorf("during a reload: %v %s", err, got)
			}
			time.Sleep(time.Millisecond)
		}
	})
	for n := range 5 {
		w.signal(hangup)
		w.manager.hears("READY=1", n+2)
	}
	close(stop)
	asking.Wait()
	if asked == 0 {
		t.Error("no request during the reloads")
	}
	answers(t, first, "/metrics", `config_reloads_total{outcome="accepted"} 5`)
	before := lines(first) // the last event is open and read again by each generation

	reload := func(http string) {
		testkit.Write(t, config, plain+http)
		w.signal(hangup)
	}
	reload(listenOn(second))
	answers(t, second, "/readyz", "200 ready")
	if after := lines(second); before == 0 || after < before {
		t.Errorf("%d lines were counted, after a reload %d", before, after)
	}
	if got, err := ask(first, "/healthz"); err == nil {
		t.Errorf("the old address still answers: %s", got)
	}
	reload(listenOn(strings.TrimPrefix(hub.URL, "http://")))
	w.says("is in use by another program")
	answers(t, second, "/metrics", `config_reloads_total{outcome="refused"} 1`)
	reload(listenOn(strings.Replace(second, "127.0.0.1", "0.0.0.0", 1)) + "allow_remote = true\n")
	w.says("this service itself uses the port at " + second)
	answers(t, second, "/metrics", `config_reloads_total{outcome="refused"} 2`)
	reload("")
	testkit.Until(t, func() error {
		if got, err := ask(second, "/healthz"); err == nil {
			return fmt.Errorf("without [http] it still answers: %s", got)
		}
		return nil
	})
	reload(listenOn(first))
	answers(t, first, "/readyz", "200 ready")
	w.stop()
}

// A browser shows the page of the real program and complains about nothing.
func TestHTTPInBrowser(t *testing.T) {
	testkit.Slow(t, "it starts a browser")
	chromium := testkit.Program(t, "chromium")
	dir, hub, address := t.TempDir(), receive(t), testkit.FreeAddress(t)
	w, _, log := follow(t, dir, hub, listenOn(address))
	appendAs(t, log, failure(1, 1, badSecret)+ordinary)
	hub.alerts(1)
	answers(t, address, "/", flowID(1))
	var shown, said strings.Builder
	cmd := exec.CommandContext(t.Context(), chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
		"--user-data-dir="+filepath.Join(dir, "browser"), "--dump-dom", "http://"+address+"/")
	cmd.Stdout, cmd.Stderr = &shown, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if !strings.Contains(shown.String(), flowID(1)) || strings.Contains(said.String(), "CONSOLE") {
		t.Errorf("shown: %s\nsaid: %s", shown.String(), said.String())
	}
	w.stop()
}
