//go:build system

package systemtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	unit  = "jira-oauth-watcher"
	etc   = "/etc/jira-oauth-watcher"
	state = "/var/lib/jira-oauth-watcher"
)

func TestDebian12(t *testing.T) { debian(t, "bookworm") }

func TestDebian13(t *testing.T) { debian(t, "trixie") }

// story is what one administrator does with one machine, step by step.
type story struct {
	t *testing.T
	*machine
	hub   *hub
	flows flows
	all   []string // integrations that failed so far
}

// step is one of its steps. When one fails, there is no sense in the next.
func (s *story) step(name string, f func(t *testing.T)) {
	if !s.t.Run(name, func(t *testing.T) { s.machine.t = t; f(t) }) {
		s.t.Logf("journal of the service:\n%s", tail(s.journal("-o short-precise"), 60))
		s.t.FailNow()
	}
	s.machine.t = s.t
}

func tail(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func (s *story) journal(options string) string {
	out, _ := s.try("journalctl --sync; journalctl -u " + unit + " " + options)
	return out
}

// show is a property of the unit.
func (s *story) show(property string) string {
	return s.run("systemctl show -P " + property + " " + unit)
}

func (s *story) mainPID() int {
	n, _ := strconv.Atoi(s.show("MainPID"))
	return n
}

// status waits until systemctl status shows a text.
func (s *story) status(t *testing.T, want string) {
	t.Helper()
	eventually(t, "STATUS", func() error {
		if got := s.show("StatusText"); got != want {
			return fmt.Errorf("got  %q\nwant %q", got, want)
		}
		return nil
	})
}

// wants compares what a command printed with what it has to.
func wants(t *testing.T, what, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s has no %q:\n%s", what, w, got)
		}
	}
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n got %q\nwant %q", what, got, want)
	}
}

func (s *story) config(more string) string {
	return fmt.Sprintf(`node = "jira-node-1"
[[log]]
path = %q
[alerts]
storm = 0            # each failure is to be told by itself here
[[webhook]]
name = "hub"
url = "%s/hook"
secret_file = "hub-secret"
%s`, log, s.hub.URL, more)
}

func debian(t *testing.T, release string) {
	needs(t, "systemd-nspawn", "mmdebstrap")
	s := &story{t: t, machine: boot(t, image(t, release), versions(t))}
	s.hub = listen(t, s.machine)
	t.Logf("%s", strings.SplitN(s.run("systemctl --version"), "\n", 2)[0])

	s.step("installed without Jira it says how to let it read the log", s.withoutJira)
	s.jira()
	s.step("installed it is neither started nor enabled and names three steps", s.installed)
	s.step("started without a secret it says so and is not restarted", s.unconfigured)
	s.step("configured it starts and says READY", s.started)
	s.step("a failure becomes an alert, and fields in the journal", s.alerted)
	s.step("it sees nothing else of Jira's home and has no privileges", s.confined)
	s.step("a reload takes a good file", s.reloaded)
	s.step("a reload refuses a bad file", s.refused)
	s.step("a hang is found by the watchdog", s.hung)
	s.step("kill -9 again and again under load", s.killed)
	s.step("an upgrade under load", s.upgraded)
	s.step("an upgrade of what does not run starts nothing", s.upgradedStopped)
	s.step("idle", s.idle)
	s.step("removed it leaves configuration and state", s.removed)
	s.step("installed again it goes on where it was", s.again)
	s.step("purged it leaves its user", s.purged)
}

func (s *story) install(version string) string {
	return s.run("DEBIAN_FRONTEND=noninteractive dpkg -i /packages/jira-oauth-watcher_" + version + "-1_*.deb")
}

func (s *story) withoutJira(t *testing.T) {
	wants(t, "installing", s.install("1.0.0"), "There is no group jira", "usermod -aG GROUP jira-oauth-watcher")
	s.run("dpkg --purge " + unit)
	equal(t, "left in /etc", s.run("ls -d "+etc+" "+state+" 2>/dev/null || true"), "")
}

