package conf

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	minSilentAfter = time.Minute // a shorter silence is normal in any log
	maxStorm       = 1000        // one alert must list them
)

// builder checks a configuration that has been decoded, and completes it. It continues after a
// problem, so that all of them are reported at once.
type builder struct {
	checker
	conf         *Config
	mode         fs.FileMode       // of its file
	names        map[string]string // of the notifiers so far, with their paths
	destinations map[string]string // theirs, with their paths
	inline       string            // the first secret in the file itself
}

// good reports whether the file has a key whose value could be decoded.
func (b *builder) good(path string) bool { return b.source.Has(path) && !b.source.refused[path] }

func (b *builder) check(c *Config) {
	c.NodeGiven, c.Causes.DirGiven = b.source.Has("node"), b.source.Has("causes.dir")
	if b.good("node") {
		b.label("node", c.Node)
	}
	b.absolute("state_dir", &c.StateDir)
	b.absolute("causes.dir", &c.Causes.Dir)
	b.alerts(&c.Alerts)
	b.heartbeat(&c.Heartbeat.URL)
	each("maintenance", c.Maintenance, b.maintenance)
	b.listener("http", "listen", `"127.0.0.1:9494"`, &c.HTTP)
	c.Receive, c.Receiver = HTTP(c.Receiver), receiver{}
	b.receive(&c.Receive, c.HTTP)
	b.probe(&c.Probe)
	b.integrations(c.Integrations)
	b.logs(c.Logs)
	b.jira(c, &c.Jira)
	b.ship(&c.Ship.File, c.Logs)
	c.Jira.Given = b.source.Has("jira") || ofOneJira(c.Logs)
	each("slack", c.Slack, b.slack)
	each("webhook", c.Webhooks, b.webhook)
	each("alertmanager", c.Alertmanagers, b.alertmanager)
	each("pagerduty", c.PagerDuty, b.pagerduty)
	each("email", c.Email, b.email)
	each("teams", c.Teams, b.teams)
	if b.inline != "" && open(b.mode) {
		b.warn("%s can be read by other users (mode %04o) and contains a secret (%s), run: chmod 600 %[1]s",
			c.File, b.mode.Perm(), withoutIndexes(b.inline))
	}
}

// each checks the tables of an array.
func each[T any](name string, tables []T, check func(at string, t *T)) {
	for i := range tables {
		check(element(name, i), &tables[i])
	}
}

func (b *builder) warn(format string, args ...any) {
	b.conf.Warnings = append(b.conf.Warnings, fmt.Sprintf(format, args...))
}

func (b *builder) alerts(a *Alerts) {
	if a.QuietAfter == 0 {
		b.problem("alerts.quiet_after", `must be more than 0, write one such as "24h"`)
	}
	if a.JiraURL != "" {
		a.JiraURL = b.base("alerts.jira_url", a.JiraURL)
	}
	if a.FoldRetries >= a.QuietAfter && a.FoldRetries > 0 {
		b.problem("alerts.fold_retries", `must be less than quiet_after, write one such as "15m"`)
	}
	if a.Storm < 0 || a.Storm > maxStorm {
		b.problem("alerts.storm",
			"expected a number of incidents from 1 to %d, or 0 to alert on each one separately", maxStorm)
	}
}

func (b *builder) logs(logs []Log) {
	names := map[string]string{}
	for i := range logs {
		l, at := &logs[i], element("log", i)
		path := at + ".path"
		b.logPath(path, l, logs[:i])
		if !b.source.Has(path) {
			b.problem(at, `path is missing, write path = "/…/atlassian-jira.log"`)
		}
		named := path
		if b.good(at + ".name") {
			named = at + ".name"
			b.label(named, l.Name)
		} else if l.Path != "" {
			l.Name = filepath.Base(l.Path)
		}
		if first, taken := names[l.Name]; taken && l.Name != "" {
			b.problem(named, "the log at line %d is named %s too, give each its own name",
				b.source.location(first).value.line, quote(l.Name))
		} else {
			names[l.Name] = named
		}
		l.Start = cmp.Or(l.Start, StartEnd)
		if zone := at + ".time_zone"; b.good(zone) && l.TimeZone == nil {
			b.problem(zone, zoneHelp, `""`)
		}
		l.TimeZone = cmp.Or(l.TimeZone, time.Local)
		if l.Kind == "" || l.Kind == KindAuto {
			l.Kind = KindOf(l.Path)
		}
		if l.SilentAfter != 0 && l.SilentAfter < minSilentAfter {
			b.problem(at+".silent_after", `expected at least "1m", or "0" for never`)
		}
	}
}

// logPath checks the path of a log, which none of the earlier ones must have.
func (b *builder) logPath(at string, l *Log, earlier []Log) {
	if !b.good(at) {
		return
	}
	given := l.Path
	b.absolute(at, &l.Path)
	if why := BadLog(l.Path); why != "" && given != "" {
		b.problem(at, "%s", why)
	}
	same := func(other Log) bool { return other.Path != "" && SameFile(other.Path, l.Path) }
	if i := slices.IndexFunc(earlier, same); i >= 0 {
		b.problem(at, "the log at line %d is the same file, so its failures would be counted twice: list it only once",
			b.source.location(element("log", i)+".path").value.line)
	}
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

// absolute completes a path from the file. A relative one is resolved against the file's
// directory, not against the directory that the program is started in.
func (b *builder) absolute(path string, name *string) {
	if !b.good(path) {
		return
	}
	switch {
	case *name == "":
		b.problem(path, "empty, write a path")
	case !printable(*name):
		b.problem(path, "contains an unprintable character")
	}
	if !filepath.IsAbs(*name) {
		*name = b.whole(path, filepath.Join(filepath.Dir(b.conf.File), *name))
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
