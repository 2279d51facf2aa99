package incident

import (
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

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