func (s *story) installed(t *testing.T) {
	wants(t, "installing", s.install("1.0.0"), "is installed but not started. Three steps remain:",
		"1. Edit /etc/jira-oauth-watcher/config.toml", "/etc/jira-oauth-watcher/credentials/slack-webhook",
		"3. systemctl enable --now jira-oauth-watcher", "was added to the group jira")
	equal(t, "is-enabled", s.fails("systemctl is-enabled "+unit), "disabled")
	equal(t, "is-active", s.fails("systemctl is-active "+unit), "inactive")
	equal(t, "groups", s.run("id -nG "+unit), "jira-oauth-watcher jira")
	equal(t, "modes", s.run("cd "+etc+" && stat -c '%a %U:%G %n' . config.toml credentials causes.d"),
		"755 root:root .\n640 root:jira-oauth-watcher config.toml\n700 root:root credentials\n755 root:root causes.d")
	wants(t, "conffiles", s.run("dpkg-query -W -f '${Conffiles}' "+unit), etc+"/config.toml ", "/etc/logrotate.d/jira-oauth-watcher ")
	wants(t, "version", s.run(unit+" version"), "jira-oauth-watcher 1.0.0, commit ")
	s.run("systemd-analyze verify --man=no " + unit + ".service")
}

func (s *story) unconfigured(t *testing.T) {
	s.fails("systemctl start " + unit)
	wants(t, "the journal", s.journal("-o cat"), "config.toml", "slack.webhook_url_file: there is no file ",
		"no /etc/jira-oauth-watcher/credentials/slack-webhook, create it with: install -m 0600 /dev/stdin ")
	equal(t, "how it ended", s.show("Result")+" "+s.show("ExecMainStatus"), "exit-code 2")
	time.Sleep(time.Second)
	equal(t, "is it restarted", s.show("ActiveState")+" "+s.show("NRestarts"), "failed 0")
}

