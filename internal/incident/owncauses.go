package incident

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
)

// The causes of troubles.
const (
	LogUnreadable   = "log-unreadable"
	LogSilent       = "log-silent"
	LogForeign      = "log-not-jira"
	NotifierFailing = "notifier-failing"
)

// LogTroubles are the causes of troubles that a log can have.
var LogTroubles = []string{LogUnreadable, LogSilent, LogForeign}

// ownCause holds the texts of alerts about the watcher itself for one cause. A word in
// braces is replaced by a fact, or by log (its path, or "Standard input"), path, since,
// lasted, or quote (the reason as a quotation).
type ownCause struct {
	title       string
	diagnosis   string
	fix         []alert.Step
	confirm     string
	over        string // the diagnosis when a trouble has ended; "" = it is no trouble
	overConfirm string
}

// ownCauses are all of them; no catalogue has them.
var ownCauses = map[string]ownCause{
	alert.LinesLost: {
		title:     "lines are missing from what it read",
		diagnosis: "{lost} of {log} could not be read ({reason}). Failures that stood there are not told.",
		fix: []alert.Step{
			{Where: "jira-admin", Text: "Run Test connection on each OAuth 2.0 integration: " +
				"one that is broken shows itself again."},
			host("See whether older logs are kept elsewhere (a support zip, a backup, a log server), " +
				"and give them to: jira-oauth-watcher scan FILE"),
			host("Let logs rotate by renaming, as Jira does by itself, and not with logrotate's copytruncate; " +
				"keep so many old files that they span the longest time that the watcher may be down."),
		},
		confirm: "No further alert of this kind comes.",
	},
	LogUnreadable: {
		title: "a log cannot be read",
		diagnosis: "{log} cannot be read since {since} ({reason}). " +
			"Failures that are written there are not told until it can.",
		fix: []alert.Step{
			host("See that the file is there, and that path in the [[log]] table names it: ls -l {path}"),
			host("See that the service's user may read it: it must be in the group of the file, " +
				"and every directory above must let it pass; then: systemctl restart jira-oauth-watcher"),
		},
		confirm: "An alert says that the log can be read again.",
		over: "{log} can be read again, after {lasted}. " +
			"What was written meanwhile is read now, as far as it is still there.",
		overConfirm: "Nothing is to be done; an alert tells if lines are missing.",
	},
	LogSilent: {
		title: "a log has no new lines",
		diagnosis: "{log} has had no new line since {since}, which is longer than silent_after. " +
			"Either Jira stands still, or it writes elsewhere: then no failure is seen.",
		fix: []alert.Step{
			host("See whether Jira runs, and whether its file system is full: df -h"),
			host("See whether Jira writes to another file now (after an upgrade, a new home directory " +
				"or a changed log4j configuration), and name that one in the [[log]] table."),
		},
		confirm:     "An alert says that the log has new lines again.",
		over:        "{log} has new lines again, after {lasted}.",
		overConfirm: "Nothing is to be done.",
	},
	LogForeign: {
		title:     "a log does not look like a Jira log",
		diagnosis: "{log} does not look like a Jira log: {reason}. While that is so, no failure is found in it.",
		fix: []alert.Step{
			host("See that path in the [[log]] table names atlassian-jira.log, and not the access, security " +
				"or Tomcat log or that of another program. What is read from a container or a collector must hold " +
				"that log too: Jira writes it to a file, not to standard output."),
			host("If a collector passes the log on, let it pass each line as it is or as JSON with the line " +
				"in log or message; the first line that was read is below."),
		},
		confirm:     "An alert says that the log has lines of Jira's.",
		over:        "{log} has lines of Jira's log now. Failures in it are reported.",
		overConfirm: "Nothing is to be done.",
	},
	NotifierFailing: {
		title: "a notifier does not deliver",
		diagnosis: "The notifier {notifier} does not deliver its alerts: {quote}. " +
			"Whoever reads there is not told.",
		fix: []alert.Step{
			host("Mend its address, secret or permissions in the configuration or at the receiver, " +
				"then: systemctl reload jira-oauth-watcher"),
			host("See that it works: jira-oauth-watcher test-alert --to {notifier}"),
		},
		confirm:     "An alert says that the notifier delivers again.",
		over:        "The notifier {notifier} delivers again, after {lasted}. What waited is delivered now.",
		overConfirm: "Nothing is to be done.",
	},
}

// host is a step on Jira's host.
func host(text string) alert.Step { return alert.Step{Where: "jira-host", Text: text} }

// OwnCauses are the IDs of causes of alerts about the watcher itself.
var OwnCauses = slices.Sorted(maps.Keys(ownCauses))

// ownData is what an alert about the watcher itself says.
func (r *Rules) ownData(cause string, log Source, facts map[string]any, more ...string) alert.Data {
	own := ownCauses[cause]
	d := alert.Data{
		Node:        r.masks.Node(r.node),
		Integration: alert.Integration{ID: alert.Unknown, KnownBy: alert.ByNothing},
		Cause: alert.Cause{
			ID: cause, Title: own.title, Provider: "any",
			Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{},
		},
		Diagnosis: fill(own.diagnosis, log.Path, facts, more...),
		Confirm:   own.confirm,
		Links:     []alert.Link{},
		Facts:     facts,
		Log:       alert.Log{Name: log.Name, Path: log.Path},
	}
	for _, step := range own.fix {
		step.Text = fill(step.Text, log.Path, facts)
		d.Fix = append(d.Fix, step)
	}
	return d
}

// fill replaces the words in braces, each once: no value is searched for more.
func fill(template, path string, facts map[string]any, more ...string) string {
	log := path
	if path == "-" {
		log = "Standard input"
	}
	pairs := append(more, "{log}", log, "{path}", path)
	for name, value := range facts {
		pairs = append(pairs, "{"+name+"}", fmt.Sprint(value))
	}
	return strings.NewReplacer(pairs...).Replace(template)
}
