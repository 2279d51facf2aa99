package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// catalina is what Tomcat writes, and nothing of it is a failure of Jira's.
const catalina = "02-Jan-2026 10:00:00.000 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [61123] milliseconds\n"

// site makes a directory, which all users may enter, with the logs and secrets that the
// configurations of testdata/check name.
func site(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "watcher-check-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const secret = "https://hooks.slack.com/services/T0/B0/hunter2"
	for name, text := range map[string]string{
		"atlassian-jira.log": testkit.Ordinary, "logs/atlassian-jira.log": testkit.Ordinary,
		"home/log/atlassian-jira.log": testkit.Ordinary, "logs/catalina.out": catalina, "logs/empty.log": "",
		"credentials/slack-webhook": secret + "\n", "credentials/empty": "\n", "credentials/open": secret,
		"credentials/blank": "\n" + secret + "\n", "credentials/blank-end": secret + "\n\n", "credentials/space": secret + " \n",
	} {
		testkit.Write(t, filepath.Join(dir, name), text)
	}
	for name, mode := range map[string]os.FileMode{"": 0o755, "logs": 0o755, "credentials/open": 0o644} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// checked is what check says of a configuration, and its exit status. Names of the machine are
// replaced.
func checked(t *testing.T, dir, config string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"check", "--config", "config.toml"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CREDENTIALS_DIRECTORY=", "STATE_DIRECTORY=", "SLACK_WEBHOOK=https://hooks.slack.com/services/T0/B0/hunter2",
		"PASSWORD=hunter2${HUNTER2}x", "TWO_LINES=hunter2\nx")
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := cmd.CombinedOutput()
	text := regexp.MustCompile(`\d+ causes`).ReplaceAllString(strings.ReplaceAll(string(out), dir, "DIR"), "N causes")
	return fmt.Sprintf("exit status %d\n%s", cmd.ProcessState.ExitCode(), text)
}

// What check says of each configuration is exactly what its golden file has, and shows no secret.
func TestCheck(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/check/*.toml")
	if err != nil || len(files) < 43 {
		t.Fatalf("%d configurations, %v", len(files), err)
	}
	dir := site(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".toml"), func(t *testing.T) {
			got := checked(t, dir, testkit.Read(t, file))
			testkit.Golden(t, strings.TrimSuffix(file, ".toml")+".golden", got)
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is shown: %s", got)
			}
		})
	}
}

// Run by root, check finds what another user cannot read or write, and says what gives it the
// right; root itself can read and write all of it.
func TestCheckAsUser(t *testing.T) {
	t.Parallel()
	nobody, err := user.Lookup("nobody")
	group, noGroup := user.LookupGroup("adm")
	if err != nil || noGroup != nil || os.Geteuid() != 0 {
		testkit.Missing(t, "only root can check the access of another user, here nobody")
	}
	number := func(id string) int {
		n, err := strconv.Atoi(id)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const log, facl = "logs/atlassian-jira.log", "setfacl -m u:nobody:rx DIR/logs && setfacl -d -m u:nobody:r DIR/logs && " +
		"setfacl -m u:nobody:r DIR/logs/atlassian-jira.log"
	for _, tt := range []struct {
		name, path string
		gid        int
		mode       os.FileMode
		want       string
	}{
		{"all is open", log, 0, 0o644, "ok       log \"atlassian-jira.log\", DIR/logs/atlassian-jira.log, can be read by user nobody\n"},
		{"its own group", log, number(nobody.Gid), 0o640, "ok       log "},
		{"another group", log, number(group.Gid), 0o640, "problem  log \"atlassian-jira.log\", DIR/logs/atlassian-jira.log, cannot be read: " +
			"user nobody (groups nogroup) has no permission, run: usermod -aG adm nobody\n"},
		{"root's group", log, 0, 0o640, "has no permission, run: " + facl},
		{"its owner only", log, number(group.Gid), 0o600, "has no permission, run: " + facl},
		{"a closed directory", "logs", 0, 0o700, "has no permission, run: " + facl},
		{"a directory of its group", "logs", number(group.Gid), 0o750, "has no permission, run: " + facl},
		{"the configuration", "config.toml", 0, 0o600, "problem  config.toml cannot be read: user nobody (groups nogroup) has no " +
			"permission, run: chgrp nogroup config.toml && chmod g+r config.toml\n"},
		{"a secret", "credentials/slack-webhook", 0, 0o600, "problem  DIR/credentials/slack-webhook cannot be read: user nobody"},
		{"an existing state directory", "state", 0, 0o700, "problem  state directory DIR/state cannot be written: user nobody (groups nogroup) " +
			"has no permission, run: chown -R nobody DIR/state\n"},
		{"no state directory", "", 0, 0o755, "has no permission, run: install -d -m 0700 -o nobody DIR/state\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := site(t)
			if err := os.Chmod(filepath.Join(dir, log), 0o644); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, tt.path)
			if tt.path == "state" {
				makeDir(t, path)
			}
			config := "state_dir = \"state\"\n[[log]]\npath = \"" + log + "\"\n[[slack]]\nwebhook_url_file = \"slack-webhook\"\n"
			testkit.Write(t, filepath.Join(dir, "config.toml"), config)
			if err := os.Chown(path, 0, tt.gid); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			if got := checked(t, dir, config, "--user", "nobody"); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%swant %s", got, tt.want)
			}
			if got := checked(t, dir, config); !strings.HasPrefix(got, "exit status 0\n") {
				t.Errorf("for root: %s", got)
			}
		})
	}
	dir := site(t)
	if got := checked(t, dir, "state_dir = \"state\"\n[[log]]\npath = \"atlassian-jira.log\"\n", "--user", "no-such-user"); !strings.HasPrefix(got,
		"exit status 0\nnote     there is no user no-such-user on this machine, so access is checked for user root\n") {
		t.Error(got)
	}
}
