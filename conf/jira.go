package conf

import (
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// homeLogs are the logs that Jira writes in its home directory, by kind.
var homeLogs = []struct {
	name string
	kind Kind
}{
	{"atlassian-jira.log", KindApplication},
	{"atlassian-jira-incoming-mail.log", KindIncoming},
	{"atlassian-jira-outgoing-mail.log", KindOutgoing},
	{"atlassian-jira-ipd-monitoring.log", KindDiagnostics},
}

// kindOf is the kind of a log by its file's name, such as the diagnostics of
// atlassian-jira-ipd-monitoring.log; of any other name it is the application's.
func kindOf(path string) Kind {
	base := filepath.Base(path)
	for _, l := range homeLogs[1:] {
		if strings.HasPrefix(base, strings.TrimSuffix(l.name, ".log")) {
			return l.kind
		}
	}
	return KindApplication
}

// jira adds the logs of Jira's home directory to those that have a table of their own.
func (b *builder) jira(c *Config, f *rawJira, logs []Log) []Log {
	if f == nil {
		return logs
	}
	switch {
	case f.URL != "" && c.Alerts.JiraURL != "":
		b.problem("alerts.jira_url", "is the older name of url in [jira], which is given too: write url only")
	case f.URL != "":
		c.Alerts.JiraURL = b.base("jira.url", f.URL)
	}
	b.absolute(&c.Jira.Home, "jira.home", f.Home)
	if c.Jira.Home == "" {
		return logs
	}
	own := logs
	for _, h := range homeLogs {
		l := NewLog(filepath.Join(c.Jira.Home, "log", h.name))
		off := h.kind.Mail() && isFalse(f.MailLogs) || h.kind == KindDiagnostics && isFalse(f.DiagnosticsLog)
		same := func(other Log) bool { return other.Path != "" && SameFile(other.Path, l.Path) }
		if off || slices.ContainsFunc(own, same) {
			continue
		}
		for slices.ContainsFunc(logs, func(other Log) bool { return other.Name == l.Name }) {
			l.Name += "+" // a log of this name in another directory
		}
		l.Kind, l.TimeZone = h.kind, time.Local
		logs = append(logs, l)
	}
	return logs
}

func isFalse(b *bool) bool { return b != nil && !*b }
