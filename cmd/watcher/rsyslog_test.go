//go:build linux

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// rsyslog is a real rsyslogd in the foreground, with the configuration of packaging/plugins and the
// paths of a test.
type rsyslog struct {
	t   testing.TB
	dir string
	cmd *exec.Cmd
}

func newRsyslog(t testing.TB, dir, config, log string) *rsyslog {
	t.Helper()
	if _, err := exec.LookPath("/usr/sbin/rsyslogd"); err != nil {
		testkit.Missing(t, "no rsyslogd: scripts/deps.sh all installs it")
	}
	text := testkit.Read(t, filepath.Join("..", "..", "packaging", "plugins", "rsyslog.conf"))
	for _, r := range [][2]string{
		{"/var/atlassian/application-data/jira/log/atlassian-jira.log", log},
		{"/usr/bin/jira-oauth-watcher run --config /etc/jira-oauth-watcher/rsyslog.toml", binary + " run --config " + config},
		{`resumeInterval="5"`, `resumeInterval="1" output="` + filepath.Join(dir, "watcher.log") + `"`},
		{`readTimeout="2"`, `readTimeout="1"`},
	} {
		if !strings.Contains(text, r[0]) {
			t.Fatalf("rsyslog.conf has no %s", r[0])
		}
		text = strings.ReplaceAll(text, r[0], r[1])
	}
	testkit.Write(t, filepath.Join(dir, "rsyslog.conf"), fmt.Sprintf("global(workDirectory=%q)\n", dir)+text)
	s := &rsyslog{t: t, dir: dir}
	s.start()
	t.Cleanup(func() {
		s.end(syscall.SIGKILL)
		testkit.Eventually(t, "the watcher has ended", func() bool { // it ends with its standard input
			out, _ := exec.Command("pgrep", "-f", config).Output()
			return len(out) == 0
		})
		if t.Failed() {
			out, _ := os.ReadFile(filepath.Join(dir, "watcher.log"))
			t.Logf("watcher:\n%s", out)
		}
	})
	return s
}

func (s *rsyslog) start() {
	s.t.Helper()
	s.cmd = exec.Command("/usr/sbin/rsyslogd", "-n", "-f", filepath.Join(s.dir, "rsyslog.conf"), "-i", filepath.Join(s.dir, "pid"))
	s.cmd.Stdout, s.cmd.Stderr = os.Stderr, os.Stderr
	s.cmd.Env = append(os.Environ(), "STATE_DIRECTORY=", "NOTIFY_SOCKET=")
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *rsyslog) end(how os.Signal) {
	if s.cmd.Process.Signal(how) == nil {
		s.cmd.Wait()
	}
}

// child is the process of the watcher, 0 = it does not run.
func (s *rsyslog) child() int {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	for _, task := range tasks {
		all, _ := os.ReadFile(task)
		for _, id := range strings.Fields(string(all)) {
			if pid, err := strconv.Atoi(id); err == nil {
				return pid
			}
		}
	}
	return 0
}

func (s *rsyslog) killChild() {
	s.t.Helper()
	testkit.Eventually(s.t, "rsyslog has started the watcher", func() bool { return s.child() != 0 })
	if err := syscall.Kill(s.child(), syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
}

// rsyslog feeds the watcher; both are killed and restarted meanwhile. Each failure is alerted,
// whole, and none under two IDs.
func TestRsyslog(t *testing.T) {
	testkit.Slow(t, "rsyslogd and the watcher are restarted several times")
	dir, r := t.TempDir(), receive(t)
	config, log := settings(t, dir, r, "[alerts]\nstorm = 0\n")
	text := testkit.Read(t, config)
	from, to := strings.Index(text, "[[log]]"), strings.Index(text, "[[webhook]]")
	testkit.Write(t, config, text[:from]+text[to:])
	testkit.Write(t, log, "")
	s := newRsyslog(t, dir, config, log)
	const each = 8
	n := 0
	feed := func() {
		for range each {
			n++
			appendAs(t, log, failure(n, n, badSecret)+"\tat a \"quoted\\ frame\" of failure "+strconv.Itoa(n)+"\n")
		}
	}
	feed()
	r.alerts(1)
	for _, interrupt := range []func(){
		func() { s.killChild() },
		func() { s.end(syscall.SIGKILL); feed(); s.start() },
		func() { s.killChild(); s.end(syscall.SIGTERM); feed(); s.start() },
		func() { s.end(syscall.SIGTERM); s.start() },
		func() { s.end(syscall.SIGKILL); s.start(); s.killChild() },
	} {
		feed()
		interrupt()
		feed()
	}
	ids := map[string]map[alert.ID]bool{}
	testkit.Until(t, func() error {
		for _, a := range r.alerts(1) {
			if a.Data.Kind != alert.Opened {
				t.Fatalf("an alert of the kind %s", a.Data.Kind)
			}
			of := *a.Data.Integration.Flow
			if ids[of] == nil {
				ids[of] = map[alert.ID]bool{}
			}
			ids[of][a.Data.ID] = true
		}
		if len(ids) < n {
			return fmt.Errorf("alerts about %d failures, want %d", len(ids), n)
		}
		return nil
	})
	for i := 1; i <= n; i++ {
		if got := ids[flowID(i)]; len(got) != 1 {
			t.Errorf("failure %d has the IDs %v", i, got)
		}
	}
	for _, a := range r.alerts(n) {
		if !strings.Contains(a.Data.Log.Excerpt, `at a "quoted\ frame" of failure `) {
			t.Errorf("not the whole event: %s", a.Data.Log.Excerpt)
		}
	}
}

// A failure whose cause is not known yet is confirmed when it counts, and a message without an end
// never: rsyslog has ended, and sends it again.
func TestConfirm(t *testing.T) {
	dir, r := t.TempDir(), receive(t)
	config := testkit.Write(t, filepath.Join(dir, "config.toml"),
		fmt.Sprintf("state_dir = %q\n[[webhook]]\nurl = %q\n", filepath.Join(dir, "state"), r.URL))
	cmd := exec.Command(binary, "run", "--config", config, "--log", "-", "--confirm")
	cmd.Env = append(os.Environ(), "STATE_DIRECTORY=")
	out := &testkit.Buffer{}
	cmd.Stdout = out
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	answers := "OK\n"
	for _, text := range []string{ordinary, failure(1, 1, "something new"), ordinary} {
		fmt.Fprint(in, text)
		answers += strings.Repeat("OK\n", strings.Count(text, "\n"))
		testkit.Eventually(t, "it is confirmed", func() bool { return out.String() == answers })
	}
	fmt.Fprint(in, strings.TrimSuffix(failure(2, 2, badSecret), "\n"))
	in.Close()
	if err := cmd.Wait(); err != nil || out.String() != answers {
		t.Errorf("%v %q", err, out)
	}
	if all := r.alerts(1); len(all) != 1 || *all[0].Data.Integration.Flow != flowID(1) {
		t.Errorf("alerts %+v", all)
	}
}
