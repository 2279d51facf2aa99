package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/text"
)

//go:embed demo.log
var demoLog string

const (
	demoPause = 700 * time.Millisecond // between two events
	demoLimit = 30 * time.Second       // a demo that takes longer has failed

	stamp = "2006-01-02 15:04:05,000-0700" // of log4j
)

func (a *app) demoCommand() *cobra.Command {
	c := &cobra.Command{Use: "demo", Args: atMost(0)}
	all := c.Flags().Bool("all", false, "print all alerts in full")
	keep := c.Flags().Bool("keep", false, "keep the generated logs")
	c.RunE = func(*cobra.Command, []string) error { return a.demo(c.Context(), *all, *keep) }
	return c
}

func (a *app) demo(ctx context.Context, all, keep bool) error {
	dir, err := os.MkdirTemp("", "jira-oauth-watcher-demo-")
	if err != nil {
		return err
	}
	if !keep {
		defer os.RemoveAll(dir)
	}
	settings, err := demoHome(dir)
	if err != nil {
		return err
	}
	failures := demoFailures()
	scenes := slices.Concat(failures, lastNight(time.Now()))
	fmt.Fprintf(a.out, "Writing logs to %s, as Jira does: %d integrations fail, one after the other.\n\n",
		filepath.Join(dir, "log"), len(failures))
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	screen := &demoScreen{out: a.out, all: all}
	quiet := *a
	quiet.out, quiet.errw = screen, &strings.Builder{} // alerts are what a demo shows
	// The program is stopped when all alerts have been printed.
	err = together(ctx, []task{
		func(ctx context.Context) error {
			return quiet.run(ctx, runOptions{config: settings, logFormat: logText})
		},
		func(ctx context.Context) error {
			defer cancel()
			return a.play(ctx, scenes, filepath.Join(dir, "log"), screen)
		},
	})
	if err != nil {
		return err
	}
	if n := int(screen.n.Load()); n != len(scenes) {
		return fmt.Errorf("the demo printed %d alerts of %d", n, len(scenes))
	}
	fmt.Fprintf(a.out, "%d failed tests and one night: %d alerts.", len(failures), len(scenes))
	if !all {
		fmt.Fprint(a.out, " Run with --all to see the diagnosis and the steps of each.")
	}
	if keep {
		fmt.Fprintf(a.out, " The logs are kept in %s.", filepath.Join(dir, "log"))
	}
	fmt.Fprintf(a.out, " To follow a real log:\n\n    %s run --log %s\n", filepath.Base(os.Args[0]), usualLog)
	return nil
}

// demoHome makes a home directory of Jira and a configuration that follows its logs.
func demoHome(dir string) (settings string, err error) {
	var text strings.Builder
	fmt.Fprintf(&text, "node = \"jira-node-1\"\nstate_dir = %q\n[jira]\nhome = %q\n", filepath.Join(dir, "state"), dir)
	for _, name := range []string{applicationLog, incomingLog, diagnosticsLog} {
		fmt.Fprintf(&text, "[[log]]\npath = %q\nstart = \"beginning\"\n", filepath.Join(dir, "log", name))
	}
	settings = filepath.Join(dir, "config.toml")
	return settings, errors.Join(os.Mkdir(filepath.Join(dir, "log"), 0o700), os.WriteFile(settings, []byte(text.String()), 0o600))
}

// demoScreen gets the alerts that the console prints, one per write. It shows the first in full,
// and of the others the headline and what the log said.
type demoScreen struct {
	out  io.Writer
	all  bool
	n    atomic.Int64
	said atomic.Value // a string
}

func (c *demoScreen) Write(p []byte) (int, error) {
	defer c.n.Add(1)
	if c.all || c.n.Load() == 0 {
		return c.out.Write(p)
	}
	headline, _, _ := strings.Cut(string(p), "\n")
	said, _ := c.said.Load().(string)
	_, err := fmt.Fprintf(c.out, "%s\n   log: %s\n\n", headline, said)
	return len(p), err
}

// says is what an event says, as far as it fits on a line.
func says(event string) string {
	for _, before := range []string{"error message is: ", `"error_description":"`, "TokenServiceException: ", `"attributes":`} {
		if _, after, ok := strings.Cut(event, before); ok {
			event = after
		}
	}
	event, _, _ = strings.Cut(event, "\n")
	return text.Cut(strings.ReplaceAll(event, `\/`, "/"), 110)
}

const (
	applicationLog = "atlassian-jira.log"
	incomingLog    = "atlassian-jira-incoming-mail.log"
	diagnosticsLog = "atlassian-jira-ipd-monitoring.log"
)

