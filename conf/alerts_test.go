package conf_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
)

// Links and requests are made by putting a path after an address.
func TestJiraURL(t *testing.T) {
	const query = "remove everything from ? or # on, because paths are appended to this address"
	const odd = "contains a character that is not allowed in an address, write one such as https://host/path"
	tests := []struct{ given, want, problem string }{
		{"", "", ""},
		{"https://jira.example.com", "https://jira.example.com", ""},
		{"http://jira.example.com:8080/jira//", "http://jira.example.com:8080/jira", ""},
		{"https://[::1]/é/", "https://[::1]/é", ""},
		{"jira.example.com", "", "must begin with https:// or http://"},
		{"https://me:hunter2@jira.example.com", "", "has a user or password before the host, leave them out"},
		{"https://jira.example.com/?os_password=hunter2", "", query},
		{"https://jira.example.com?", "", query},
		{"https://jira.example.com/#", "", query},
		{"https://<your host>", "", "not a URL, write one such as https://host/path"},
		{"https://<host>/jira", "", odd},
		{"https://jira.example.com/a|b", "", odd},
		{"https://jira.example.com/\u202e", "", odd},
	}
	dir := t.TempDir()
	for _, tt := range tests {
		text := fmt.Sprintf("[alerts]\njira_url = %s\n", tomlString(tt.given))
		c, err := conf.Load(write(t, dir+"/config.toml", text, 0o600))
		if tt.problem != "" {
			want := conf.Problems{{dir + "/config.toml", 2, 12, "alerts.jira_url", tt.problem}}
			if !reflect.DeepEqual(err, error(want)) {
				t.Errorf("jira_url = %q\n got %v\nwant %v", tt.given, err, want)
			}
			continue
		}
		if err != nil || c.Alerts.JiraURL != tt.want {
			t.Errorf("jira_url = %q: got %+v, %v, want %q", tt.given, c, err, tt.want)
		}
	}
}

func TestStorm(t *testing.T) {
	dir := t.TempDir()
	for given, ok := range map[int]bool{-1: false, 0: true, 1: true, 1000: true, 1001: false} {
		c, err := conf.Load(write(t, dir+"/config.toml", fmt.Sprintf("[alerts]\nstorm = %d\n", given), 0o600))
		if ok && (err != nil || c.Alerts.Storm != given) {
			t.Errorf("storm = %d: %v", given, err)
		}
		want := conf.Problems{{dir + "/config.toml", 2, 9, "alerts.storm", "expected a number of incidents from 1 to 1000, or 0 to alert on each one separately"}}
		if !ok && !reflect.DeepEqual(err, error(want)) {
			t.Errorf("storm = %d\n got %v\nwant %v", given, err, want)
		}
	}
}

// Whoever folds retries for as long as an incident lasts would never hear of another one.
func TestFoldRetries(t *testing.T) {
	dir := t.TempDir()
	for given, want := range map[string]string{
		`fold_retries = "15m"`: "", `fold_retries = "23h"`: "",
		`fold_retries = "24h"`:                           `must be less than quiet_after, write one such as "15m"`,
		`fold_retries = "1h"` + "\nquiet_after = \"1h\"": `must be less than quiet_after, write one such as "15m"`,
	} {
		_, err := conf.Load(write(t, dir+"/config.toml", "[alerts]\n"+given+"\n", 0o600))
		problem := conf.Problems{{dir + "/config.toml", 2, 16, "alerts.fold_retries", want}}
		if want == "" && err != nil || want != "" && !reflect.DeepEqual(err, error(problem)) {
			t.Errorf("%s: got %v, want %q", given, err, want)
		}
	}
}

// A burst is a number of incidents within a time, or off.
func TestBurst(t *testing.T) {
	dir := t.TempDir()
	const unreadable = `cannot read %q, write a number of incidents and a time such as "10 in 10m", or "0" for off`
	const number = `expected a number of incidents from 1 to 1000, such as "10 in 10m", or "0" for off`
	const within = `expected a time of at most 24h, such as "10 in 10m"`
	for given, want := range map[string]any{
		"0": conf.Burst{}, "10 in 10m": conf.Burst{Count: 10, Within: 10 * time.Minute}, "1 in 24h": conf.Burst{Count: 1, Within: 24 * time.Hour},
		"": fmt.Sprintf(unreadable, ""), "10": fmt.Sprintf(unreadable, "10"), "ten in 10m": fmt.Sprintf(unreadable, "ten in 10m"),
		"0 in 10m": number, "1001 in 10m": number, "-1 in 10m": number, "10 in 25h": within, "10 in 0": within,
		"10 in 10": `missing unit in duration "10", write "10s", "10m" or "10h"`,
	} {
		c, err := conf.Load(write(t, dir+"/config.toml", fmt.Sprintf("[alerts]\nburst = %q\n", given), 0o600))
		problem, bad := want.(string)
		if bad && (err == nil || !strings.Contains(err.Error(), "alerts.burst: "+problem)) || !bad && (err != nil || c.Alerts.Burst != want) {
			t.Errorf("burst = %q: got %v, %v, want %v", given, c, err, want)
		}
	}
}

// One thousand integrations have names, and no more.
func TestManyIntegrations(t *testing.T) {
	dir, text := t.TempDir(), "[integrations]\n"
	for n := range 1001 {
		if n == 1000 {
			if c, err := conf.Load(write(t, dir+"/config.toml", text, 0o600)); err != nil || len(c.Integrations) != 1000 {
				t.Errorf("1000 names: %v", err)
			}
		}
		text += fmt.Sprintf("app-%d = \"App %[1]d\"\n", n)
	}
	_, err := conf.Load(write(t, dir+"/config.toml", text, 0o600))
	want := conf.Problems{{dir + "/config.toml", 1, 1, "integrations", "has 1001 names, at most 1000 are allowed"}}
	if !reflect.DeepEqual(err, error(want)) {
		t.Errorf("1001 names\n got %v\nwant %v", err, want)
	}
}
