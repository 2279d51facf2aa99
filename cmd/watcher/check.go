package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

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
		fmt.Fprintln(a.out, "problem  there is no [[log]]: add one with the path of atlassian-jira.log")
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
	f, err := os.Open(name)
	if err != nil {
		return reason(err, advice)
	}
	return f.Close()
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
