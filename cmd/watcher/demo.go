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

	"jira-oauth-watcher/internal/text"
)

//go:embed demo.log
var demoLog string

const (
	demoPause = 700 * time.Millisecond // between two events
	demoLimit = 30 * time.Second       // a demo that takes longer has failed
)

func (a *app) demoCommand() *cobra.Command {
	var all, keep bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run a demonstration on generated logs",
		Long: `Writes logs as Jira does into a temporary directory, follows them, and prints
the alerts as they arrive: the failures of Atlassian's article, with one rotation,
and a night in which a client secret expires. The first alert is printed in full,
the others in two lines each. Nothing is sent anywhere, and the command ends by
itself after about ten seconds.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), all, keep) },
	}
	c.Flags().BoolVar(&all, "all", false, "print all alerts in full")
	c.Flags().BoolVar(&keep, "keep", false, "keep the generated logs")
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
	fmt.Fprintf(a.out, "Writing logs to %s, as Jira does: %d integrations fail, one after the other.\n\n",
		filepath.Join(dir, "log"), len(failures))
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	screen := &demoScreen{out: a.out, all: all}
	quiet := *a
	quiet.out, quiet.errw = screen, &strings.Builder{} // alerts are what a demo shows
	// The program is stopped when all alerts have been printed.
	tasks := []task{
		func(ctx context.Context) error { return quiet.run(ctx, runOptions{config: settings}) },
		func(ctx context.Context) error {
			defer cancel()
			w := demoWriter{dir: filepath.Join(dir, "log"), screen: screen}
			if err := w.write(ctx, a, failures); err != nil {
				return err
			}
			return w.night(ctx, a, len(failures))
		},
	}
	if err := together(ctx, tasks); err != nil {
		return err
	}
	if n, want := int(screen.n.Load()), len(failures)+nightAlerts; n != want {
		return fmt.Errorf("the demo printed %d alerts of %d", n, want)
	}
	fmt.Fprintf(a.out, "%d failed tests and one night: %d alerts.", len(failures), len(failures)+nightAlerts)
	if !all {
		fmt.Fprint(a.out, " Run with --all to see the diagnosis and the steps of each.")
	}
	if keep {
		fmt.Fprintf(a.out, " The logs are kept in %s.", filepath.Join(dir, "log"))
	}
	fmt.Fprintf(a.out, " To follow a real log:\n\n"+
		"    %s run --log %s\n", filepath.Base(os.Args[0]), usualLog)
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

// demoWriter writes logs as log4j does.
type demoWriter struct {
	dir    string
	screen *demoScreen
}

const applicationLog = "atlassian-jira.log"

// alert waits until so many alerts have been shown; false means that ctx ended it.
func (w demoWriter) alert(ctx context.Context, n int) bool {
	for int(w.screen.n.Load()) < n {
		if !sleep(ctx, 5*time.Millisecond) {
			return false
		}
	}
	return sleep(ctx, demoPause)
}

// night plays the night after so many alerts.
func (w demoWriter) night(ctx context.Context, a *app, alerts int) error {
	for i, s := range lastNight(time.Now()).scenes() {
		fmt.Fprintf(a.out, "(%s)\n\n", s.said)
		for _, f := range s.files {
			w.screen.said.Store(says(f.text))
			if err := appendTo(filepath.Join(w.dir, f.log), f.text); err != nil {
				return err
			}
			if !sleep(ctx, demoPause) { // Jira writes the next log later
				return nil
			}
		}
		if !w.alert(ctx, alerts+i+1) {
			return nil
		}
	}
	return nil
}

// write appends the failures among ordinary lines, rotates once in the middle,
// and waits until all alerts have been shown.
func (w demoWriter) write(ctx context.Context, a *app, failures []string) error {
	path := filepath.Join(w.dir, applicationLog)
	for i, event := range failures {
		if i == len(failures)/2 {
			fmt.Fprint(a.out, "(Jira rotates its log here: atlassian-jira.log becomes atlassian-jira.log.1.)\n\n")
			if err := os.Rename(path, path+".1"); err != nil {
				return err
			}
		}
		stamp := demoStamp(time.Now())
		ordinary := stamp + " Caesium-1-2 INFO ServiceRunner     " +
			"[c.a.j.p.h.service.HealthCheckSchedulerImpl] Health check ran in 12 ms\n"
		event = strings.Replace(event, "DATE", stamp, 1)
		event = strings.Replace(event, "UTC", time.Now().UTC().Format("2006-01-02 15:04:05Z"), 1)
		w.screen.said.Store(says(event))
		if err := appendTo(path, ordinary+event+"\n"+ordinary); err != nil {
			return err
		}
		if !w.alert(ctx, i+1) {
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

//go:embed demomail.log
var demoMail string

// night is the last part of the demo: a client secret expires while everybody sleeps, Jira's
// mail handlers fail until an administrator fixes it in the morning, and Jira's own
// diagnostics say when the mailbox works again.
type night struct{ down, fixed time.Time }

// lastNight is the one before now.
func lastNight(now time.Time) night {
	at := func(hour, minute int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
	}
	n := night{at(2, 13), at(9, 40)}
	if now.Before(n.fixed) {
		n.down, n.fixed = n.down.AddDate(0, 0, -1), n.fixed.AddDate(0, 0, -1)
	}
	return n
}

const (
	nightAlerts = 3 // opened, a reminder after repeat_interval, resolved
	pollsEvery  = 10 * time.Minute
)

// polls are the failures of the mail handler from one time to before another, as the
// incoming mail log has them.
func (n night) polls(from, to time.Time) string {
	var b strings.Builder
	for at := from; at.Before(to); at = at.Add(pollsEvery) {
		b.WriteString(strings.Replace(demoMail, "DATE", demoStamp(at), 1))
	}
	return b.String()
}

// probe is a line of the diagnostics.
func (n night) probe(at time.Time, connected bool) string {
	return fmt.Sprintf("%s Caesium-1-1 INFO anonymous     [ipd-monitoring-data-logger] IPDMONITORING {\"timestamp\":\"%d\","+
		"\"label\":\"MAIL.INCOMING.CONNECTION.STATE\",\"tags\":{\"serverName\":\"Help desk 365\"},"+
		"\"attributes\":{\"connected\":\"%t\",\"totalFailures\":\"0\"}}\n", demoStamp(at), at.Unix(), connected)
}

// scenes are what is written to which log, and what is said before it; each leads to one
// alert.
func (n night) scenes() []scene {
	later := n.down.Add(4 * time.Hour)
	clock := func(t time.Time) string { return t.Format("15:04") }
	return []scene{
		{"Now a night when nobody is at work. At " + clock(n.down) + " the client secret of a mailbox has expired", []written{
			{diagnosticsLog, n.probe(n.down.Add(-time.Minute), true) + n.probe(n.down.Add(time.Minute), false)},
			{incomingLog, n.polls(n.down, n.down.Add(time.Minute))},
		}},
		{"The mail handler keeps failing every ten minutes. At " + clock(later) + " a reminder is sent", []written{
			{incomingLog, n.polls(n.down.Add(pollsEvery), later.Add(time.Minute))},
		}},
		{"In the morning, a new client secret is entered in Jira. At " + clock(n.fixed) + " the mailbox works again", []written{
			{incomingLog, n.polls(later.Add(pollsEvery), n.fixed.Add(-time.Minute))},
			{diagnosticsLog, n.probe(n.fixed, true)},
		}},
	}
}

// scene is what is written before one alert.
type scene struct {
	said  string
	files []written
}

type written struct{ log, text string }

const (
	incomingLog    = "atlassian-jira-incoming-mail.log"
	diagnosticsLog = "atlassian-jira-ipd-monitoring.log"
)

// demoStamp is a time as log4j writes it.
func demoStamp(at time.Time) string {
	return strings.Replace(at.Format("2006-01-02 15:04:05.000-0700"), ".", ",", 1)
}
