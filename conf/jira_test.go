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
		"[[log]]\npath = \"x/atlassian-jira.log\"\n[[log]]\npath = \"y/atlassian-jira-ipd-monitoring.log\"": "atlassian-jira.log application, " +
			"atlassian-jira-ipd-monitoring.log diagnostics",
		"[[log]]\npath = \"x/atlassian-jira-incoming-mail.log\"":                         "atlassian-jira-incoming-mail.log incoming-mail",
		"[[log]]\npath = \"x/atlassian-jira-incoming-mail.log\"\nkind = \"application\"": "atlassian-jira-incoming-mail.log application",
		"[[log]]\npath = \"x/access_log.2026-01-02\"":                                    "access_log.2026-01-02 access",
		"[[log]]\npath = \"x/localhost_access_log.2026-01-02.txt\"":                      "localhost_access_log.2026-01-02.txt access",
		"[[log]]\npath = \"x/atlassian-jira-http-access.log\"":                           "atlassian-jira-http-access.log access",
		"[[log]]\npath = \"x/requests\"\nkind = \"access\"":                              "requests access",
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
		several := strings.Contains(text, "[jira]") || !strings.Contains(text, "y/") && slices.ContainsFunc(c.Logs, func(l conf.Log) bool { return l.Kind.Optional() })
		if c.Jira.Given != several {
			t.Errorf("%s: of one Jira: %v", text, c.Jira.Given)
		}
		if strings.Contains(text, "url") && c.Alerts.JiraURL != "https://jira.example.com" {
			t.Errorf("url: %q", c.Alerts.JiraURL)
		}
	}
}

