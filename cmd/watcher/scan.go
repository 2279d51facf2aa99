package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/report/html"
	"jira-oauth-watcher/internal/scan"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

func (a *app) scanCommand() *cobra.Command {
	var o scanOptions
	c := &cobra.Command{Use: "scan FILE..."}
	config, form := configFlag(c), formatFlag(c, "text", "json", "html")
	c.Flags().StringVarP(&o.out, "output", "o", "", "write the report to `FILE` (atomically); its name decides the format")
	c.Flags().StringVar(&o.since, "since", "", "ignore failures before `TIME`")
	c.Flags().StringVar(&o.until, "until", "", "ignore failures after `TIME`")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage("%s needs a log to read, such as a support zip or Jira's log directory; "+
				"run '%s --help' to see what it takes", c.Name(), c.CommandPath())
		}
		o.config, o.form = *config, *form
		if by := byName[filepath.Ext(o.out)]; by != "" && !c.Flags().Changed("format") {
			o.form = by
		} else if by != "" && by != o.form {
			fmt.Fprintf(a.errw, "-o %s: the report is in the format %s, as --format asks\n", text.Printable(o.out), o.form)
		}
		return a.scan(c.Context(), args, o)
	}
	return c
}

// byName are the formats of files.
var byName = map[string]string{".html": "html", ".htm": "html", ".json": "json", ".txt": "text"}

type scanOptions struct{ config, form, out, since, until string }

// scanMemory is the heap size from which garbage is collected: a scan must fit
// next to Jira.
const (
	scanMemory  = 40 << 20
	scanGarbage = 200 // percent of what is in use: a storm makes a lot
)

func (a *app) scan(ctx context.Context, args []string, o scanOptions) error {
	debug.SetMemoryLimit(scanMemory)
	debug.SetGCPercent(scanGarbage)
	c, err := loadConfig(o.config, true)
	if err != nil {
		return err
	}
	options, err := a.scanning(c, o)
	if err != nil {
		return err
	}
	set, err := catalogue(c, matchers.Load)
	if err != nil {
		return err
	}
	if runtime.GOMAXPROCS(0) > 1 {
		go set() // while the logs are read; on one core only once a failure was found
	}
	node := ""
	if c.NodeGiven {
		node = c.Node
	}
	logs := logfiles.Find(args, logfiles.Options{Node: node, Stdin: a.in})
	file, err := outputTo(o.out, a.out, logs.Holds)
	if err != nil {
		return err
	}
	defer file.abandon()
	hide := a.showProgress(options.Progress)
	r := scan.Scan(ctx, logs, set, options)
	hide()
	r.Zone = c.Alerts.DisplayZone
	r.Made = report.Maker{Version: version(), At: options.Now.UTC().Truncate(time.Second)}
	if err := writeReport(file, r, o.form); err != nil {
		return err
	}
	if err := file.commit(); err != nil {
		return err
	}
	return a.scanned(ctx, r, o)
}

// scanning is how the logs are to be read.
func (a *app) scanning(c *conf.Config, o scanOptions) (scan.Options, error) {
	now := time.Now()
	options := scan.Options{
		Zone: zoneOf(c), Access: c.Jira.AccessLine, Now: now, Progress: &scan.Progress{}, Rules: rulesOf(c),
	}
	for _, flag := range []struct {
		name, value string
		to          *time.Time
	}{{"--since", o.since, &options.Since}, {"--until", o.until, &options.Until}} {
		if flag.value == "" {
			continue
		}
		t, err := parseTime(flag.value, now, flag.name == "--until")
		if err != nil {
			return options, usage("%s: %w", flag.name, err)
		}
		*flag.to = t
	}
	if !options.Since.IsZero() && !options.Until.IsZero() && options.Until.Before(options.Since) {
		return options, usage("--until %s is before --since %s", o.until, o.since)
	}
	return options, nil
}

// timeLayouts are the layouts that parseTime accepts in addition to RFC 3339.
var timeLayouts = []string{
	"2006-01-02 15:04:05.000-0700", "2006-01-02 15:04:05.000", "2006-01-02 15:04:05", "2006-01-02 15:04",
	"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly,
}

// parseTime reads a time as a person writes it: RFC 3339, a date with or
// without a time, one copied from Jira's log, or how long before now. A date
// alone is its beginning, or with end its last moment. The error says what to
// write.
func parseTime(s string, now time.Time, end bool) (time.Time, error) {
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range timeLayouts {
		t, err := time.ParseInLocation(layout, strings.Replace(s, ",", ".", 1), now.Location())
		switch {
		case err != nil:
		case end && layout == time.DateOnly:
			return t.AddDate(0, 0, 1).Add(-1), nil
		default:
			return t, nil
		}
	}
	if ago, err := conf.ParseDuration(s); err == nil {
		return now.Add(-ago), nil
	} else if s != "" && s[0] >= '0' && s[0] <= '9' && !strings.ContainsAny(s, "-/:T") {
		return time.Time{}, err
	}
	return time.Time{}, fmt.Errorf(`cannot read the time %q, write "2026-01-02", "2026-01-02 10:00", `+
		`"2026-01-02T10:00:00+01:00", or how long ago, such as "36h" or "7d"`, s)
}

// zoneOf is the zone of timestamps without an offset: the one that all
// configured logs have, else this machine's.
func zoneOf(c *conf.Config) *time.Location {
	other := func(l conf.Log) bool { return l.TimeZone.String() != c.Logs[0].TimeZone.String() }
	if len(c.Logs) == 0 || slices.ContainsFunc(c.Logs, other) {
		return time.Local
	}
	return c.Logs[0].TimeZone
}

// rulesOf are the configuration's rules for each node.
func rulesOf(c *conf.Config) func(node string) *incident.Rules {
	var mu sync.Mutex
	known := map[string]*incident.Rules{}
	return func(node string) *incident.Rules {
		mu.Lock()
		defer mu.Unlock()
		if known[node] == nil {
			own := *c
			own.Node = node
			known[node] = incident.NewRules(&own)
		}
		return known[node]
	}
}

func writeReport(file *output, r report.Report, form string) error {
	var err error
	switch form {
	case "json":
		err = report.JSON(file, r)
	case "html":
		err = html.Write(file, r)
	default:
		err = report.Text(file, r, terminal(file.Writer))
	}
	if err != nil {
		return fmt.Errorf("the report was not written: %w", reason(err, "run this as a user with write permission"))
	}
	return nil
}

// maxNamed is how many files that were not read completely are named on standard
// error; the report names all.
const maxNamed = 10

// scanned is an error when a report is not whole. It names the reasons where
// the report is not on this terminal.
func (a *app) scanned(ctx context.Context, r report.Report, o scanOptions) error {
	switch {
	case r.Complete && r.Unread():
		return errors.New("nothing could be read: the files are empty")
	case r.Complete:
		return nil
	case ctx.Err() != nil:
		return errors.New("stopped: the report contains only what was read until then")
	case o.form == "text" && o.out == "":
		return errReported
	}
	n := 0
	for _, f := range r.Files {
		if f.Problem == "" {
			continue
		}
		if n++; n <= maxNamed {
			fmt.Fprintf(a.errw, "%s: %s\n", text.Printable(f.Path), text.Printable(f.Problem))
		}
	}
	return fmt.Errorf("not read completely: %d of %d files", n, len(r.Files))
}
