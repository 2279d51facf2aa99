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
	NotifierRemoved = "notifier-removed"
)

// LimitReached is the cause of the incident about limits, see overflow.go.
const LimitReached = "limit-reached"

// LogTroubles are the causes of the troubles that a log can have.
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
		title:     "log lines are missing",
		diagnosis: "{lost} of {log} could not be read ({reason}). Failures in this part are not reported.",
		fix: []alert.Step{
			{Where: "jira-admin", Text: "Run Test connection on each OAuth 2.0 integration. " +
				"One that is broken logs its failure again."},
			host("If older logs are kept elsewhere (a support zip, a backup, a log server), search them:\n" +
				"```\njira-oauth-watcher scan FILE\n```"),
			host("Rotate logs by renaming, as Jira does by default, and not with logrotate's copytruncate. " +
				"Keep enough old files to cover the longest time that the watcher may be down."),
		},
		confirm: "No further alert of this kind arrives.",
	},
	LogUnreadable: {
		title: "a log cannot be read",
		diagnosis: "{log} has been unreadable since {since} ({reason}). " +
			"Failures in it are not reported until it can be read again.",
		fix: []alert.Step{
			host("Check that the file exists, and that path in the [[log]] table names it:\n" +
				"```\nls -l \"{path}\"\n```"),
			host("Let the service's user read it: the user must be in the group of the file, and every directory " +
				"above must be accessible. Then restart the service:\n" +
				"```\nsystemctl restart jira-oauth-watcher\n```"),
		},
		confirm: "An alert reports that the log can be read again.",
		over: "{log} can be read again, after {lasted}. " +
			"What was written in the meantime is read now, unless it has been deleted.",
		overConfirm: "No action is required. If lines are missing, another alert reports it.",
	},
	LogSilent: {
		title: "a log has no new lines",
		diagnosis: "{log} has had no new line since {since}, which is longer than silent_after. " +
			"Either Jira is down, or it writes to another file and no failure is detected.",
		fix: []alert.Step{
			host("Check that Jira is running, and that its file system is not full:\n```\ndf -h\n```"),
			host("If Jira writes to another file now (after an upgrade, a new home directory or a changed log4j " +
				"configuration), enter that file in the [[log]] table."),
		},
		confirm:     "An alert reports that the log has new lines again.",
		over:        "{log} has new lines again, after {lasted}.",
		overConfirm: "No action is required.",
	},
	LogForeign: {
		title: "a log does not look like a Jira log",
		diagnosis: "{log} does not look like a Jira log: {reason}. As long as this is so, " +
			"no failure is detected in it.",
		fix: []alert.Step{
			host("Check that path in the [[log]] table names atlassian-jira.log, and not an access, security or " +
				"Tomcat log or that of another program. A container or a collector must provide this log, too: " +
				"Jira writes it to a file, not to standard output."),
			host("If a collector forwards the log, it must pass each line on unchanged, or as JSON with the line " +
				"in log or message. The first line that was read is below."),
		},
		confirm:     "An alert reports that the log has lines of Jira.",
		over:        "{log} has lines of Jira's log now. Failures in it are reported.",
		overConfirm: "No action is required.",
	},
	NotifierFailing: {
		title: "a notifier does not deliver",
		diagnosis: "The notifier {notifier} does not deliver its alerts: {quote}. " +
			"Its recipients receive nothing.",
		fix: []alert.Step{
			host("Fix its address, secret or permissions in the configuration or at the receiver, then reload:\n" +
				"```\nsystemctl reload jira-oauth-watcher\n```"),
			host("Send a test alert:\n```\njira-oauth-watcher test-alert --to {notifier}\n```"),
		},
		confirm:     "An alert reports that the notifier delivers again.",
		over:        "The notifier {notifier} delivers again, after {lasted}. Queued alerts are delivered now.",
		overConfirm: "No action is required.",
	},
	NotifierRemoved: {
		title: "alerts wait for a notifier that was removed",
		diagnosis: "The notifier {notifier} is no longer in the configuration, and {waiting}. " +
			"Queued alerts are deleted at the first start or reload after {until}.",
		fix: []alert.Step{
			host("If it was renamed, or removed by mistake, give a notifier that name again, then reload:\n" +
				"```\nsystemctl reload jira-oauth-watcher\n```"),
			host("If it was removed on purpose, no action is required. Check the open incidents: these may be the only " +
				"alerts about them:\n```\njira-oauth-watcher status\n```"),
		},
		confirm:     "An alert reports that no alerts are queued anymore.",
		over:        "No alerts are queued for the removed notifier {notifier} anymore: it is configured again, or they were deleted.",
		overConfirm: "No action is required.",
	},
	LimitReached: {
		title: "too many incidents for the watcher's limits",
		diagnosis: "{limit}. Since {since}, {count} counted, but not alerted individually. " +
			"The most recent integrations or test attempts affected are listed.",
		fix: []alert.Step{
			host("See what fails, and whether the notifiers deliver:\n```\njira-oauth-watcher status\n```"),
			host("If these are not real integrations, find out who calls Jira's OAuth pages so often: a script or a security " +
				"scanner. The access log of Jira shows the addresses."),
			host("Set burst in the [alerts] table, so that what fails together becomes one alert, then reload:\n" +
				"```\nsystemctl reload jira-oauth-watcher\n```"),
		},
		confirm: "No further alert of this kind arrives.",
	},
}

// host is a step on Jira's host.
func host(text string) alert.Step { return alert.Step{Where: "jira-host", Text: text} }

// OwnCauses are the IDs of the causes of alerts about the watcher itself.
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