func (s *story) started(t *testing.T) {
	s.write(etc+"/credentials/hub-secret", "0600", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
	s.run("cat > " + etc + "/config.toml <<'END'\n" + s.config("") + "END")
	wants(t, "check", s.run(unit+" check"), "ok       configuration", "can be read", "state directory /var/lib/jira-oauth-watcher ")
	// The times of the unit, made short: its figures are not what is tried here.
	s.run("mkdir -p /etc/systemd/system/" + unit + ".service.d && printf '[Service]\\nWatchdogSec=3s\\nRestartSec=100ms\\n' > /etc/systemd/system/" + unit +
		".service.d/short.conf && systemctl daemon-reload")
	s.run("systemctl enable --now " + unit)
	equal(t, "right after enable --now", s.show("ActiveState"), "active")
	s.status(t, "following 1 log; 0 open incidents; 0 deliveries waiting")
}

func (s *story) alerted(t *testing.T) {
	id := s.fail(&s.flows, log)
	s.all = append(s.all, id)
	got := s.hub.waitFor(t, id)
	if got.Cause.ID != "entra-client-secret-invalid" || got.Node != "jira-node-1" || !s.hub.signed {
		t.Errorf("told %+v, signed %v", got, s.hub.signed)
	}
	s.status(t, "following 1 log; 1 open incident; 0 deliveries waiting")
	var entry map[string]any
	if err := json.Unmarshal([]byte(s.journal("-o json NOTIFIER=hub ALERT="+string(got.ID))), &entry); err != nil {
		t.Fatalf("the entry in the journal: %v", err)
	}
	for field, want := range map[string]string{
		"MESSAGE": "alert delivered notifier=hub alert=" + string(got.ID) + " kind=opened attempt=1", "PRIORITY": "6", "NOTIFIER": "hub",
		"INCIDENT": string(got.Incident()), "SYSLOG_IDENTIFIER": unit, "_SYSTEMD_UNIT": unit + ".service", "_TRANSPORT": "journal",
	} {
		if entry[field] != want {
			t.Errorf("%s=%v, want %s", field, entry[field], want)
		}
	}
}

func (s *story) confined(t *testing.T) {
	pid := fmt.Sprint(s.mainPID())
	equal(t, "its view of Jira's home", s.run(`ls /proc/"$1"/root`+home, pid), "log")
	wants(t, "another program in its place", s.fails("nsenter -t "+pid+" -m ls /"), "failed to execute ls: Permission denied")
	status := s.run(`cat /proc/"$1"/status`, pid)
	for _, want := range []string{`(?m)^NoNewPrivs:\s1$`, `(?m)^CapEff:\s0+$`, `(?m)^CapBnd:\s0+$`, `(?m)^Seccomp:\s2$`} {
		if !regexp.MustCompile(want).MatchString(status) {
			t.Errorf("its /proc/PID/status does not match %s", want)
		}
	}
	equal(t, "its user", s.run(`stat -c %U /proc/"$1"`, pid), unit)
	equal(t, "state", s.run("stat -c '%a %U' "+state+" "+state+"/state.db"), "700 jira-oauth-watcher\n600 jira-oauth-watcher")
	t.Log(tail(s.run("systemd-analyze security --threshold=11 "+unit), 1))
}

func (s *story) reloaded(t *testing.T) {
	other := home + "/log/other.log"
	s.run("install -m 0640 -o jira -g jira /dev/null " + other)
	s.run("cat > " + etc + "/config.toml <<'END'\n" + s.config("[[log]]\npath = \""+other+"\"\n") + "END")
	before := s.mainPID()
	s.run("systemctl reload " + unit)
	id := s.fail(&s.flows, other) // not missed: reload waited until the new log is followed
	s.all = append(s.all, id)
	s.hub.waitFor(t, id)
	if after := s.mainPID(); after != before {
		t.Errorf("the process changed from %d to %d", before, after)
	}
	s.status(t, "following 2 logs; 2 open incidents; 0 deliveries waiting")
}

func (s *story) refused(t *testing.T) {
	good := s.run("cat " + etc + "/config.toml")
	s.run("echo 'silent_afer = \"5m\"' >> " + etc + "/config.toml")
	s.run("systemctl reload " + unit)
	equal(t, "after a refused reload", s.show("ActiveState"), "active")
	s.status(t, "reload rejected, keeping the current configuration: see the log; following 2 logs; 2 open incidents; 0 deliveries waiting")
	wants(t, "errors in the journal", s.journal("-p err -o cat"), "reload rejected, keeping the current configuration err=",
		`config.toml:12:1: log.silent_afer: unknown key, did you mean \"silent_after\"?`)
	id := s.fail(&s.flows, log)
	s.all = append(s.all, id)
	s.hub.waitFor(t, id)
	s.run("cat > " + etc + "/config.toml <<'END'\n" + good + "\nEND")
	s.run("systemctl reload " + unit)
	s.status(t, "following 2 logs; 3 open incidents; 0 deliveries waiting")
}

func (s *story) hung(t *testing.T) {
	before := s.mainPID()
	restarts := s.show("NRestarts")
	s.run(fmt.Sprintf("kill -STOP %d", before))
	id := s.fail(&s.flows, log)
	s.all = append(s.all, id)
	s.hub.waitFor(t, id)
	if after := s.mainPID(); after == before {
		t.Errorf("process %d goes on", before)
	}
	if after := s.show("NRestarts"); after == restarts {
		t.Errorf("it was restarted %s times, as before", after)
	}
	wants(t, "the journal", s.journal("-o cat"), "Watchdog timeout", "SIGABRT", "goroutine 1 ")
}

func (s *story) killed(t *testing.T) {
	const kills = 15
	l := s.load(&s.flows, 10*time.Millisecond)
	for range kills {
		before := s.mainPID()
		s.run(fmt.Sprintf("kill -KILL %d", before))
		eventually(t, "a restart", func() error {
			if now := s.mainPID(); now == 0 || now == before {
				return fmt.Errorf("process %d", now)
			}
			return nil
		})
		time.Sleep(400 * time.Millisecond) // so that it is hit at work, not only at the start
	}
	s.ended(t, l, kills)
}

// ended stops a load and compares what was told with what had failed.
func (s *story) ended(t *testing.T, l *load, kills int) {
	t.Helper()
	failed := l.end()
	s.all = append(s.all, failed...)
	last := s.fail(&s.flows, log)
	s.all = append(s.all, last)
	s.hub.waitFor(t, last)
	repeats := s.hub.judge(t, s.all)
	t.Logf("%d failures in %d kills or upgrades: none lost, none told with another ID, %d repeats so far with the same one", len(failed), kills, repeats)
}

func (s *story) upgraded(t *testing.T) {
	edited := s.run("cat " + etc + "/config.toml")
	before := s.mainPID()
	l := s.load(&s.flows, 10*time.Millisecond)
	time.Sleep(300 * time.Millisecond)
	out := s.install("1.0.1")
	time.Sleep(300 * time.Millisecond)
	s.ended(t, l, 1)
	if strings.Contains(out, "Three steps") {
		t.Errorf("an upgrade names the first steps:\n%s", out)
	}
	if after := s.mainPID(); after == 0 || after == before {
		t.Errorf("process %d after %d", after, before)
	}
	wants(t, "the running program", s.run(`/proc/"$1"/exe version`, fmt.Sprint(s.mainPID())), " 1.0.1, commit ")
	equal(t, "the edited configuration", s.run("cat "+etc+"/config.toml"), edited)
	equal(t, "is-enabled", s.run("systemctl is-enabled "+unit), "enabled")
}

func (s *story) upgradedStopped(t *testing.T) {
	s.run("systemctl stop " + unit)
	s.install("1.0.2")
	equal(t, "is-active", s.fails("systemctl is-active "+unit), "inactive")
	id := s.fail(&s.flows, log) // while it is down
	s.all = append(s.all, id)
	s.run("systemctl start " + unit)
	s.hub.waitFor(t, id)
}

// idle measures what the service costs when nothing happens.
func (s *story) idle(t *testing.T) {
	const measured = 30 * time.Second
	eventually(t, "nothing waits", func() error {
		if got := s.show("StatusText"); !strings.HasSuffix(got, " 0 deliveries waiting") {
			return fmt.Errorf("status %q", got)
		}
		return nil
	})
	// One log without incidents, as on most days, and the unit's own times.
	s.run("cat > " + etc + "/config.toml <<'END'\n" + s.config("") + "END")
	s.run("rm -r /etc/systemd/system/" + unit + ".service.d && systemctl daemon-reload && systemctl stop " + unit + " && rm " + state +
		"/state.db && systemctl start " + unit)
	time.Sleep(12 * time.Second) // a quiet log is looked at less often after 10
	before := s.costs(t)
	time.Sleep(measured)
	after := s.costs(t)
	cpu := (after.cpu - before.cpu).Seconds() / measured.Seconds() * 100
	switches := float64(after.switches-before.switches) / measured.Minutes()
	t.Logf("%.3f %% of a core, %d MB resident, %.0f voluntary context switches a minute", cpu, after.rss>>10, switches)
	// How much CPU time that is depends on the machine: a figure for docs, no verdict.
	if switches >= 600 {
		t.Errorf("%.0f voluntary context switches a minute, want less than 600", switches)
	}
	if after.rss >= 20<<10 {
		t.Errorf("%d KB resident, want less than 20 MB", after.rss)
	}
	// Out of the silence: a failure, a rotation at once, and another one.
	first, line1 := s.flows.next()
	second, line2 := s.flows.next()
	begun := time.Now()
	s.run(`exec runuser -u jira -- sh -c 'umask 027; printf %s "$2" >> "$1"; mv "$1" "$1.1"; printf %s "$3" > "$1"' sh "$@"`, log, line1, line2)
	s.hub.waitFor(t, first)
	s.hub.waitFor(t, second)
	if took := time.Since(begun); took > time.Second {
		t.Errorf("alerts out of the silence took %v", took)
	}
}

type costs struct {
	cpu           time.Duration
	switches, rss int // rss in KB
}

func (s *story) costs(t *testing.T) (c costs) {
	t.Helper()
	pid := fmt.Sprint(s.mainPID())
	for line := range strings.Lines(s.run(`cat /proc/"$1"/task/*/schedstat`, pid)) {
		n, _ := strconv.ParseInt(strings.Fields(line)[0], 10, 64)
		c.cpu += time.Duration(n)
	}
	for _, line := range strings.Split(s.run(`cat /proc/"$1"/task/*/status`, pid), "\n") {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch name {
		case "voluntary_ctxt_switches":
			c.switches += n
		case "VmRSS":
			c.rss = n
		}
	}
	return c
}

func (s *story) removed(t *testing.T) {
	s.run("dpkg --remove " + unit)
	equal(t, "is-active", s.fails("systemctl is-active "+unit), "inactive")
	equal(t, "left", s.run("ls -d /usr/bin/jira-oauth-watcher /usr/lib/systemd/system/jira-oauth-watcher.service "+etc+"/* "+etc+"/credentials/* "+state+
		"/* 2>/dev/null || true"),
		strings.Join([]string{etc + "/config.toml", etc + "/credentials", etc + "/credentials/hub-secret", state + "/state.db"}, "\n"))
}

func (s *story) again(t *testing.T) {
	id := s.fail(&s.flows, log) // while it was not even there
	s.install("1.0.2")
	s.run("systemctl start " + unit)
	s.hub.waitFor(t, id)
	equal(t, "is-enabled", s.run("systemctl is-enabled "+unit), "enabled")
}

func (s *story) purged(t *testing.T) {
	s.run("dpkg --purge " + unit)
	equal(t, "left", s.run("find / -xdev '(' -path /proc -o -path /packages -o -path /sys ')' -prune -o -name '*jira-oauth-watcher*' -print"), "")
	wants(t, "its user", s.run("getent passwd "+unit), "/usr/sbin/nologin")
	equal(t, "failed units", s.run("systemctl --failed --no-legend"), "")
}
