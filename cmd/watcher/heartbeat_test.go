package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// The address of [heartbeat] is requested once a minute, and only while every log is followed.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	checks, dir := receive(t), t.TempDir()
	testkit.Write(t, filepath.Join(dir, "beat"), checks.URL+"/ping/canary\n")
	config, log := settings(t, dir, receive(t), "[heartbeat]\nurl_file = \"beat\"\n")
	w := start(t, dir, "run", "--config", config)
	w.says("log cannot be read, waiting")
	w.says("started version=")
	if n := len(checks.all()); n > 0 {
		t.Errorf("%d heartbeats before the log could be read", n)
	}
	testkit.Write(t, log, "")
	testkit.Until(t, func() error {
		if n := len(checks.all()); n != 1 {
			return fmt.Errorf("%d heartbeats, want 1", n)
		}
		return nil
	})
	w.follows()
	for n := 1; n <= 2; n++ { // a reload is no reason for another one
		w.signal(syscall.SIGHUP)
		w.manager.hears("READY=1", n+1)
	}
	w.stop()
	if n := len(checks.all()); n != 1 || strings.Contains(w.stderr.String(), "canary") {
		t.Errorf("%d heartbeats, want 1\n%s", n, w.stderr)
	}
}

// A heartbeat that is not accepted is logged once, without its address, and delays no alert.
func TestHeartbeatRefused(t *testing.T) {
	t.Parallel()
	hub, checks := receive(t), receive(t).then(status(404))
	w, _, log := follow(t, t.TempDir(), hub, fmt.Sprintf("[heartbeat]\nurl = \"%s/ping/canary\"\n", checks.URL))
	w.says("heartbeat failed, further failures are not logged\" err=\"the receiver answered 404 Not Found")
	appendAs(t, log, failure(1, 0, badSecret))
	hub.alerts(1)
	if w.stop(); strings.Contains(w.stderr.String(), "canary") {
		t.Errorf("the address is shown:\n%s", w.stderr)
	}
}

// With announce, a start is alerted to, and a restart within the hour is not.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	hub, dir := receive(t), t.TempDir()
	w, config, log := follow(t, dir, hub, "[alerts]\nannounce = true\n")
	a := hub.alerts(1)[0]
	if a.Type != "jira.oauth.started" || a.Data.Node != "jira-node-1" || a.Data.Diagnosis != "It follows 1 log." || a.Data.Facts["version"] == "" {
		t.Errorf("got %+v", a)
	}
	w.kill()
	w = start(t, dir, "run", "--config", config)
	w.follows()
	appendAs(t, log, failure(1, 0, badSecret))
	for n := 2; ; n++ {
		last := hub.alerts(n)[n-1].Data
		if last.Kind == alert.Opened {
			break
		}
		if last.ID != a.Data.ID { // the delivery may not have been stored when it was killed
			t.Fatalf("after a restart: %+v", last)
		}
	}
	w.stop()
}

// A log that is not there is waited for; a directory is no log, and the log in it is named.
func TestRunPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, dir, "run", "--log", "jira.log")
	w.says("jira.log is not there yet, waiting: ")
	w.stop()
	testkit.Write(t, filepath.Join(dir, "home/log/atlassian-jira.log"), "")
	w = start(t, dir, "run", "--log", "home")
	if status := w.wait(); status != 2 || !strings.Contains(w.stderr.String(), "--log home is a directory, write the path of the log: "+
		"home/log/atlassian-jira.log\n") {
		t.Errorf("exit status %d: %s", status, w.stderr)
	}
}

// WATCHER_CONFIG names the configuration where --config does not.
func TestConfigOfEnvironment(t *testing.T) {
	dir := t.TempDir()
	config, _ := settings(t, dir, receive(t), "")
	t.Setenv("WATCHER_CONFIG", config)
	w := start(t, dir, "check")
	if status := w.wait(); status != 1 || !strings.HasPrefix(w.stdout.String(), "ok       configuration "+config+"\n") {
		t.Errorf("exit status %d: %s%s", status, w.stdout, w.stderr)
	}
	w = start(t, dir, "check", "--config", os.DevNull)
	if status := w.wait(); status != 2 {
		t.Errorf("exit status %d: %s%s", status, w.stdout, w.stderr)
	}
}
