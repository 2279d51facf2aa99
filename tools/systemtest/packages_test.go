//go:build system

package systemtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// lintian has nothing to say but what the overrides explain.
func TestLintian(t *testing.T) {
	needs(t, "lintian")
	debs, _ := filepath.Glob(filepath.Join(versions(t), "*_1.0.0-1_*.deb"))
	cmd := exec.Command("lintian", append([]string{"--fail-on", "error,warning", "--allow-root"}, debs...)...)
	if out, err := cmd.CombinedOutput(); err != nil || len(debs) != 1 || len(out) > 0 {
		t.Errorf("lintian %v: %v\n%s", debs, err, out)
	}
}

// Both packages bring the same files, but for what only one of them knows.
func TestSameFiles(t *testing.T) {
	needs(t, "rpm", "dpkg-deb")
	dir := versions(t)
	var lists [2][]string
	deb, _ := filepath.Glob(filepath.Join(dir, "*_1.0.0-1_*.deb"))
	rpm, _ := filepath.Glob(filepath.Join(dir, "*-1.0.0-1.*.rpm"))
	for line := range strings.Lines(host(t, "sh", "-c", `dpkg-deb --fsys-tarfile "$1" | tar -tf -`, "sh", deb[0])) {
		name := strings.TrimPrefix(strings.TrimSpace(line), ".")
		if !strings.HasSuffix(name, "/") || strings.HasPrefix(name, "/etc/jira") {
			lists[0] = append(lists[0], strings.TrimSuffix(name, "/"))
		}
	}
	for line := range strings.Lines(host(t, "rpm", "-qpl", rpm[0])) {
		lists[1] = append(lists[1], strings.TrimSpace(line))
	}
	for _, file := range []string{"doc/jira-oauth-watcher/alert.schema.json", "doc/jira-oauth-watcher/slack-opened.png",
		"doc/jira-oauth-watcher/examples/templates/discord.json.tmpl", "man/man1/jira-oauth-watcher-scan.1.gz", "man/man5/jira-oauth-watcher.toml.5.gz"} {
		wants(t, "files of the .deb", strings.Join(lists[0], "\n")+"\n", "/usr/share/"+file+"\n")
	}
	only := func(a, b []string) (list []string) {
		for _, x := range a {
			if !strings.Contains("\n"+strings.Join(b, "\n")+"\n", "\n"+x+"\n") {
				list = append(list, x)
			}
		}
		return list
	}
	equal(t, "only in the .deb", strings.Join(only(lists[0], lists[1]), " "),
		"/usr/share/doc/jira-oauth-watcher/changelog.Debian.gz /usr/share/lintian/overrides/jira-oauth-watcher /usr/share/zsh/vendor-completions/_jira-oauth-watcher")
	equal(t, "only in the .rpm", strings.Join(only(lists[1], lists[0]), " "), "/usr/share/zsh/site-functions/_jira-oauth-watcher")
	equal(t, "configuration of the .rpm", strings.TrimSpace(host(t, "rpm", "-qpc", rpm[0])), etc+"/config.toml\n/etc/logrotate.d/jira-oauth-watcher")
	scripts := host(t, "rpm", "-qp", "--scripts", rpm[0])
	for _, name := range []string{"post", "preun", "postun"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "packaging", "rpm", name))
		if err != nil {
			t.Fatal(err)
		}
		wants(t, "scripts of the .rpm", scripts, strings.TrimSpace(string(text)))
	}
}

// The .rpm's scripts do what the .deb's do. Debian has no other packages for
// rpm to know about: its dependencies are left out.
func TestRPM(t *testing.T) {
	needs(t, "systemd-nspawn", "mmdebstrap")
	s := &story{t: t, machine: boot(t, image(t, "trixie"), versions(t))}
	s.hub = listen(t, s.machine)
	s.jira()
	rpm := func(args string) string { return s.run("rpm --nodeps " + args) }
	s.step("installed it is neither started nor enabled and names three steps", func(t *testing.T) {
		wants(t, "installing", rpm("-i /packages/*-1.0.0-1.*.rpm"), "not started. Three steps remain:", "3. systemctl enable --now", "was added to the group jira")
		equal(t, "is-enabled", s.fails("systemctl is-enabled "+unit), "disabled")
		equal(t, "is-active", s.fails("systemctl is-active "+unit), "inactive")
		equal(t, "modes", s.run("cd "+etc+" && stat -c '%a %U:%G %n' . config.toml credentials causes.d"),
			"755 root:root .\n640 root:jira-oauth-watcher config.toml\n700 root:root credentials\n755 root:root causes.d")
	})
	s.step("configured it starts and says READY", s.started)
	s.step("an upgrade restarts it and keeps the configuration", func(t *testing.T) {
		edited, before := s.run("cat "+etc+"/config.toml"), s.mainPID()
		if out := rpm("-U /packages/*-1.0.1-1.*.rpm"); strings.Contains(out, "Three steps") {
			t.Errorf("an upgrade names the first steps:\n%s", out)
		}
		id := s.fail(&s.flows, log)
		s.hub.waitFor(t, id)
		if after := s.mainPID(); after == 0 || after == before {
			t.Errorf("process %d after %d", after, before)
		}
		equal(t, "the edited configuration", s.run("cat "+etc+"/config.toml"), edited)
	})
	s.step("removed it leaves secrets and state", func(t *testing.T) {
		rpm("-e " + unit)
		equal(t, "is-active", s.fails("systemctl is-active "+unit), "inactive")
		equal(t, "left", s.run("ls -d /usr/bin/jira-oauth-watcher /usr/lib/systemd/system/jira-oauth-watcher.service "+etc+"/* "+etc+"/credentials/* "+state+
			"/* 2>/dev/null || true"),
			strings.Join([]string{etc + "/config.toml.rpmsave", etc + "/credentials", etc + "/credentials/hub-secret", state + "/state.db"}, "\n"))
	})
}
