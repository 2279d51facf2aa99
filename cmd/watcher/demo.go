package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
)

//go:embed demo.log
var demoLog string

const (
	demoPause = 700 * time.Millisecond // between two events
	demoLimit = 30 * time.Second       // a demo that takes longer has failed
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the whole program on a log that it writes itself",
		Long: `Writes a log as Jira does, with the failures of Atlassian's article and one
rotation, into a temporary directory, follows it, and prints the alerts as they
come. It sends nothing anywhere and ends by itself.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context()) },
	}
}

func (a *app) demo(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "watcher-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "atlassian-jira.log")
	settings := filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("node = %q\nstate_dir = %q\n[[log]]\npath = %q\nstart = \"beginning\"\n",
		"jira-node-1", filepath.Join(dir, "state"), path)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		return err
	}
	failures := demoFailures()
	fmt.Fprintf(a.out, "A log is written to %s, as Jira writes it: %d integrations break, one after the other.\n\n",
		path, len(failures))
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	counter := &alertCounter{out: a.out}
	quiet := *a
	quiet.out, quiet.errw = counter, &strings.Builder{} // alerts are what a demo shows
	// The program is stopped when all alerts have been printed.
	tasks := []task{
		func(ctx context.Context) error { return quiet.run(ctx, runOptions{config: settings}) },
		func(ctx context.Context) error {
			defer cancel()
			return demoWriter{path: path, shown: &counter.n}.write(ctx, a, failures)
		},
	}
	if err := together(ctx, tasks); err != nil {
		return err
	}
	if n := int(counter.n.Load()); n != len(failures) {
		return fmt.Errorf("the demo printed %d alerts of %d", n, len(failures))
	}
	fmt.Fprintf(a.out, "%d failures, %[1]d alerts, over one rotation. To follow a real log:\n\n"+
		"    %s run --log /var/atlassian/application-data/jira/log/atlassian-jira.log\n",
		len(failures), filepath.Base(os.Args[0]))
	return nil
}

// alertCounter counts the alerts that the console prints, one per write.
type alertCounter struct {
	out io.Writer
	n   atomic.Int64
}

func (c *alertCounter) Write(p []byte) (int, error) {
	defer c.n.Add(1)
	return c.out.Write(p)
}

// demoFailures are the events of the demo, each of a separate integration, and
// all of today.
func demoFailures() []string {
	events := strings.Split(strings.TrimSpace(demoLog), "\nDATE ")
	for i, e := range events {
		e = "DATE " + strings.TrimPrefix(e, "DATE ")
		events[i] = strings.Replace(e, "UUID", fmt.Sprintf("0000000%d-aaaa-4bbb-8ccc-00000000000%d", i+1, i+1), 1)
	}
	return events
}

// demoWriter writes a log as log4j does.
type demoWriter struct {
	path  string
	shown *atomic.Int64 // alerts
}

// write appends the failures among ordinary lines, rotates once in the middle,
// and waits until all alerts have been shown.
func (w demoWriter) write(ctx context.Context, a *app, failures []string) error {
	for i, event := range failures {
		if i == len(failures)/2 {
			fmt.Fprint(a.out, "(The log is rotated here: atlassian-jira.log becomes atlassian-jira.log.1.)\n\n")
			if err := os.Rename(w.path, w.path+".1"); err != nil {
				return err
			}
		}
		stamp := time.Now().Format("2006-01-02 15:04:05.000-0700")
		stamp = strings.Replace(stamp, ".", ",", 1)
		ordinary := stamp + " Caesium-1-2 INFO ServiceRunner     " +
			"[c.a.j.p.h.service.HealthCheckSchedulerImpl] Health check ran in 12 ms\n"
		event = strings.Replace(event, "DATE", stamp, 1)
		event = strings.Replace(event, "UTC", time.Now().UTC().Format("2006-01-02 15:04:05Z"), 1)
		if err := appendTo(w.path, ordinary+event+"\n"+ordinary); err != nil {
			return err
		}
		for int(w.shown.Load()) <= i {
			if !sleep(ctx, 5*time.Millisecond) {
				return nil
			}
		}
		if !sleep(ctx, demoPause) {
			return nil
		}
	}
	return nil
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// sleep waits; false means that ctx ended it.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
