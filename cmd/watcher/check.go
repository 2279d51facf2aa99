package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/tailer"
)

func (a *app) checkCommand() *cobra.Command {
	var config, name string
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, the causes, the logs and the state directory",
		Long: `Reads the configuration and your own causes and prints every problem with file,
line and column (exit status 2). Then checks that each log and file can be read
and the state directory written (exit status 1). Run it as root: with the
packaged configuration, or with --user, access is checked for the user that the
service runs as. Files in the directory credentials are read by systemd.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.check(config, name) },
	}
	configFlag(c, &config)
	c.Flags().StringVar(&name, "user", "", "check what the user `NAME` can read and write (root only)")
	return c
}

// checker prints what is right and wrong with a configuration.
type checker struct {
	conf   *conf.Config
	out    io.Writer
	user   account // whose access is checked
	failed bool
}

func (a *app) check(config, name string) error {
	c, err := loadConfig(config, false)
	if err != nil {
		return err
	}
	set, err := loadCauses(c)
	if err != nil {
		return err
	}
	targets, err := newNotifiers(c, a.out, text.Style{})
	if err != nil {
		return &exit{exitUsage, err}
	}
	k := &checker{conf: c, out: a.out}
	k.user = ownAccount()
	if err := k.whose(name); err != nil {
		return err
	}
	k.say("ok", "configuration %s", c.File)
	k.say("ok", "%d causes", len(set.Causes()))
	for _, t := range targets {
		if t.Kind == "console" {
			k.say("warning", "no notifier is configured, so alerts are only written to the journal and nobody is notified: "+
				"add a [[slack]] table or another one, see notifiers.md")
			continue
		}
		k.say("ok", "notifier %q (%s)", t.Name, t.Kind)
	}
	if c.HTTP.On() {
		k.say("ok", "status page %s", c.HTTP.URL())
	}
	for _, w := range c.Warnings {
		k.say("warning", "%s", w)
	}
	if len(c.Logs) == 0 {
		k.problem("there is no log to follow: add a [[log]] with the path of atlassian-jira.log, or home to [jira]")
	}
	k.files()
	for _, l := range c.Logs {
		k.log(l)
	}
	k.state()
	if k.failed {
		return &exit{status: exitFailed}
	}
	return nil
}

func (k *checker) say(what, format string, args ...any) {
	fmt.Fprintf(k.out, "%-8s %s\n", what, fmt.Sprintf(format, args...))
}

func (k *checker) problem(format string, args ...any) {
	k.failed = true
	k.say("problem", format, args...)
}

// whose finds the user whose access is checked: the one of that name, or else the service's, if
// root checks the service's configuration, or else the one that runs this program.
func (k *checker) whose(name string) error {
	root := os.Geteuid() == 0
	if name == "" && (!root || k.conf.File != defaultConfig) {
		return nil
	}
	name = cmp.Or(name, serviceUser)
	u, err := lookUp(name)
	switch {
	case err != nil:
		k.say("note", "there is no user %s on this machine, so access is checked for user %s", name, k.user.name)
	case u.other && !root:
		return usage("--user: only root can check the access of another user")
	default:
		k.user = u
	}
	return nil
}

// files checks the configuration, certificates, templates and causes for another user. What is in
// credentials is handed over by systemd.
func (k *checker) files() {
	if !k.user.other {
		return
	}
	causes, _ := filepath.Glob(filepath.Join(k.conf.Causes.Dir, "*.toml"))
	for _, file := range append(slices.Clone(k.conf.Files), causes...) {
		if k.conf.File == defaultConfig && filepath.Dir(file) == filepath.Join(filepath.Dir(defaultConfig), "credentials") {
			continue
		}
		f, err := k.user.open(file)
		if err != nil {
			k.problem("%s cannot be read: %v", file, k.user.denied(err, fmt.Sprintf("chgrp %s %s && chmod g+r %[2]s", k.user.group, file)))
			continue
		}
		f.Close()
	}
}

// log checks one log; of a dated one, the newest file.
func (k *checker) log(l conf.Log) {
	name, err := tailer.Current(l.Path)
	if err == nil {
		_, err = os.Stat(name)
	}
	what, dir := fmt.Sprintf("log %q, %s,", l.Name, l.Path), filepath.Dir(name)
	if errors.Is(err, fs.ErrNotExist) {
		_, noDirectory := os.Stat(dir)
		likely := conf.LikelyLog(dir)
		_, noLikely := os.Stat(likely)
		switch {
		case l.Kind.Optional() && noDirectory != nil:
			k.problem("%s cannot be read: there is no directory %s", what, dir)
		case l.Kind.Optional():
			k.say("note", "log %q, %s, does not exist, and is followed once Jira writes it", l.Name, l.Path)
		case noLikely == nil:
			k.problem("%s cannot be read: %v, did you mean %s?", what, text.WithoutPath(err), likely)
		default:
			k.problem("%s cannot be read: %v", what, text.WithoutPath(err))
		}
		return
	}
	f, hidden, err := k.openLog(name)
	if err != nil {
		k.problem("%s cannot be read: %v", what, k.user.denied(err, k.user.letRead(name)))
		return
	}
	defer f.Close()
	if hidden {
		k.say("warning", "%s is hidden from the packaged service, unless a drop-in shows it: see \"Jira's home is elsewhere?\" "+
			"in install.md", what)
	}
	switch n, ok, err := k.form(l.Kind, f); {
	case err != nil:
		k.problem("%s cannot be read: %v", what, text.WithoutPath(err))
	case !ok && l.Kind == conf.KindAccess:
		k.problem("%s cannot be read: none of its last lines (%d) has the form of access_pattern: copy the pattern from "+
			"Jira's server.xml", what, n)
	case !ok:
		k.say("warning", "%s has no line in the form of Jira's log (%d read): name atlassian-jira.log, Tomcat's catalina.out "+
			"does not hold the failures", what, n)
	default:
		k.say("ok", "%s can be read%s", what, k.user.by())
	}
}

// unitDirectory is the only directory below Jira's home that the packaged unit shows the service,
// and shown whatever its parents allow; unitHides begins what the unit hides.
const unitDirectory = "/var/atlassian/application-data/jira/log"

var unitHides = []string{"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/", "/var/atlassian/application-data/jira/"}

// openLog opens a log as the user can. hidden says that the service sees it only if its unit was
// changed.
func (k *checker) openLog(name string) (f *os.File, hidden bool, err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, false, errors.New("not a regular file") // to open a pipe would block
	}
	f, err = k.user.open(name)
	if k.user.name != serviceUser {
		return f, false, err
	}
	dir := filepath.Dir(name)
	hidden = slices.ContainsFunc(unitHides, func(begin string) bool { return strings.HasPrefix(name, begin) })
	if errors.Is(err, fs.ErrPermission) { // of a directory above?
		if at, noDirectory := os.Open(dir); noDirectory == nil {
			defer at.Close()
			within, denied := k.user.open(fmt.Sprintf("/proc/self/fd/%d/%s", at.Fd(), filepath.Base(name)))
			if denied == nil {
				f, hidden, err = within, true, nil
			}
		}
	}
	changed, _ := filepath.Glob("/etc/systemd/system/jira-oauth-watcher.service.d/*.conf")
	return f, hidden && dir != unitDirectory && len(changed) == 0, err
}

// form reports whether one of the lines at the end of a log, or at its beginning, has the form
// of its kind; an empty log has. n is how many lines were read.
func (k *checker) form(kind conf.Kind, f *os.File) (n int, ok bool, err error) {
	fits := event.IsJira
	if kind == conf.KindAccess {
		fits = func(line []byte) bool { return k.conf.Jira.AccessLine.Match(bytes.TrimRight(line, "\r\n")) }
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil || end == 0 || kind.Optional() && kind != conf.KindAccess {
		return 0, true, err
	}
	const most = 64 << 10 // bytes that are read at each end
	for _, from := range []int64{max(0, end-most), 0} {
		content := make([]byte, min(most, end))
		if _, err := f.ReadAt(content, from); err != nil && err != io.EOF {
			return 0, false, err
		}
		lines := slices.Collect(bytes.Lines(content))
		n = len(lines)
		if ok = slices.ContainsFunc(lines, fits); ok || kind == conf.KindAccess {
			break
		}
	}
	return n, ok, nil
}

// packagedState is what the packaged unit makes and gives to the service at each start.
const packagedState = "/var/lib/jira-oauth-watcher"

// state checks the state directory, and makes it as the service would.
func (k *checker) state() {
	dir := k.conf.StateDir
	_, missing := os.Stat(dir)
	warning, err := store.Guard(dir)
	if warning != "" {
		k.say("warning", "%s", warning)
	}
	if err != nil {
		k.problem("%v", err)
		return
	}
	run := "chown -R " + k.user.name + " " + dir
	if missing != nil {
		run = "install -d -m 0700 -o " + k.user.name + " " + dir
	}
	err = k.user.as(func() error { return writable(dir) })
	switch {
	case err != nil && dir == packagedState && k.user.name == serviceUser:
		k.say("note", "state directory %s is made or given to user %s by systemd when the service starts", dir, serviceUser)
	case err != nil:
		k.problem("state directory %s cannot be written: %v", dir, k.user.denied(err, run))
	default:
		k.say("ok", "state directory %s can be written%s", dir, k.user.by())
	}
}

// writable tries to write into a directory, and makes it if it is missing.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	return f.Close()
}