// The access log is that of the installation, unless another one is named. Its name is
// without the date, and it is followed once.
func TestAccessLog(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		`install = "jira"`:                                           "access_log jira/logs/access_log.%Y-%m-%d",
		`install = "/opt/100%/jira"`:                                 "access_log /opt/100%/jira/logs/access_log.%Y-%m-%d",
		`access_log = "logs/access_log.%Y-%m-%d"`:                    "access_log logs/access_log.%Y-%m-%d",
		`access_log = "requests"`:                                    "requests requests",
		"install = \"jira\"\naccess_log = \"/a/x_%Y%m%d-%H.%M.txt\"": "x.txt /a/x_%Y%m%d-%H.%M.txt",
		`access_log = "%Y-%m-%d"`:                                    "access_log %Y-%m-%d",
		"install = \"jira\"\n[[log]]\npath = \"x/access_log\"":       "access_log+ jira/logs/access_log.%Y-%m-%d",
		"access_log = \"x\"\n[[log]]\npath = \"x\"":                  "",
		`url = ""`: "",
	} {
		c := load(t, dir, "[jira]\n"+text)
		got := ""
		for _, l := range c.Logs {
			if l.Kind != conf.KindAccess || l.Path != c.Jira.AccessLog {
				continue
			}
			if got += l.Name + " " + l.Path; l.Start != conf.StartEnd || !l.Kind.Optional() {
				t.Errorf("%s: %+v", text, l)
			}
		}
		if got = strings.ReplaceAll(got, dir+"/", ""); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// What [jira] says must fit together.
func TestJiraProblems(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/pat", "NjI2NTU2hunter2", 0o600)
	write(t, dir+"/line", "NjI2NTU2hunter2\n\n", 0o600)
	const (
		needsURL   = `requires url, too: the base URL of Jira, such as "https://jira.example.com"`
		notToken   = "expected a personal access token of Jira as it was shown: without spaces, line breaks or the word Bearer"
		twice      = "token is also set, at line 3, remove one of them"
		encrypt    = "must begin with https://, because the token in [jira] is sent there"
		log        = ":14: jira.access_log: "
		directives = ", write the date with %Y, %m, %d, %H and %M in the file's name, such as access_log.%Y-%m-%d"
		pattern    = "copy the pattern of the access log from Jira's server.xml, or leave the key out"
		diagnosed  = "requires the diagnostics log, where Jira logs what it cannot reach: " +
			"add home, and remove diagnostics_log = false"
	)
	for text, want := range map[string]string{
		"url = 'https://jira.example.com'\ntoken_file = 'pat'":                "",
		"url = 'http://127.0.0.1:8080/jira'\ntoken_file = 'pat'":              "",
		"token_file = 'pat'\n[alerts]\njira_url = 'https://jira.example.com'": "",
		"url = 'http://jira.example.com'":                                     "",
		"url = 'http://jira.example.com'\ntoken_file = 'pat'":                 "2:7: jira.url: " + encrypt,
		"token_file = 'pat'\n[alerts]\njira_url = 'http://jira.example.com'":  "4:12: alerts.jira_url: " + encrypt,
		"token_file = 'pat'":                                 "2:1: jira.token_file: " + needsURL,
		"url = ''\ntoken = 'hunter2'":                        "3:1: jira.token: " + needsURL,
		"url = 'jira'\ntoken_file = 'pat'":                   "2:7: jira.url: must begin with https:// or http://",
		"url = 'https://h'\ntoken_file = 'line'":             "3:14: jira.token_file: " + dir + "/line has 2 lines, and line 2 is blank: write the secret alone, on one line",
		"url = 'https://h'\ntoken = 'Bearer hunter2'":        "3:9: jira.token: " + notToken,
		"url = 'https://h'\ntoken = 'x'\ntoken_file = 'pat'": "4:14: jira.token_file: " + twice,
		"access_log = 'a/%Y/access_log'":                     "2" + log + "a directory cannot have directives" + directives,
		"access_log = 'access_log.%Y-%j'":                    "2" + log + "has an unknown directive" + directives,
		"access_log = 'access_log.%m-%d'":                    "2" + log + "has no year, so its files cannot be sorted: " + directives[2:],
		"access_log = 'access_log.%Y%'":                      "2" + log + "has an unknown directive" + directives,
		"access_log = 'access_log.%%Y'":                      "2" + log + "has an unknown directive" + directives,
		"access_pattern = '%a %{jira.request.id}r %t \"%r\" %>s %{jira.request.assession.id}r'": "",
		"access_pattern = '%t \"%r\" %s %S'": "2:18: jira.access_pattern: has no %{jira.request.assession.id}r, which is required to match tests with requests: " +
			"add it in Jira's server.xml, too",
		"access_pattern = '\"%r\" %s %{jira.request.assession.id}r'": "2:18: jira.access_pattern: has no %t, which is required to match tests with requests: " +
			"add it in Jira's server.xml, too",
		"access_pattern = '%t \"%r\" %{User-Agent}i %s %{jira.request.assession.id}r'": "2:18: jira.access_pattern: put %{User-Agent}i in quotation marks, " +
			"as in Jira's server.xml: its value is chosen by whoever sends the request",
		"access_pattern = '%h %l %u %t \"%r\" %s %b'": "2:18: jira.access_pattern: has no %{jira.request.assession.id}r, which is required to match tests with requests: " +
			"add it in Jira's server.xml, too",
		"access_pattern = '%{jira.request.assession.id}r %t %s %m %U'":        "2:18: jira.access_pattern: has neither %r nor %m and %U%q, which show what was requested: add them in Jira's server.xml, too",
		"access_pattern = \"\\u0007\"":                                        "2:18: jira.access_pattern: contains an unprintable character, " + pattern,
		"home = 'h'\nalert_unreachable = true":                                "",
		"alert_unreachable = true\n[[log]]\npath = 'x'\nkind = 'diagnostics'": "",
		"alert_unreachable = true":                                            "2:21: jira.alert_unreachable: " + diagnosed,
		"home = 'h'\ndiagnostics_log = false\nalert_unreachable = true":       "4:21: jira.alert_unreachable: " + diagnosed,
	} {
		file := write(t, dir+"/config.toml", "[jira]\n"+text+"\n", 0o600)
		if want != "" {
			want = file + ":" + want
		}
		got := ""
		c, err := conf.Load(file)
		if err != nil {
			got = err.Error()
		} else if strings.Contains(text, "token") == c.Jira.Token.IsZero() ||
			strings.Contains(text, "unreachable") != c.Jira.AlertUnreachable {
			t.Errorf("%s: %+v", text, c.Jira)
		}
		if got != want || strings.Contains(got, canary) {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	c := load(t, dir, "[jira]\nurl = 'https://h'\ntoken_file = 'pat'")
	if got := c.Jira.Token; got.Reveal() != "NjI2NTU2hunter2" {
		t.Errorf("the token is %v", got)
	}
}
