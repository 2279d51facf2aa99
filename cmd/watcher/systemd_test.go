package main_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// systemd is the other end of sd_notify.
type systemd struct {
	t    testing.TB
	path string
	mu   sync.Mutex
	said []string
}

func listen(t testing.TB) *systemd {
	t.Helper()
	s := &systemd{t: t, path: filepath.Join(t.TempDir(), "notify")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.said = append(s.said, string(b[:n]))
			s.mu.Unlock()
		}
	}()
	return s
}

// hears waits until a message that begins so has come n times.
func (s *systemd) hears(prefix string, n int) {
	s.t.Helper()
	testkit.Until(s.t, func() error {
		if got := s.count(prefix); got < n {
			return fmt.Errorf("%s was said %d times, want %d", prefix, got, n)
		}
		return nil
	})
}

func (s *systemd) count(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.said {
		if strings.HasPrefix(m, prefix) {
			n++
		}
	}
	return n
}

// Under systemd the program says READY once the logs are followed, feeds the
// watchdog, says RELOADING and READY around a reload, and STOPPING at the end.
func TestServiceNotifies(t *testing.T) {
	dir := t.TempDir()
	hub := receive(t)
	config, log := settings(t, dir, hub, "")
	testkit.Write(t, log, "")
	t.Setenv("WATCHDOG_USEC", "3000000")
	w := start(t, dir, "run", "--config", config)
	w.follows()
	appendAs(t, log, failure(1, 1, badSecret)) // READY means that this one is not missed
	hub.alerts(1)
	w.manager.hears("WATCHDOG=1", 2)
	w.manager.hears("STATUS=following 1 log; 1 open incident; 0 deliveries waiting", 1)

	w.signal(hangup)
	w.manager.hears("RELOADING=1\nMONOTONIC_USEC=", 1)
	w.manager.hears("READY=1", 2)
	appendAs(t, log, failure(2, 2, badSecret))
	hub.alerts(2)

	good := testkit.Read(t, config)
	testkit.Write(t, config, good+"[alerts]\nquiet_after = \"soon\"\n")
	w.signal(hangup)
	w.manager.hears("READY=1\nSTATUS=reload rejected", 1)
	w.says("quiet_after")
	hub.then(status(503, "Retry-After", "3"))
	appendAs(t, log, failure(3, 3, badSecret))
	w.manager.hears("STATUS=reload rejected, keeping the current configuration: see the log; following 1 log; 3 open incidents; 1 delivery waiting", 1)
	hub.alerts(3)
	w.stop()
	w.manager.hears("STOPPING=1", 1)
}

// A reload with another log, another notifier and own causes takes all of them;
// a bad cause keeps the old ones.
func TestReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub, second := receive(t), receive(t)
	w, config, log := follow(t, dir, hub, "")
	appendAs(t, log, failure(1, 1, badSecret))
	hub.alerts(1)

	causes := filepath.Join(dir, "causes.d")
	makeDir(t, causes)
	testkit.Write(t, filepath.Join(causes, "mail.toml"), `[[cause]]
id = "entra-client-secret-invalid"
severity = "critical"
title = "Ask Maria for a new secret"
`)
	other := testkit.Write(t, filepath.Join(dir, "other.log"), "")
	testkit.Write(t, config, testkit.Read(t, config)+fmt.Sprintf("[[webhook]]\nname = \"second\"\nurl = \"%s\"\nmin_severity = \"critical\"\n[[log]]\npath = %q\nstart = "+
		"\"beginning\"\n[causes]\ndir = %q\n", second.URL, other, causes))
	w.signal(hangup)
	w.says("configuration reloaded")
	appendAs(t, other, failure(2, 2, badSecret)+failure(3, 3, badTLS))
	got := second.alerts(1)[0].Data
	if got.Cause.Title != "Ask Maria for a new secret" || got.Integration.ID != flowID(2) {
		t.Errorf("the new notifier got %q of %s", got.Cause.Title, got.Integration.ID)
	}
	hub.alerts(3)

	testkit.Write(t, filepath.Join(causes, "mail.toml"), "[[cause]]\nid = \"mine\"\npatterns = [\"(\"]\n")
	w.signal(hangup)
	w.says("reload rejected, keeping the current configuration")
	w.says("mail.toml:3:13: cause.patterns: missing closing )")
	appendAs(t, log, failure(4, 4, badSecret))
	if got := second.alerts(2)[1].Data; got.Integration.ID != flowID(4) {
		t.Errorf("after the refused reload the second notifier got %s", got.Integration.ID)
	}
	w.stop()
	if n := len(second.all()); n != 2 {
		t.Errorf("the second notifier got %d alerts, want the 2 critical ones", n)
	}
}

