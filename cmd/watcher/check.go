package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/tailer"
)

func (a *app) checkCommand() *cobra.Command {
	c := &cobra.Command{Use: "check", Args: atMost(0)}
	config := configFlag(c)
	online := c.Flags().Bool("online", false, "also try to reach the hosts of the notifiers")
	name := c.Flags().String("user", "", "check what the user `NAME` can read and write (root only)")
	c.RunE = func(*cobra.Command, []string) error { return a.check(c.Context(), *config, *name, *online) }
	return c
}

// serviceUser is the account that the packages create.
const serviceUser = "jira-oauth-watcher"

// checker prints what is right and wrong with a configuration.
type checker struct {
	conf   *conf.Config
	out    io.Writer
	user   string // whose access is checked
	groups string // theirs
	other  bool   // it is not the user that runs this program
	by     string // says so
	failed bool
}

func (a *app) check(ctx context.Context, config, name string, online bool) error {
	c, set, err := withCauses(loadConfig(config, false))
	if err != nil {
		return err
	}
	targets, err := newNotifiers(c, a.out, text.Style{})
	if err != nil {
		return wrong{err}
	}
	if _, err := withShip(c, targets, a.out, false); err != nil {
		return err
	}
	k := &checker{conf: c, out: a.out}
	if err := k.choose(name); err != nil {
		return err
	}
	k.say("ok", "configuration %s", c.File)
	k.say("ok", "%d causes", len(set.Causes()))
	for _, t := range targets {
		if t.Kind == "console" {
			k.say("warning", "no notifier is configured, so alerts are only written to the journal and nobody is notified: "+
				"add a notifier such as [[slack]], see notifiers.md")
			continue
		}
		k.say("ok", "notifier %q (%s)", t.Name, t.Kind)
	}
	if c.HTTP.On() {
		k.say("ok", "status page %s", c.HTTP.URL())
	}
	if c.Receive.On() {
		k.say("ok", "OTLP receiver %sv1/logs", c.Receive.URL())
	}
	for _, w := range c.Warnings {
		k.say("warning", "%s", w)
	}
	if len(c.Logs) == 0 && !c.Receive.On() {
		k.problem("there is no log to follow: add a [[log]] with the path of atlassian-jira.log, or home to [jira]")
	}
	k.files()
	for _, l := range c.Logs {
		k.log(l)
	}
	if store := c.Probe.TrustStore; store != "" {
		if f, err := os.Open(store); err != nil {
			k.problem("%s (probe.trust_store) cannot be read: %v", store, text.WithoutPath(err))
		} else {
			f.Close()
		}
	}
	k.state()
	k.ship()
	if online {
		k.online(ctx)
	}
	if k.failed {
		return errReported
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

// choose finds the user whose access is checked: the one of that name, or the service's, if
// root checks the service's configuration. Else it is the one that runs this program.
func (k *checker) choose(name string) error {
	root := os.Geteuid() == 0
	if strings.HasPrefix(name, "-") {
		return usage("--user: %q is no user name", name)
	}
	k.user, k.groups = printed("id", "-un"), printed("id", "-nG")
	if name == "" && (!root || k.conf.File != defaultConfig) {
		return nil
	}
	name = cmp.Or(name, serviceUser)
	groups := printed("id", "-nG", name)
	switch {
	case groups == "":
		k.say("note", "there is no user %s on this machine, so access is checked for user %s", name, k.user)
	case name != k.user && !root:
		return usage("--user: only root can check the access of another user")
	case name != k.user:
		k.user, k.groups, k.other, k.by = name, groups, true, " by user "+name
		if out, err := exec.Command("runuser", "-u", name, "--", "true").CombinedOutput(); err != nil {
			return fmt.Errorf("access cannot be checked for user %s: runuser: %w %s", name, err, text.Printable(string(out)))
		}
	}
	return nil
}

// printed is what a program prints, "" when it fails.
func printed(program string, args ...string) string {
	out, _ := exec.Command(program, args...).Output()
	return strings.TrimSpace(string(out))
}

// files checks the configuration, certificates, templates and causes for another user. What is in
// credentials is handed over by systemd.
func (k *checker) files() {
	credentials := filepath.Join(filepath.Dir(defaultConfig), "credentials")
	causes, _ := filepath.Glob(filepath.Join(k.conf.Causes.Dir, "*.toml"))
	for _, file := range append(slices.Clone(k.conf.Files), causes...) {
		if k.conf.File == defaultConfig && filepath.Dir(file) == credentials {
			continue
		}
		if !k.may("-r", "", file) {
			fix := fmt.Sprintf("chgrp %s %s && chmod g+r %[2]s", printed("id", "-gn", k.user), java.Quote(file))
			k.problem("%s cannot be read: %v", file, k.denied(fs.ErrPermission, fix))
		}
	}
}

// may reports whether test(1), run by another user in a directory that root can enter, says so of a
// file. The user that runs this program finds out by trying.
func (k *checker) may(flag, dir, file string) bool {
	if !k.other {
		return true
	}
	test := exec.Command("runuser", "-u", k.user, "--", "test", flag, file)
	test.Dir = dir
	return test.Run() == nil
}

// denied is an error without the path, and with a command that grants what is missing.
func (k *checker) denied(err error, run string) error {
	if errors.Is(err, fs.ErrPermission) && k.user != "" {
		return fmt.Errorf("user %s (groups %s) has no permission, run: %s", k.user, k.groups, run)
	}
	return text.WithoutPath(err)
}

// log checks one log; of a dated one, the newest file.
func (k *checker) log(l conf.Log) {
	what, like := fmt.Sprintf("log %q, %s,", l.Name, l.Path), ""
	name, _ := tailer.Current(l.Path)
	dir := filepath.Dir(name)
	f, err := k.openLog(name)
	if errors.Is(err, fs.ErrNotExist) {
		_, noDirectory := os.Stat(dir)
		likely, exists := conf.LikelyLog(dir)
		switch {
		case l.Kind.Optional() && noDirectory != nil:
			err = fmt.Errorf("there is no directory %s", dir)
		case l.Kind.Optional():
			k.say("note", "%s does not exist, and is followed once Jira writes it", what)
			return
		case exists:
			like = ", did you mean " + likely + "?"
		}
	}
	if err != nil {
		k.problem("%s cannot be read: %v%s", what, k.denied(err, k.letRead(name)), like)
		return
	}
	defer f.Close()
	switch n, ok, err := k.form(l.Kind, f); {
	case err != nil:
		k.problem("%s cannot be read: %v", what, text.WithoutPath(err))
	case !ok && l.Kind == conf.KindAccess:
		k.problem("%s cannot be read: none of its last lines (%d) has the form of access_pattern: copy the pattern from "+
			"Jira's server.xml", what, n)
	case !ok:
		k.say("warning", "%s has no line in the form of Jira's log (%d read): set path to atlassian-jira.log "+
			"(Tomcat's catalina.out does not contain the failures)", what, n)
	default:
		k.say("ok", "%s can be read%s", what, k.by)
	}
}

// openLog opens a log, if the user may read it and the service's unit shows it.
func (k *checker) openLog(name string) (*os.File, error) {
	if info, err := os.Stat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file") // to open a pipe would block
	}
	if dir, base := filepath.Split(name); !k.may("-r", "", name) {
		// The unit shows this directory whatever those above it allow.
		dropIns, _ := filepath.Glob("/etc/systemd/system/jira-oauth-watcher.service.d/*.conf")
		bound := dir == "/var/atlassian/application-data/jira/log/" || len(dropIns) > 0
		switch {
		case k.user != serviceUser || !k.may("-r", dir, base):
			return nil, fs.ErrPermission
		case !bound:
			return nil, errors.New("a directory above it is closed to the service: add a drop-in, see \"Jira's home is " +
				"elsewhere?\" in install.md")
		}
	}
	return tailer.Open(name)
}

// letRead is the command that lets the user read a log and those that rotation makes: membership
// in their group, or an ACL where that is not enough or would give too much.
func (k *checker) letRead(file string) string {
	group := printed("stat", "-c", "%G", file)
	info, err := os.Stat(file)
	if err == nil && info.Mode()&0o040 != 0 && group != "root" && !slices.Contains(strings.Fields(k.groups), group) {
		return fmt.Sprintf("usermod -aG %s %s", group, k.user)
	}
	return fmt.Sprintf("setfacl -m u:%[1]s:rx %[2]s && setfacl -d -m u:%[1]s:r %[2]s && setfacl -m u:%[1]s:r %[3]s",
		k.user, java.Quote(filepath.Dir(file)), java.Quote(file))
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
		content, err := io.ReadAll(io.NewSectionReader(f, from, most))
		if err != nil {
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

// state checks the state directory, and makes it as the service would.
func (k *checker) state() {
	dir := k.conf.StateDir
	if k.user == serviceUser && k.other && !filepath.IsAbs(dir) {
		dir = "/var/lib/jira-oauth-watcher" // the unit's StateDirectory
	}
	in, fix := dir, "chown -R "+k.user+" "+java.Quote(dir)
	if _, err := os.Stat(dir); err != nil {
		in, fix = filepath.Dir(dir), "install -d -m 0700 -o "+k.user+" "+java.Quote(dir)
	}
	warning, err := store.Guard(dir)
	if warning != "" {
		k.say("warning", "%s", warning)
	}
	if err != nil {
		k.problem("%v", err)
		return
	}
	if !k.may("-w", "", in) {
		err = fs.ErrPermission
	} else if !k.other {
		err = writable(dir)
	}
	switch {
	case err != nil && dir == "/var/lib/jira-oauth-watcher" && k.user == serviceUser:
		k.say("note", "state directory %s is made or given to the service by systemd when it starts", dir)
	case err != nil:
		k.problem("state directory %s cannot be written: %v", dir, k.denied(err, fix))
	default:
		k.say("ok", "state directory %s can be written%s", dir, k.by)
	}
}

// ship checks that the file of failures can be appended to. Its directory is not made.
func (k *checker) ship() {
	file := k.conf.Ship.File
	if file == "" || file == conf.Stdout {
		return
	}
	in, fix := file, fmt.Sprintf("chown %s %s", k.user, java.Quote(file))
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	switch {
	case err == nil:
		f.Close()
	case errors.Is(err, fs.ErrNotExist):
		in = filepath.Dir(file)
		fix = fmt.Sprintf("install -m 0640 -o %s /dev/null %s", k.user, java.Quote(file))
		if _, err = os.Stat(in); err == nil && !k.other {
			err = writable(in)
		}
	}
	if err == nil && !k.may("-w", "", in) {
		err = fs.ErrPermission
	}
	switch made, dir := "/var/log/jira-oauth-watcher", filepath.Dir(file); {
	case err == nil && dir != made && k.user == serviceUser && k.other:
		k.say("warning", "the unit lets the service write failures only to %s: name a file there, or add "+
			"ReadWritePaths=%s to a drop-in", made, dir)
	case err != nil && dir == made && k.user == serviceUser:
		k.say("note", "directory %s is made or given to the service by systemd when it starts", made)
	case err != nil:
		k.problem("failures cannot be written to %s: %v", file, k.denied(err, fix))
	default:
		k.say("ok", "failures can be written to %s%s", file, k.by)
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

// reason is an error without the path, which the line names already, and with a remedy
// where permissions are missing.
func reason(err error, advice string) error {
	err = text.WithoutPath(err)
	if os.IsPermission(err) {
		return fmt.Errorf("%w; %s", err, advice)
	}
	return err
}
