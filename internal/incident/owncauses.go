package incident

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

// The causes of troubles.
const (
	LogUnreadable   = "log-unreadable"
	LogSilent       = "log-silent"
	LogForeign      = "log-not-jira"
	NotifierFailing = "notifier-failing"
	NotifierRemoved = "notifier-removed"
	ShipFailing     = "ship-failing"
)

// LimitReached is the cause of the incident about limits, see Rules.Overflow.
const LimitReached = "limit-reached"

// LogTroubles are the causes of the troubles that a log can have.
var LogTroubles = []string{LogUnreadable, LogSilent, LogForeign}

// ownCause holds the texts of alerts about the watcher itself for one cause.
type ownCause struct {
	ID          string          `toml:"id"`
	Title       string          `toml:"title"`
	Diagnosis   string          `toml:"diagnosis"`
	Fix         []matchers.Step `toml:"fix"`
	Confirm     string          `toml:"confirm"`
	Over        string          `toml:"over"` // the diagnosis when a trouble has ended; "" = it is no trouble
	OverConfirm string          `toml:"over_confirm"`
}

//go:embed owncauses.toml
var ownText []byte

// ownCauses are all of them, by ID; no catalogue has them. They are read when they are first needed.
var ownCauses = sync.OnceValue(func() map[string]ownCause {
	var f struct {
		Causes []ownCause `toml:"cause"`
	}
	if _, problems := conf.Decode("owncauses.toml", ownText, &f); len(problems) > 0 {
		panic(problems)
	}
	all := map[string]ownCause{}
	for _, c := range f.Causes {
		all[c.ID] = c
	}
	return all
})

// host is a step on Jira's host.
func host(text string) alert.Step { return alert.Step{Where: "jira-host", Text: text} }

// OwnCauses are the IDs of the causes of alerts about the watcher itself.
var OwnCauses = append(LogTroubles, alert.LinesLost, NotifierFailing, NotifierRemoved, ShipFailing, LimitReached)

// ownData is what an alert about the watcher itself says.
func (r *Rules) ownData(cause string, log Source, facts map[string]any, more ...string) alert.Data {
	own := ownCauses()[cause]
	log.Path = r.masks.Nodes(log.Path)
	d := alert.Data{
		Node:        r.masks.Node(r.node),
		Integration: alert.Integration{ID: alert.Unknown, KnownBy: alert.ByNothing},
		Cause: alert.Cause{
			ID: cause, Title: own.Title, Provider: "any",
			Severity: conf.SeverityHigh, Confidence: "certain", Codes: []string{},
		},
		Diagnosis: fill(own.Diagnosis, log.Path, facts, more...),
		Confirm:   own.Confirm,
		Links:     []alert.Link{},
		Facts:     facts,
		Log:       alert.Log{Name: log.Name, Path: log.Path},
	}
	for _, step := range own.Fix {
		d.Fix = append(d.Fix, alert.Step{Text: fill(step.Text, log.Path, facts), Where: step.Where})
	}
	return d
}

// Started is the alert about a start of the program. before is the version that was alerted to
// last, "" = none was.
func (r *Rules) Started(version, before string, logs int, now time.Time) alert.Alert {
	d := r.ownData(string(alert.Started), Source{}, map[string]any{"version": version})
	d.Schema, d.Kind, d.Fix = 1, alert.Started, []alert.Step{}
	d.ID = alert.NewID(r.idNode, string(alert.Started), now).Alert(1)
	d.Cause.Title, d.Cause.Severity = "version "+version, conf.SeverityLow
	d.Diagnosis = "It follows " + text.Count(logs, "log") + "."
	if before != "" && before != version {
		d.Diagnosis += " The previous version was " + before + "."
	}
	d.Failures.First, d.Failures.Last = now, now
	return *newAlert(d, now)
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