// What waits for a notifier that is taken out of the configuration is kept and
// named, and sent when the notifier is back.
func TestDepartedNotifier(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub, second := receive(t), receive(t)
	second.then(status(404)) // settings refused: a restart tries again at once
	config, log := settings(t, dir, hub, "")
	testkit.Write(t, log, "")
	without := testkit.Read(t, config)
	with := without + fmt.Sprintf("[[webhook]]\nname = \"second\"\nurl = \"%s\"\n", second.URL)
	testkit.Write(t, config, with)
	w := start(t, dir, "run", "--config", config)
	w.follows()
	appendAs(t, log, failure(1, 1, badSecret))
	w.says("receiver rejected the notifier's settings")
	testkit.Write(t, config, without)
	w.signal(hangup)
	w.says(`its queued alerts are kept for a week: give a notifier that name to send them" notifier=second waiting=1 until=`)
	w.manager.hears("READY=1", 2)
	w.stop()
	testkit.Write(t, config, with)
	w = start(t, dir, "run", "--config", config)
	w.follows()
	if text := w.stderr.String(); strings.Contains(text, "no longer configured") {
		t.Errorf("it is back and still missed:\n%s", text)
	}
	if got := second.alerts(1)[0].Data.Integration.ID; got != flowID(1) {
		t.Errorf("the alert that waited is of %s", got)
	}
	w.stop()
}

// A reload does not move the state: the old configuration stays, and says why.
func TestReloadKeepsTheStateDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	w, config, log := follow(t, dir, hub, "")
	testkit.Write(t, config, strings.Replace(testkit.Read(t, config), filepath.Join(dir, "state"), filepath.Join(dir, "other"), 1))
	w.signal(hangup)
	w.says("state_dir cannot change")
	appendAs(t, log, failure(1, 1, badSecret))
	hub.alerts(1)
	w.stop()
}

// A broken file of own causes is refused when the program starts; the rest runs.
func TestBrokenCausesAtTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := receive(t)
	causes := filepath.Join(dir, "causes [1].d") // a name is not a pattern
	makeDir(t, causes)
	testkit.Write(t, filepath.Join(causes, "a.toml"), "[[cause]]\nid = \"mine\"\npatterns = [\"(\"]\n")
	testkit.Write(t, filepath.Join(causes, "b.toml"), "[[cause]]\nid = \"tls-certificate-untrusted\"\ntitle = \"Ask Maria for the root certificate\"\n")
	w, _, log := follow(t, dir, hub, fmt.Sprintf("[causes]\ndir = %q\n", causes))
	w.says("a.toml:3:13: cause.patterns: missing closing )")
	appendAs(t, log, failure(1, 1, badTLS))
	if got := hub.alerts(1)[0].Data.Cause.Title; got != "Ask Maria for the root certificate" {
		t.Errorf("the sound file's title is not used: %q", got)
	}
	w.stop()
}

// systemd accepts the unit, and finds little to expose in it.
func TestUnit(t *testing.T) {
	analyze := testkit.Program(t, "systemd-analyze")
	text := strings.ReplaceAll(testkit.Read(t, filepath.Join("..", "..", "packaging", "jira-oauth-watcher.service")), "/usr/bin/jira-oauth-watcher", binary)
	unit := testkit.Write(t, filepath.Join(t.TempDir(), "jira-oauth-watcher.service"), text)
	if out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	if out, err := exec.Command(analyze, "security", "--offline=true", "--threshold=11", unit).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

// A log that the configuration names by another path goes on where it was.
func TestLogUnderAnotherPath(t *testing.T) {
	t.Parallel()
	dir, hub := t.TempDir(), receive(t)
	w, config, log := follow(t, dir, hub, "")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(log), link); err != nil {
		t.Fatal(err)
	}
	appendAs(t, log, failure(1, 1, badSecret))
	hub.tells(1)
	w.stop()
	original := testkit.Read(t, config)
	for i, text := range []string{strings.ReplaceAll(original, log, filepath.Join(link, filepath.Base(log))), original} {
		appendAs(t, log, failure(2+i, 2, badSecret)+failure(2+i, 3, badTLS)+failure(8+i, 4, badSecret))
		testkit.Write(t, config, text)
		w = start(t, dir, "run", "--config", config)
		hub.tells(8 + i)
		w.stop()
	}
	if all := hub.alerts(1); len(all) != 7 {
		t.Errorf("%d alerts, want 5 opened and 2 changed: %+v", len(all), all)
	}
}