// scene is what is written before one alert.
type scene struct {
	said    string // before it is written
	rotates bool   // Jira rotates its log first
	files   []written
}

// written is a text for a log. In it, DATE and UTC are the time at which it is written.
type written struct{ log, text string }

// demoFailures are the failures of the demo, each of a separate integration and among ordinary
// lines, with one rotation in the middle.
func demoFailures() []scene {
	var all []scene
	for lines := range strings.SplitSeq(demoLog, "\n\n") {
		all = append(all, scene{files: []written{{applicationLog, strings.TrimSpace(lines) + "\n"}}})
	}
	middle := &all[len(all)/2]
	middle.said, middle.rotates = "Jira rotates its log here: atlassian-jira.log becomes atlassian-jira.log.1.", true
	return all
}

// play writes the scenes to logs in dir as log4j does, and waits for the alert of each.
func (a *app) play(ctx context.Context, scenes []scene, dir string, screen *demoScreen) error {
	for n, s := range scenes {
		if s.said != "" {
			fmt.Fprintf(a.out, "(%s)\n\n", s.said)
		}
		if path := filepath.Join(dir, applicationLog); s.rotates {
			if err := os.Rename(path, path+".1"); err != nil {
				return err
			}
		}
		for i, f := range s.files {
			if i > 0 { // Jira writes the next log later
				clock.Wait(ctx, nil, demoPause)
			}
			now := time.Now()
			f.text = strings.ReplaceAll(f.text, "DATE", now.Format(stamp))
			f.text = strings.ReplaceAll(f.text, "UTC", now.UTC().Format("2006-01-02 15:04:05Z"))
			screen.said.Store(says(f.text))
			if err := appendTo(filepath.Join(dir, f.log), f.text); err != nil {
				return err
			}
		}
		for int(screen.n.Load()) <= n && ctx.Err() == nil {
			clock.Wait(ctx, nil, 5*time.Millisecond)
		}
		if clock.Wait(ctx, nil, demoPause); ctx.Err() != nil {
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

//go:embed demomail.log
var demoMail string

const pollsEvery = 10 * time.Minute

// lastNight is the last part of the demo, in the night before now: a client secret expires while
// everybody sleeps, Jira's mail handlers fail until an administrator fixes it in the morning, and
// Jira's own diagnostics say when the mailbox works again.
func lastNight(now time.Time) []scene {
	at := func(hour, minute int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
	}
	down, fixed := at(2, 13), at(9, 40)
	if now.Before(fixed) {
		down, fixed = down.AddDate(0, 0, -1), fixed.AddDate(0, 0, -1)
	}
	later := down.Add(4 * time.Hour) // repeat_interval
	hour := func(t time.Time) string { return t.Format("15:04") }
	return []scene{
		{said: "Now a night when nobody is at work. At " + hour(down) + ", the client secret of a mailbox expires.",
			files: []written{
				{diagnosticsLog, probe(down.Add(-time.Minute), true) + probe(down.Add(time.Minute), false)},
				{incomingLog, polls(down, down.Add(time.Minute))},
			}},
		{said: "The mail handler keeps failing every ten minutes. At " + hour(later) + ", a reminder is sent.",
			files: []written{{incomingLog, polls(down.Add(pollsEvery), later.Add(time.Minute))}}},
		{said: "In the morning, a new client secret is entered in Jira. At " + hour(fixed) + ", the mailbox works again.",
			files: []written{
				{incomingLog, polls(later.Add(pollsEvery), fixed.Add(-time.Minute))},
				{diagnosticsLog, probe(fixed, true)},
			}},
	}
}

// polls are the failures of the mail handler from one time to before another, as the
// incoming mail log has them.
func polls(from, to time.Time) string {
	var b strings.Builder
	for at := from; at.Before(to); at = at.Add(pollsEvery) {
		b.WriteString(strings.Replace(demoMail, "DATE", at.Format(stamp), 1))
	}
	return b.String()
}

// probe is a line of the diagnostics.
func probe(at time.Time, connected bool) string {
	return fmt.Sprintf("%s Caesium-1-1 INFO anonymous     [ipd-monitoring-data-logger] IPDMONITORING {\"timestamp\":\"%d\","+
		"\"label\":\"MAIL.INCOMING.CONNECTION.STATE\",\"tags\":{\"serverName\":\"Help desk 365\"},"+
		"\"attributes\":{\"connected\":\"%t\",\"totalFailures\":\"0\"}}\n", at.Format(stamp), at.Unix(), connected)
}
