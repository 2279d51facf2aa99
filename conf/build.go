package conf

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

const (
	minSilentAfter = time.Minute // a shorter silence is normal in any log
	maxStorm       = 1000        // one alert must list them
)

// builder turns the text of a configuration into a Config. It continues after a
// problem, so that all of them are reported at once.
type builder struct {
	file         string
	mode         fs.FileMode // of file
	source       *Source
	problems     Problems
	warnings     []string
	names        map[string]string // of the notifiers so far, with their paths
	destinations map[string]string // theirs, with their paths
	inline       string            // the first secret in the file itself
	files        []string          // that were read
}

func (b *builder) problem(path, format string, args ...any) {
	b.problems = append(b.problems, b.source.Problem(path, format, args...))
}

func (b *builder) keyProblem(path, format string, args ...any) {
	b.problems = append(b.problems, b.source.keyProblem(path, format, args...))
}

// defaults are what an empty file means.
func defaults() (*Config, error) {
	node, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("find the host name, the default of node: %w", err)
	}
	state, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":") // systemd may give several
	if state == "" {
		state = "./watcher-state"
	}
	return &Config{
		Node:     node,
		StateDir: state,
		Jira:     Jira{AccessLine: defaultAccessPattern()},
		Alerts:   Alerts{RepeatInterval: 4 * time.Hour, QuietAfter: 24 * time.Hour, Storm: 50},
		Causes:   Causes{Dir: filepath.Join(Directory, "causes.d")},
	}, nil
}

func defaultNotifier(kind string) Notifier {
	return Notifier{Name: kind, Timeout: 10 * time.Second, RetryFor: 24 * time.Hour}
}

func (b *builder) config(f *raw) (*Config, error) {
	c, err := defaults()
	if err != nil {
		return nil, err
	}
	b.names, b.destinations = map[string]string{}, map[string]string{}
	c.File, c.source = b.file, b.source

	if f.Node != nil {
		c.Node, c.NodeGiven = *f.Node, true
		b.label("node", c.Node)
	}
	b.absolute(&c.StateDir, "state_dir", f.StateDir)
	b.absolute(&c.Causes.Dir, "causes.dir", f.Causes.Dir)
	c.Causes.DirGiven = f.Causes.Dir != nil
	b.alerts(&c.Alerts, &f.Alerts)
	c.Heartbeat = b.heartbeat(&f.Heart)
	each(&c.Maintenance, "maintenance", f.Maintenance, b.maintenance)
	c.HTTP = b.http(&f.HTTP)
	c.Receive = b.receive(&f.Receive, c.HTTP)
	b.probe(&c.Probe, &f.Probe)
	c.Integrations = b.integrations(f.Integrations)
	c.Logs = b.logs(f.Logs)
	b.jira(c, &f.Jira)
	c.Ship = b.ship(&f.Ship, c.Logs)
	c.Jira.Given = b.source.Has("jira") || ofOneJira(c.Logs)
	each(&c.Slack, "slack", f.Slack, b.slack)
	each(&c.Webhooks, "webhook", f.Webhooks, b.webhook)
	each(&c.Alertmanagers, "alertmanager", f.Alertmanagers, b.alertmanager)
	each(&c.PagerDuty, "pagerduty", f.PagerDuty, b.pagerduty)
	each(&c.Email, "email", f.Email, b.email)
	each(&c.Teams, "teams", f.Teams, b.teams)
	if b.inline != "" && open(b.mode) {
		b.warn("%s can be read by other users (mode %04o) and contains a secret (%s), run: chmod 600 %[1]s",
			b.file, b.mode.Perm(), withoutIndexes(b.inline))
	}
	c.Warnings, c.Files = b.warnings, b.files
	return c, nil
}

// each builds the tables of an array.
func each[C, R any](built *[]C, name string, tables []R, build func(at string, f *R) C) {
	for i := range tables {
		*built = append(*built, build(element(name, i), &tables[i]))
	}
}

func (b *builder) warn(format string, args ...any) {
	b.warnings = append(b.warnings, fmt.Sprintf(format, args...))
}

func (b *builder) alerts(a *Alerts, f *rawAlerts) {
	set(&a.RepeatInterval, f.RepeatInterval)
	set(&a.QuietAfter, f.QuietAfter)
	a.MinSeverity, a.Mute, a.Mask = f.MinSeverity, f.Mute, f.Mask
	if a.QuietAfter == 0 {
		b.problem("alerts.quiet_after", `must be more than 0, write one such as "24h"`)
	}
	if f.JiraURL != "" {
		a.JiraURL = b.base("alerts.jira_url", f.JiraURL)
	}
	set(&a.FoldRetries, f.FoldRetries)
	if a.FoldRetries >= a.QuietAfter && a.FoldRetries > 0 {
		b.problem("alerts.fold_retries", `must be less than quiet_after, write one such as "15m"`)
	}
	a.Burst, a.Announce, a.DisplayZone = f.Burst, f.Announce, f.DisplayZone.location
	if f.Storm != nil {
		a.Storm = *f.Storm
	}
	if a.Storm < 0 || a.Storm > maxStorm {
		b.problem("alerts.storm",
			"expected a number of incidents from 1 to %d, or 0 to alert on each one separately", maxStorm)
	}
}

