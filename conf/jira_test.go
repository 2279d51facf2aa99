package conf_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
)

// With home, the logs of Jira's home directory are followed. One that has a [[log]] table
// keeps the settings of that table, by whatever path it is named, and is followed once.
func TestJiraHome(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "home", "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "home"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	const all = "atlassian-jira.log application, atlassian-jira-incoming-mail.log incoming-mail, atlassian-jira-outgoing-mail.log outgoing-mail, " +
		"atlassian-jira-ipd-monitoring.log diagnostics"
	for text, want := range map[string]string{
		"[jira]\nhome = \"home\"": all,
		"[jira]\nhome = \"home\"\nmail_logs = false\ndiagnostics_log = false":                       "atlassian-jira.log application",
		"[[log]]\npath = \"link/log/atlassian-jira.log\"\nname = \"mine\"\n[jira]\nhome = \"home\"": "mine" + strings.TrimPrefix(all, "atlassian-jira.log"),
		"[[log]]\npath = \"other/atlassian-jira.log\"\n[jira]\nhome = \"home\"\nmail_logs = false": "atlassian-jira.log application, atlassian-jira.log+ application, " +
			"atlassian-jira-ipd-monitoring.log diagnostics",
		"[[log]]\npath = \"x/atlassian-jira-incoming-mail.log\"":                         "atlassian-jira-incoming-mail.log incoming-mail",
		"[[log]]\npath = \"x/atlassian-jira-incoming-mail.log\"\nkind = \"application\"": "atlassian-jira-incoming-mail.log application",
		"[[log]]\npath = \"x/catalina.out\"\nkind = \"auto\"":                            "catalina.out application",
		"[jira]\nurl = \"https://jira.example.com/\"\n[[log]]\npath = \"x\"":             "x application",
	} {
		var got []string
		c := load(t, dir, text)
		for _, l := range c.Logs {
			got = append(got, l.Name+" "+string(l.Kind))
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s\n got %s\nwant %s", text, s, want)
		}
		several := strings.Contains(text, "[jira]") || slices.ContainsFunc(c.Logs, func(l conf.Log) bool { return l.Kind.Optional() })
		if c.Jira.Given != several {
			t.Errorf("%s: of one Jira: %v", text, c.Jira.Given)
		}
		if strings.Contains(text, "url") && c.Alerts.JiraURL != "https://jira.example.com" {
			t.Errorf("url: %q", c.Alerts.JiraURL)
		}
	}
}
