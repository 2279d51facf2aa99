package conf

import (
	"cmp"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// accessLogs are how the names of access logs begin: of Tomcat in Jira's server.xml, of
// Tomcat in its own, and of Jira itself.
var accessLogs = []string{"access_log", "localhost_access_log", "atlassian-jira-http-access"}

// defaultAccessLog is where the server.xml of Jira has Tomcat write its access log, below
// the installation directory.
const defaultAccessLog = "logs/access_log.%Y-%m-%d"

// KindOf is the kind of a log by its file's name, such as the diagnostics of
// atlassian-jira-ipd-monitoring.log, also after a rotation; of any other name it is the
// application's.
func KindOf(path string) Kind {
	base := filepath.Base(path)
	begins := func(prefix string) bool { return strings.HasPrefix(base, prefix) }
	if slices.ContainsFunc(accessLogs, begins) {
		return KindAccess
	}
	for _, l := range homeLogs[1:] {
		if begins(strings.TrimSuffix(l.name, ".log")) {
			return l.kind
		}
	}
	return KindApplication
}

// jira takes what is said of the Jira node, and adds its logs to those that have their own
// tables.
func (b *builder) jira(c *Config, j *Jira) {
	j.AccessLine = j.AccessPattern.line
	switch {
	case j.URL != "" && c.Alerts.JiraURL != "":
		b.problem("alerts.jira_url", "is the old name of url in [jira], which is also set: keep only url")
	case j.URL != "":
		c.Alerts.JiraURL = b.base("jira.url", j.URL)
	}
	b.jiraToken(j, c.Alerts.JiraURL)
	own := slices.Clone(c.Logs)
	if b.absolute("jira.home", &j.Home); j.Home != "" {
		for _, h := range homeLogs {
			off := h.kind.Mail() && !j.MailLogs || h.kind == KindDiagnostics && !j.DiagnosticsLog
			if !off {
				c.addUnlisted(own, NewLog(filepath.Join(j.Home, "log", h.name)))
			}
		}
	}
	b.absolute("jira.install", &j.Install)
	if b.accessLog(j); j.AccessLog != "" {
		l := NewLog(j.AccessLog)
		l.Name, l.Kind = accessName(j.AccessLog), KindAccess
		c.addUnlisted(own, l)
	}
	diagnostics := func(l Log) bool { return l.Kind == KindDiagnostics }
	if j.AlertUnreachable && !slices.ContainsFunc(c.Logs, diagnostics) {
		b.problem("jira.alert_unreachable", "requires the diagnostics log, where Jira logs what it cannot reach: "+
			"add home, and remove diagnostics_log = false")
	}
}

// addUnlisted adds a log of Jira's, unless it is among own, those with their own tables.
func (c *Config) addUnlisted(own []Log, l Log) {
	if !slices.ContainsFunc(own, func(other Log) bool { return other.Path != "" && SameFile(other.Path, l.Path) }) {
		c.AddLog(l)
	}
}

// jiraToken takes the token for Jira's REST API.
func (b *builder) jiraToken(j *Jira, base string) {
	b.token("jira", patToken, &j.Token)
	given := b.given("jira", "token")
	if given == "" {
		return
	}
	address := "jira.url"
	if j.URL == "" {
		address = "alerts.jira_url"
	}
	switch u, err := url.Parse(base); {
	case j.URL == "" && base == "":
		b.keyProblem(given, `requires url, too: the base URL of Jira, such as "https://jira.example.com"`)
	case err == nil && u.Scheme == "http" && !loopback(u.Hostname()):
		b.problem(address, "must begin with https://, because the token in [jira] is sent there")
	}
}

var patToken = tokenKind{"token", wholeToken,
	`expected a personal access token of Jira as it was shown: without spaces, line breaks or the word Bearer`}

const directiveHelp = "write the date with %Y, %m, %d, %H and %M in the file's name, such as access_log.%Y-%m-%d"

var (
	directive     = regexp.MustCompile(`%[YmdHM]`)
	dateDirective = regexp.MustCompile(`[._-]?%[YmdHM]([._-]?%[YmdHM])*`)
)

// accessLog completes the path of the access log.
func (b *builder) accessLog(j *Jira) {
	dir, base := filepath.Split(j.AccessLog)
	switch {
	case j.AccessLog == "" && j.Install != "":
		j.AccessLog = filepath.Join(j.Install, defaultAccessLog)
		return
	case j.AccessLog == "":
		return
	case strings.Contains(dir, "%"):
		b.problem("jira.access_log", "a directory cannot have directives, %s", directiveHelp)
	case strings.Contains(directive.ReplaceAllString(base, ""), "%"):
		b.problem("jira.access_log", "has an unknown directive, %s", directiveHelp)
	case strings.Contains(base, "%") && !strings.Contains(base, "%Y"):
		b.problem("jira.access_log", "has no year, so its files cannot be sorted: %s", directiveHelp)
	}
	b.absolute("jira.access_log", &j.AccessLog)
}

// accessName is the base name of an access log without its date and what separates it.
func accessName(path string) string {
	return cmp.Or(dateDirective.ReplaceAllString(filepath.Base(path), ""), "access_log")
}

// ofOneJira reports whether logs without a [jira] table are of one Jira: there are mail or
// diagnostics logs among them, and all are in one directory.
func ofOneJira(logs []Log) bool {
	elsewhere := func(l Log) bool { return filepath.Dir(l.Path) != filepath.Dir(logs[0].Path) }
	return !slices.ContainsFunc(logs, elsewhere) && slices.ContainsFunc(logs, func(l Log) bool { return l.Kind.Optional() })
}