// set keeps the default of a duration that is not given.
func set(to *time.Duration, d *duration) {
	if d != nil {
		*to = time.Duration(*d)
	}
}

func (b *builder) logs(files []rawLog) []Log {
	var logs []Log
	names := map[string]string{}
	for i, f := range files {
		at := element("log", i)
		l := Log{Start: StartEnd, TimeZone: time.Local}
		switch {
		case f.Path != nil:
			b.absolute(&l.Path, at+".path", f.Path)
			l.Name = filepath.Base(l.Path)
			if why := BadLog(l.Path); why != "" && *f.Path != "" {
				b.problem(at+".path", "%s", why)
			}
			b.onceFollowed(at+".path", l.Path, logs)
		case !b.source.Has(at + ".path"):
			b.problem(at, `path is missing, write path = "/…/atlassian-jira.log"`)
		}
		named := at + ".path"
		if f.Name != nil {
			named, l.Name = at+".name", *f.Name
			b.label(named, l.Name)
		}
		if first, taken := names[l.Name]; taken && l.Name != "" {
			b.problem(named, "the log at line %d is named %s too, give each its own name",
				b.source.location(first).value.line, quote(l.Name))
		} else {
			names[l.Name] = named
		}
		if f.Start != nil {
			l.Start = *f.Start
		}
		if f.TimeZone != nil {
			l.TimeZone = f.TimeZone.location
		}
		if l.Kind = f.Kind; l.Kind == "" || l.Kind == KindAuto {
			l.Kind = KindOf(l.Path)
		}
		l.Poll = f.Poll
		set(&l.SilentAfter, f.SilentAfter)
		if l.SilentAfter != 0 && l.SilentAfter < minSilentAfter {
			b.problem(at+".silent_after", `expected at least "1m", or "0" for never`)
		}
		logs = append(logs, l)
	}
	return logs
}

// BadLog says why a path cannot be that of a log, and what to write; "" when it can.
func BadLog(path string) string {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		likely, _ := LikelyLog(path)
		return "is a directory, write the path of the log: " + likely
	case err != nil && strings.ContainsAny(filepath.Base(path), "*?"):
		likely, _ := LikelyLog(filepath.Dir(path))
		return "is a pattern, write the path of one log, whose rotated files are found automatically: " + likely
	}
	return ""
}

// LikelyLog is the path that the log of Jira has in a directory, which may be Jira's home.
func LikelyLog(dir string) (path string, exists bool) {
	for _, sub := range []string{"log", ""} {
		path = filepath.Join(dir, sub, homeLogs[0].name)
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return path, false
}

// onceFollowed reports a file that an earlier log has too.
func (b *builder) onceFollowed(at, path string, logs []Log) {
	for i, l := range logs {
		if l.Path != "" && SameFile(l.Path, path) {
			b.problem(at, "the log at line %d is the same file, so its failures would be counted twice: list it only once",
				b.source.location(element("log", i)+".path").value.line)
			return
		}
	}
}

// SameFile reports whether two paths lead to one file, by whatever spelling or
// link. Files that do not exist yet are compared by where they would be made.
func SameFile(a, b string) bool {
	if a == b {
		return true
	}
	one, err := os.Stat(a)
	if err == nil {
		if other, err := os.Stat(b); err == nil && os.SameFile(one, other) {
			return true
		}
	}
	return realPath(a, maxLinks) == realPath(b, maxLinks)
}

// maxLinks is how many symbolic links and missing directories of a path are
// followed; Linux follows as many links.
const maxLinks = 40

// realPath is a path without symbolic links, also where its end is missing.
func realPath(path string, left int) string {
	path, err := filepath.Abs(path)
	if real, linkErr := filepath.EvalSymlinks(path); linkErr == nil {
		return real
	}
	if err != nil || left == 0 || path == filepath.Dir(path) {
		return path
	}
	dir := realPath(filepath.Dir(path), left-1)
	if target, err := os.Readlink(path); err == nil { // the target does not exist yet
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		return realPath(target, left-1)
	}
	return filepath.Join(dir, filepath.Base(path))
}

// absolute takes a path from the file. A relative one is resolved against the file's
// directory, not against the directory that the program is started in.
func (b *builder) absolute(to *string, path string, value *string) {
	if value == nil {
		return
	}
	switch {
	case *value == "":
		b.problem(path, "empty, write a path")
	case !printable(*value):
		b.problem(path, "contains an unprintable character")
	}
	*to = *value
	if !filepath.IsAbs(*value) {
		dir, err := filepath.Abs(filepath.Dir(b.file))
		if err != nil {
			b.problem(path, "%s: %v", quote(*value), err)
		}
		*to = filepath.Join(dir, *value)
	}
}

func (b *builder) label(path, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		b.problem(path, "empty, leave the key out for its default")
	case !printable(name):
		b.problem(path, "contains an unprintable character")
	}
}

// printable reports whether a name is visible and does nothing to a terminal.
func printable(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}
