package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sender is a program that follows a log and sends HTTP requests, set up as
// simply as its users do.
type sender struct {
	name    string
	needs   []need
	command func(dir, log, url string) (*exec.Cmd, error)
	prepare func(dir, log string) error // before it starts; nil = nothing is needed
}

var (
	curl    = need{"curl", "curl"}
	senders = []sender{
		{"ours", []need{{"go", "golang-go"}}, sendOurs, nil},
		{"tail -F | grep | curl", []need{curl}, sendShell, nil},
		{"rsyslog imfile, omprog, curl", []need{{"rsyslogd", "rsyslog"}, curl}, sendRsyslog, nil},
		{"SEC, curl", []need{{"sec", "sec"}, curl}, sendSEC, nil},
		{"swatchdog, curl", []need{{"swatchdog", "swatch"}, curl}, sendSwatchdog, nil},
	}
)

// sendOurs gives the real program a webhook.
func sendOurs(dir, log, url string) (*exec.Cmd, error) {
	binary, err := build("jira-oauth-watcher/cmd/watcher")
	if err != nil {
		return nil, err
	}
	return runOurs(binary, dir, log, url, "")
}

var builds = map[string]string{} // by package

// build builds a program, once. It stays in the directory for temporary files until main
// removes it.
func build(pkg string) (string, error) {
	if builds[pkg] != "" {
		return builds[pkg], nil
	}
	dir, err := os.MkdirTemp("", "compare-build-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, filepath.Base(pkg))
	if out, err := exec.Command("go", "build", "-o", binary, pkg).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	builds[pkg] = binary
	return binary, nil
}

// runOurs has a configuration with a webhook, without a limit for storms.
func runOurs(binary, dir, log, url, more string) (*exec.Cmd, error) {
	conf := filepath.Join(dir, "config.toml")
	err := os.WriteFile(conf, fmt.Appendf(nil, `node = "jira-node-1"
state_dir = %q
[alerts]
storm = 0
[[log]]
path = %q
name = "jira"
[[webhook]]
url = %q
secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
%s`, filepath.Join(dir, "state"), log, url, more), 0o600)
	return exec.Command(binary, "run", "--config", conf), err
}

func sendShell(_, log, url string) (*exec.Cmd, error) {
	return exec.Command("sh", "-c", `tail -n 0 -F "$1" | grep --line-buffered oauth2 | while read -r line; do
	curl -s -o /dev/null --data-raw "$line" "$2"
done`, "sh", log, url), nil
}

func sendRsyslog(dir, log, url string) (*exec.Cmd, error) {
	script := filepath.Join(dir, "send")
	conf := filepath.Join(dir, "rsyslog.conf")
	err := write(map[string]string{script: "#!/bin/sh\nwhile read -r line; do curl -s -o /dev/null --data-raw \"$line\" " + url + "; done\n",
		conf: fmt.Sprintf(`module(load="imfile")
module(load="omprog")
global(workDirectory="%[1]s")
input(type="imfile" File="%[2]s" Tag="jira:")
if $msg contains "oauth2" then action(type="omprog" binary="%[3]s" template="RSYSLOG_TraditionalFileFormat")
`, dir, log, script)})
	return exec.Command("rsyslogd", "-n", "-f", conf, "-i", filepath.Join(dir, "pid")), err
}

func sendSEC(dir, log, url string) (*exec.Cmd, error) {
	conf := filepath.Join(dir, "sec.conf")
	err := write(map[string]string{conf: "type=Single\nptype=RegExp\npattern=oauth2\ndesc=failure\naction=shellcmd curl -s -o /dev/null -d failure " + url +
		"\n"})
	return exec.Command("sec", "--conf="+conf, "--input="+log), err
}

func sendSwatchdog(dir, log, url string) (*exec.Cmd, error) {
	conf := filepath.Join(dir, "swatch.conf")
	err := write(map[string]string{conf: "watchfor /oauth2/\n\texec \"curl -s -o /dev/null -d failure " + url + "\"\n"})
	return exec.Command("swatchdog", "--config-file="+conf, "--tail-file="+log, "--script-dir="+dir), err
}

// write writes files, those that are scripts so that they can be run.
func write(files map[string]string) error {
	for name, text := range files {
		mode := os.FileMode(0o600)
		if strings.HasPrefix(text, "#!") {
			mode = 0o700
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			return err
		}
	}
	return nil
}

// livePrograms are compared while the log is written; the name of the last one is empty
// unless there is another build of ours to compare with.
var livePrograms = []sender{
	{"bare Go loop", []need{{"go", "golang-go"}}, sendBare, nil},
	{"rsyslog imfile, a pipe", []need{{"rsyslogd", "rsyslog"}}, pipeRsyslog, nil},
	{"tail -F | grep | curl", []need{curl}, sendShell, nil},
	{"ours", []need{{"go", "golang-go"}}, sendOurs, nil},
	{"ours, its state in memory", []need{{"go", "golang-go"}}, sendFromMemory, nil},
	{"", []need{{"go", "golang-go"}}, sendBefore, nil},
}

// idlePrograms are compared at rest: ours with two notifiers, its page, and 10,000 stored
// incidents.
var idlePrograms = []sender{
	{"bare Go loop", []need{{"go", "golang-go"}}, sendBare, nil},
	{"rsyslog imfile, a pipe", []need{{"rsyslogd", "rsyslog"}}, pipeRsyslog, nil},
	{"tail -F | grep | curl", []need{curl}, sendShell, nil},
	{"ours", []need{{"go", "golang-go"}}, sendOurs, nil},
	{"ours, 10,000 incidents", []need{{"go", "golang-go"}}, sendBoth, fill},
	{"", []need{{"go", "golang-go"}}, sendBefore, nil},
}

func sendBare(dir, log, url string) (*exec.Cmd, error) {
	binary, err := build("jira-oauth-watcher/tools/bareloop")
	return exec.Command(binary, log, url), err
}

// sendFromMemory shows what the disk takes.
func sendFromMemory(_, log, url string) (*exec.Cmd, error) {
	dir, err := os.MkdirTemp("/dev/shm", "compare-")
	if err != nil {
		return nil, err
	}
	inMemory = append(inMemory, dir)
	return sendOurs(dir, log, url)
}

var inMemory []string // directories to remove

func sendBefore(dir, log, url string) (*exec.Cmd, error) {
	return runOurs(otherBuild, dir, log, url, "")
}

// sendBoth has two notifiers and the status page.
func sendBoth(dir, log, url string) (*exec.Cmd, error) {
	binary, err := build("jira-oauth-watcher/cmd/watcher")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	listener.Close() // the program takes its address
	more := fmt.Sprintf("[[webhook]]\nname = \"second\"\nurl = %q\n[http]\nlisten = %q\n", url+"2", listener.Addr())
	return runOurs(binary, dir, log, url, more)
}

// fill has the program store 10,000 incidents, which begin in the log itself.
func fill(dir, log string) error {
	binary, err := build("jira-oauth-watcher/cmd/watcher")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for n := range 9_900 {
		io.WriteString(w, failure(100_000+n))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	url, stop, err := receive(func([]byte, time.Time) {})
	if err != nil {
		return err
	}
	defer stop()
	cmd, err := runOurs(binary, dir, log, url, "")
	if err != nil {
		return err
	}
	cmd.Args = append(cmd.Args, "--once")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func pipeRsyslog(dir, log, _ string) (*exec.Cmd, error) {
	conf := filepath.Join(dir, "rsyslog.conf")
	err := write(map[string]string{conf: fmt.Sprintf(`module(load="imfile")
module(load="builtin:ompipe")
global(workDirectory="%[1]s")
input(type="imfile" File="%[2]s" Tag="jira:")
if $msg contains "oauth2" then action(type="ompipe" pipe="%[3]s")
`, dir, log, filepath.Join(dir, "pipe"))})
	return exec.Command("rsyslogd", "-n", "-f", conf, "-i", filepath.Join(dir, "pid")), err
}
