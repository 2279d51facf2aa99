package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/tailer"
)

func (a *app) checkCommand() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, the causes, the logs and the state directory",
		Long: `Reads the configuration and your own causes and prints every problem with file,
line and column (exit status 2). Then checks as this user that each log can be
read and the state directory written (exit status 1). Run it as the user that
the service runs as: sudo -u jira-oauth-watcher …`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.check(config) },
	}
	configFlag(c, &config)
	return c
}

func (a *app) check(config string) error {
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
	fmt.Fprintf(a.out, "ok       configuration %s\n", c.File)
	fmt.Fprintf(a.out, "ok       %d causes\n", len(set.Causes()))
	for _, t := range targets {
		fmt.Fprintf(a.out, "ok       notifier %q (%s)\n", t.Name, t.Kind)
	}
	if c.HTTP.On() {
		fmt.Fprintf(a.out, "ok       status page %s\n", c.HTTP.URL())
	}
	for _, w := range c.Warnings {
		fmt.Fprintf(a.out, "warning  %s\n", w)
	}
	failed := len(c.Logs) == 0
	if failed {
		fmt.Fprintln(a.out, "problem  there is no log to follow: add a [[log]] with the path of atlassian-jira.log, or home to [jira]")
	}
	report := func(what, good, bad string, err error) {
		if err != nil {
			failed = true
			fmt.Fprintf(a.out, "problem  %s %s: %v\n", what, bad, err)
			return
		}
		fmt.Fprintf(a.out, "ok       %s %s\n", what, good)
	}
	for _, l := range c.Logs {
		err := readable(l.Path)
		_, noDirectory := os.Stat(filepath.Dir(l.Path))
		switch {
		case l.Kind.Optional() && errors.Is(noDirectory, fs.ErrNotExist):
			err = fmt.Errorf("there is no directory %s", filepath.Dir(l.Path))
		case err == nil && l.Kind == conf.KindAccess:
			err = fits(l.Path, c.Jira.AccessLine)
		}
		if l.Kind.Optional() && errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(a.out, "note     log %q, %s, does not exist, and is followed once Jira writes it\n", l.Name, l.Path)
			continue
		}
		report(fmt.Sprintf("log %q, %s,", l.Name, l.Path), "can be read", "cannot be read", err)
	}
	warning, err := store.Guard(c.StateDir)
	if warning != "" {
		fmt.Fprintf(a.out, "warning  %s\n", warning)
	}
	if err != nil {
		failed = true
		fmt.Fprintf(a.out, "problem  %v\n", err)
	} else {
		report("state directory "+c.StateDir, "can be written", "cannot be written", writable(c.StateDir))
	}
	if failed {
		return &exit{status: exitFailed}
	}
	return nil
}

// readable tries to read a log as this user; of a dated one, the newest file.
func readable(path string) error {
	const advice = "put the user of the service into the log's group, such as: usermod -aG jira jira-oauth-watcher"
	name, err := tailer.Current(path)
	if err != nil {
		return reason(err, advice)
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return errors.New("not a regular file") // to open a pipe would block
	}
	f, err := tailer.Open(name)
	if err != nil {
		return reason(err, advice)
	}
	return f.Close()
}

// checked is how many bytes at the end of an access log check reads.
const checked = 64 << 10

// fits looks whether the last lines of an access log have the form of its pattern.
func fits(path string, form *regexp.Regexp) error {
	name, err := tailer.Current(path)
	if err != nil {
		return err
	}
	f, err := tailer.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	from := max(0, end-checked)
	text := make([]byte, end-from)
	if _, err := f.ReadAt(text, from); err != nil && err != io.EOF {
		return err
	}
	lines := slices.Collect(bytes.Lines(text))
	if from > 0 && len(lines) > 0 {
		lines = lines[1:] // it may begin in the middle
	}
	if len(lines) == 0 || slices.ContainsFunc(lines, func(line []byte) bool { return form.Match(bytes.TrimRight(line, "\r\n")) }) {
		return nil
	}
	return fmt.Errorf("none of its last lines (%d) has the form of access_pattern: copy the pattern from Jira's server.xml", len(lines))
}

// writable tries to write into a directory as this user, and makes it as the
// service would.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return reason(err, "choose another state_dir")
	}
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return reason(err, "choose another state_dir")
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
