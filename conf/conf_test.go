package conf_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
)

func TestLoad(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	want := &conf.Config{
		File:     "testdata/full.toml",
		Node:     "jira-node-1",
		StateDir: "/var/lib/watcher",
		Jira: conf.Jira{
			Given: true, Install: "/opt/jira", Token: conf.NewSecret("hunter2"), MailLogs: true, DiagnosticsLog: true,
			AccessLog: "/opt/jira/logs/access.%Y-%m-%d-%H.log",
		},
		Logs: []conf.Log{{
			Path: "/var/log/jira.log", Kind: conf.KindApplication, Name: "jira", Start: conf.StartBeginning, TimeZone: paris, SilentAfter: 30 * time.Minute,
		}, {
			Path: "/opt/jira/logs/access.%Y-%m-%d-%H.log", Kind: conf.KindAccess, Name: "access.log", Start: conf.StartEnd, TimeZone: time.Local,
		}},
		Alerts: conf.Alerts{
			QuietAfter:  60 * time.Hour,
			Mute:        []string{"one", "two"},
			MinSeverity: conf.SeverityMedium,
			Mask:        []conf.Mask{conf.MaskUser, conf.MaskIP, conf.MaskEmail, conf.MaskHost},
			JiraURL:     "https://jira.example.com/jira",
			Storm:       20,
			FoldRetries: 15 * time.Minute,
		},
		Integrations: map[string]string{"79c86cf8-e761-4fdc-bc20-a629c5d04260": "Help desk 365",
			"contoso.onmicrosoft.com": "Contoso", "handler-10100": "Störungen <!here>"},
		Causes: conf.Causes{Dir: "/etc/causes", DirGiven: true},
		HTTP:   conf.HTTP{Listen: "0.0.0.0:9494", BasicAuth: conf.NewSecret("ops:hunter2"), AllowRemote: true},
		Slack: []conf.Slack{{
			Notifier:   conf.Notifier{Name: "ops", MinSeverity: conf.SeverityHigh, Timeout: 5 * time.Minute, RetryFor: time.Hour},
			WebhookURL: conf.NewSecret("https://hooks.slack.com/services/hunter2"),
			Mention:    "<!here>",
			Text:       true,
		}, {
			Notifier: conf.Notifier{Name: "ops-bot", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour},
			BotToken: conf.NewSecret("xoxb-hunter2"),
			Channel:  "C0123456789",
			Mention:  "<!subteam^S0123>",
			APIURL:   "https://slack-gov.com/api/",
			AppToken: conf.NewSecret("xapp-hunter2"),
		}, {
			Notifier: conf.Notifier{Name: "slack", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour},
			BotToken: conf.NewSecret("xoxe.xoxb-hunter2"),
			Channel:  "G0123456",
			APIURL:   "https://slack.com/api/",
		}},
		Webhooks: []conf.Webhook{{
			Notifier: conf.Notifier{Name: "hub", Timeout: 10 * time.Second, RetryFor: 24 * time.Hour},
			URL:      conf.NewSecret("http://hub.example.com/jira?token=hunter2"),
			Secret:   conf.NewSecret("whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg=="),
			Template: absolute(t, "testdata/body.tmpl"),

			PreviousSecret: conf.NewSecret("whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnRlcjI="),
			Client: conf.Client{Headers: map[string]conf.Secret{
				"X-Team": conf.NewSecret("mail"), "Authorization": conf.NewSecret("Bearer hunter2"),
			}},
		}},
		Alertmanagers: []conf.Alertmanager{{
			Notifier: conf.Notifier{Name: "alertmanager", Timeout: time.Second, RetryFor: 24 * time.Hour},
			URLs:     []conf.Secret{conf.NewSecret("http://127.0.0.1:9093")},
		}, {
			Notifier: conf.Notifier{
				Name: "am", MinSeverity: conf.SeverityCritical, Timeout: 10 * time.Second, RetryFor: 30 * time.Minute, CAFile: absolute(t, "testdata/ca.pem"),
			},
			URLs:   []conf.Secret{conf.NewSecret("https://am-1.example.com/prefix"), conf.NewSecret("https://am-2.example.com/prefix")},
			Client: conf.Client{Headers: map[string]conf.Secret{"X-Scope-OrgID": conf.NewSecret("hunter2")}},
		}},
	}
	got, err := conf.Load("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(exported(got), exported(want)) {
		t.Errorf("Load\n got %+v\nwant %+v", got, want)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// exported is a copy without warnings, which depend on how the sources were
// checked out, without the form of the access log, and without unexported fields.
func exported(c *conf.Config) conf.Config {
	jira := c.Jira
	jira.AccessLine, jira.AccessPattern = nil, conf.Jira{}.AccessPattern
	return conf.Config{
		File: c.File, Node: c.Node, StateDir: c.StateDir, Jira: jira, Logs: c.Logs, Alerts: c.Alerts,
		Causes: c.Causes, HTTP: c.HTTP, Slack: c.Slack, Webhooks: c.Webhooks, Alertmanagers: c.Alertmanagers,
		Integrations: c.Integrations,
	}
}

func TestDefault(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"":                     "./watcher-state",
		"/var/lib/one":         "/var/lib/one",
		"/var/lib/one:/var/l2": "/var/lib/one",
	} {
		t.Setenv("STATE_DIRECTORY", given)
		got, err := conf.Default()
		if err != nil {
			t.Fatal(err)
		}
		want := conf.Config{
			Node:     host,
			StateDir: want,
			Jira:     conf.Jira{MailLogs: true, DiagnosticsLog: true},
			Alerts:   conf.Alerts{RepeatInterval: 4 * time.Hour, QuietAfter: 24 * time.Hour, Storm: 50},
			Causes:   conf.Causes{Dir: "/etc/jira-oauth-watcher/causes.d"},
		}
		if !reflect.DeepEqual(exported(got), want) {
			t.Errorf("Default with STATE_DIRECTORY=%s\n got %+v\nwant %+v", given, got, want)
		}
		empty, err := conf.Load("testdata/empty.toml")
		if want.File = "testdata/empty.toml"; err != nil || !reflect.DeepEqual(exported(empty), want) {
			t.Errorf("Load of an empty file with STATE_DIRECTORY=%s\n got %+v, %v\nwant %+v", given, empty, err, want)
		}
	}
}

func TestLoadLogDefaults(t *testing.T) {
	c := load(t, t.TempDir(), "[[log]]\npath = \"/var/log/atlassian-jira.log\"\n")
	want := []conf.Log{{
		Path: "/var/log/atlassian-jira.log", Kind: conf.KindApplication, Name: "atlassian-jira.log", Start: conf.StartEnd, TimeZone: time.Local,
	}}
	if !reflect.DeepEqual(c.Logs, want) {
		t.Errorf("logs\n got %+v\nwant %+v", c.Logs, want)
	}
}

// The time zone of a log has no empty name, unlike that of texts.
func TestNoTimeZone(t *testing.T) {
	file := write(t, t.TempDir()+"/config.toml", "[alerts]\ndisplay_zone = \"\"\n[[log]]\npath = \"/jira.log\"\ntime_zone = \"\"\n", 0o600)
	want := file + `:5:13: log.time_zone: unknown time zone "", write an IANA name such as "Europe/Paris"`
	if _, err := conf.Load(file); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// load writes a configuration into dir, for its owner only, and loads it.
func load(t *testing.T, dir, text string) *conf.Config {
	t.Helper()
	c, err := conf.Load(write(t, filepath.Join(dir, "config.toml"), text, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, path, text string, mode fs.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

func TestLoadUnreadable(t *testing.T) {
	dir := t.TempDir()
	_, err := conf.Load(dir + "/absent.toml")
	if want := "configuration file " + dir + "/absent.toml: no such file or directory"; err == nil || err.Error() != want || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent file: got %v, want %s", err, want)
	}
	if _, err := conf.Load(dir); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: got %v", err)
	}
	large := write(t, dir+"/large.toml", strings.Repeat("# 34567\n", 1<<17), 0o600)
	if _, err := conf.Load(large); err != nil {
		t.Errorf("a file of 1 MiB: got %v", err)
	}
	write(t, large, strings.Repeat("# 34567\n", 1<<17)+"#", 0o600)
	if _, err := conf.Load(large); err == nil || err.Error() != large+":1:1: the file is larger than 1048576 bytes" {
		t.Errorf("a file of more than 1 MiB: got %v", err)
	}
}

// A cause that is muted or under maintenance must exist; maintenance never holds back
// alerts about the watcher itself.
func TestCheckCauses(t *testing.T) {
	dir := t.TempDir()
	c := load(t, dir, "[alerts]\nmute = [\"token-expired\",\n  \"tokn-expired\", \"é\", \"log-silent\"]\n"+
		"[[maintenance]]\nfrom = \"22:00\"\nto = \"02:00\"\ndays = [\"sat\"]\ncauses = [\"dns\", \"dnss\", \"log-silent\"]\n")
	own := []string{"log-silent"}
	got := c.CheckCauses([]string{"token-expired", "dns"}, own)
	want := conf.Problems{
		{dir + "/config.toml", 3, 3, "alerts.mute", `unknown cause "tokn-expired", did you mean "token-expired"?`},
		{dir + "/config.toml", 3, 19, "alerts.mute", `unknown cause "é"`},
		{dir + "/config.toml", 8, 18, "maintenance.causes", `unknown cause "dnss", did you mean "dns"?`},
		{dir + "/config.toml", 8, 26, "maintenance.causes", "alerts about the watcher itself (log-silent) are never held back, remove it"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("CheckCauses\n got %v\nwant %v", got, want)
	}
	if got := c.CheckCauses([]string{"token-expired", "tokn-expired", "é", "dns", "dnss", "log-silent"}, nil); got != nil {
		t.Errorf("CheckCauses of known causes = %v", got)
	}
}

func TestParseDuration(t *testing.T) {
	tests := []struct {
		in   string
		want time.Duration
	}{
		{"0", 0},
		{"0s", 0},
		{"90s", 90 * time.Second},
		{"1h30m", 90 * time.Minute},
		{"1.5h", 90 * time.Minute},
		{"7d", 7 * 24 * time.Hour},
		{"1d12h", 36 * time.Hour},
		{"0.5d", 12 * time.Hour},
		{"100ms", 100 * time.Millisecond},
		{"106751d", 106751 * 24 * time.Hour},
	}
	for _, tt := range tests {
		if got, err := conf.ParseDuration(tt.in); got != tt.want || err != nil {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
		}
	}
	for in, want := range map[string]string{
		"5 minutes":             `unknown unit " minutes" in duration "5 minutes", write "5m"`,
		"5 minutes 30 Seconds":  `unknown unit " minutes " in duration "5 minutes 30 Seconds", write "5m30s"`,
		"1,5h":                  `unknown unit "," in duration "1,5h", write one such as "30s", "5m", "4h" or "7d"`,
		"2w":                    `unknown unit "w" in duration "2w", write one such as "30s", "5m", "4h" or "7d"`,
		"5":                     `missing unit in duration "5", write "5s", "5m" or "5h"`,
		"-5m":                   `negative duration "-5m", write one such as "30s", "5m", "4h" or "7d"`,
		" 5m":                   `cannot read the duration " 5m", write one such as "30s", "5m", "4h" or "7d"`,
		"":                      `empty duration, write one such as "30s", "5m", "4h" or "7d"`,
		"106752d":               `the duration "106752d" is too long`,
		"106751d24h":            `the duration "106751d24h" is too long`,
		"9999999999h":           `the duration "9999999999h" is too long`,
		strings.Repeat("1", 65): `cannot read the duration "` + strings.Repeat("1", 64) + `…", write one such as "30s", "5m", "4h" or "7d"`,
	} {
		if got, err := conf.ParseDuration(in); err == nil || err.Error() != want || got != 0 {
			t.Errorf("ParseDuration(%q)\n got %v, %v\nwant %s", in, got, err, want)
		}
	}
}

func TestSeverity(t *testing.T) {
	for want, s := range map[string]conf.Severity{
		"low": conf.SeverityLow, "medium": conf.SeverityMedium, "high": conf.SeverityHigh, "critical": conf.SeverityCritical,
	} {
		text, err := s.MarshalText()
		back := conf.Severity(-1)
		if string(text) != want || s.String() != want || err != nil || back.UnmarshalText(text) != nil || back != s {
			t.Errorf("severity %d: %s, %q, %v, back %v, want %s", s, s, text, err, back, want)
		}
	}
	none := conf.Severity(9)
	if text, err := none.MarshalText(); err == nil || none.String() != "Severity(9)" {
		t.Errorf("severity 9 is %v, %q", none, text)
	}
}

// A relative path is meant from the directory of the file it stands in,
// wherever the program is started.
func TestRelativePaths(t *testing.T) {
	dir := t.TempDir()
	c := load(t, dir, "state_dir = \"state\"\n[[log]]\npath = \"../log/jira.log\"\n[causes]\ndir = \"./causes.d\"\n")
	want := []string{filepath.Join(dir, "state"), filepath.Join(filepath.Dir(dir), "log", "jira.log"), filepath.Join(dir, "causes.d")}
	if got := []string{c.StateDir, c.Logs[0].Path, c.Causes.Dir}; !reflect.DeepEqual(got, want) {
		t.Errorf("paths %q, want %q", got, want)
	}
}
