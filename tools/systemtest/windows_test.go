//go:build system

package systemtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// wine runs programs for Windows in Debian 13, whose Wine has what Go needs.
type wine struct {
	t           *testing.T
	root, share string // the image, and the directory that is /share in it
}

func newWine(t *testing.T) wine {
	t.Helper()
	if os.Getenv("WATCHER_WINDOWS") == "" {
		t.Skip("make test-windows runs it: it takes several minutes")
	}
	needs(t, "mmdebstrap", "unshare", "chroot")
	return wine{t, image(t, "trixie", "wine", "wine64"), t.TempDir()}
}

// run runs a program in a directory of this repository. The share is in /tmp/share, which is
// drive Z's \tmp\share, and holds the home directory. No process outlives a run.
func (w wine) run(dir string, command ...string) (string, error) {
	const script = `set -e; root=$1 share=$2 src=$3 dir=$4; shift 4
mount -t tmpfs none "$root/tmp"; mkdir "$root/tmp/share" "$root/tmp/src"
mount --bind "$share" "$root/tmp/share"; mount --bind -o ro "$src" "$root/tmp/src"; mount -t proc proc "$root/proc"
exec chroot "$root" env -i PATH=/usr/bin:/bin HOME=/tmp/share LC_ALL=C.UTF-8 WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml= \
	sh -c 'cd "/tmp/src/$0" && exec wine "$@"' "$dir" "$@"`
	args := []string{"--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh", w.root, w.share, repository(w.t), dir}
	out, err := exec.Command("unshare", append(args, command...)...).Output()
	return strings.ReplaceAll(string(out), "\r\n", "\n"), err
}

// build makes something for Windows, with the command go, as a file of the share.
func (w wine) build(name string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command("go", append(args[:1:1], append([]string{"-o", filepath.Join(w.share, name)}, args[1:]...)...)...)
	cmd.Dir = repository(w.t)
	cmd.Env = append(os.Environ(), "GOOS=windows", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("go %v: %v\n%s", args, err, out)
	}
	return "/tmp/share/" + name
}

// The commands that need no service work on Windows, with its paths and line ends. In the demo
// the program follows logs while they are renamed.
func TestWindowsProgram(t *testing.T) {
	w := newWine(t)
	watcher := w.build("watcher.exe", "build", "./cmd/watcher")
	failure := strings.ReplaceAll(testkit.Failure(testkit.Begin, "00000001-aaaa-4bbb-8ccc-000000000001",
		"AADSTS7000215: Invalid client secret provided."), "\n", "\r\n")
	testkit.Write(t, filepath.Join(w.share, "Application Data", "JIRA", "log", "atlassian-jira.log"), failure)
	testkit.Write(t, filepath.Join(w.share, "config.toml"),
		"node = 'jira-1'\nstate_dir = 'Z:\\tmp\\share\\state'\n[[log]]\npath = 'Z:\\tmp\\share\\Application Data\\JIRA\\log\\atlassian-jira.log'\n")
	for _, tt := range []struct{ args, want string }{
		{`scan Z:\tmp\share`, "1 failure of 1 integration"},
		{`scan Z:\tmp\share -o Z:\tmp\share\report.html --format html`, ""},
		{`explain Z:\tmp\share\Application?Data\JIRA\log\atlassian-jira.log`, "entra-client-secret-invalid"},
		{`check --config Z:\tmp\share\config.toml`, `ok       log "atlassian-jira.log", Z:\tmp\share\Application Data\JIRA\log\atlassian-jira.log, can be read`},
		{`run --once --config Z:\tmp\share\config.toml`, "entra-client-secret-invalid"},
		{`causes`, "entra-client-secret-invalid"},
		{`demo`, "failed tests and one night: "},
	} {
		args := strings.Fields(tt.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "?", " ")
		}
		out, err := w.run(".", append([]string{watcher}, args...)...)
		if err != nil || !strings.Contains(out, tt.want) || strings.Contains(out, "\x1b") {
			t.Errorf("%s: %v\n%s", tt.args, err, out)
		}
	}
	if report, err := os.ReadFile(filepath.Join(w.share, "report.html")); err != nil || !strings.Contains(string(report), "entra-client-secret-invalid") {
		t.Errorf("the report is %.200q, %v", report, err)
	}
}

// What reads logs keeps its promises on Windows too: above all that other programs can rename
// and remove a log while it is read.
func TestWindowsPackages(t *testing.T) {
	w := newWine(t)
	for dir, skip := range map[string]string{
		"tailer":            "^$",
		"internal/event":    "^$",
		"internal/logfiles": "^$",
		"internal/seek":     "^$",
		"internal/scan":     "BeginsWithHole|TestNight|TestText", // holes; paths in golden files; TestNightAnyCut is slow
		"internal/store":    "RoundTrip|PowerFails",              // modes; slow
		"matchers":          "UnreadableCauses|CausesDirectory",  // names and errors of Unix
	} {
		test := w.build(filepath.Base(dir)+".test.exe", "test", "-c", "./"+dir)
		if out, err := w.run(dir, test, "-test.short", "-test.timeout=10m", "-test.skip="+skip); err != nil {
			t.Errorf("%s: %v\n%s", dir, err, out)
		}
	}
}
