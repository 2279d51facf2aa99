//go:build system

package systemtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the Dockerfile puts into its image is all that the program needs, as the
// user it names. The image is made here as a directory; nothing is pulled.
func TestScratchImage(t *testing.T) {
	needs(t, "chroot")
	text, err := os.ReadFile(filepath.Join(repository(t), "packaging", "docker", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, final, ok := strings.Cut(string(text), "FROM scratch\n")
	if !ok {
		t.Fatal("the last stage is not from scratch")
	}
	program := filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", "build", "-trimpath", "-o", program, "../../cmd/watcher")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	goroot := strings.TrimSpace(host(t, "go", "env", "GOROOT"))
	root := t.TempDir()
	os.Chmod(root, 0o755)
	for _, m := range regexp.MustCompile(`(?m)^COPY --from=build (--chown=(\S+) )?(\S+) (\S+)$`).FindAllStringSubmatch(final, -1) {
		owner, from, to := m[2], strings.Replace(m[3], "/usr/local/go", goroot, 1), filepath.Join(root, m[4])
		host(t, "mkdir", "-p", filepath.Dir(to))
		switch m[3] {
		case "/out/jira-oauth-watcher":
			host(t, "install", "-m", "0755", program, to)
		case "/out/state":
			host(t, "mkdir", to)
		default:
			host(t, "install", "-m", "0644", from, to)
		}
		if owner != "" {
			host(t, "chown", owner, to)
		}
	}
	user := regexp.MustCompile(`(?m)^USER (\S+)$`).FindStringSubmatch(final)[1]
	env := []string{}
	for _, m := range regexp.MustCompile(`(?m)^ENV (\S+)$`).FindAllStringSubmatch(final, -1) {
		env = append(env, m[1])
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("chroot", append([]string{"--userspec=" + user, root, "/jira-oauth-watcher"}, args...)...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}

	var f flows
	id, line := f.next()
	logs := filepath.Join(root, home, "log")
	host(t, "install", "-d", "-m", "0750", "-o", "2001", "-g", "2001", logs)
	file := filepath.Join(logs, "atlassian-jira.log")
	if err := os.WriteFile(file, []byte(line), 0o640); err != nil {
		t.Fatal(err)
	}
	os.Chown(file, 2001, 2001)
	host(t, "mkdir", "-p", root+etc)
	if err := os.WriteFile(root+etc+"/config.toml", []byte("[[log]]\npath = \""+log+"\"\nstart = \"beginning\"\ntime_zone = \"Europe/Paris\"\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	wants(t, "check", run("check"), "can be read", "state directory /var/lib/jira-oauth-watcher can be written")
	wants(t, "the alert", run("run", "--once"), "Microsoft rejects the client secret in Jira", id)
}
