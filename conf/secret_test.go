package conf_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/testkit"
)

// A secret does not print itself, neither alone nor inside of something.
func TestSecretIsNotShown(t *testing.T) {
	s := conf.NewSecret(canary)
	c, err := conf.Load("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	things := []any{
		s, &s, []conf.Secret{s}, map[string]conf.Secret{"a": s}, struct{ S conf.Secret }{s},
		struct{ s conf.Secret }{s}, struct{ s *conf.Secret }{&s}, c, *c, c.Slack, c.Webhooks[0], c.Alertmanagers,
	}
	for _, thing := range things {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			fmt.Fprintf(&out, verb+"\n", thing)
		}
		text, err := json.Marshal(thing)
		fmt.Fprintf(&out, "%s %v\n", text, err)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "k", thing)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "k", thing)
		for _, form := range []string{canary, fmt.Sprintf("%x", canary), base64.StdEncoding.EncodeToString([]byte(canary))} {
			if strings.Contains(out.String(), form) {
				t.Errorf("%T shows its secret:\n%s", thing, out.String())
			}
		}
	}
	for _, got := range []string{fmt.Sprint(s), fmt.Sprintf("%#v", s), fmt.Sprintf("%q", s)} {
		if strings.Trim(got, `"`) != "[secret]" {
			t.Errorf("a secret prints as %s", got)
		}
	}
	if text, err := json.Marshal(s); string(text) != `"[secret]"` || err != nil {
		t.Errorf("a secret is %s in JSON, %v", text, err)
	}
}

func TestSecretValue(t *testing.T) {
	var unset conf.Secret
	if !unset.IsZero() || unset.Reveal() != "" || !conf.NewSecret("").IsZero() {
		t.Error("the zero value is not unset")
	}
	if s := conf.NewSecret(canary); s.IsZero() || s.Reveal() != canary || !reflect.DeepEqual(s, conf.NewSecret(canary)) {
		t.Error("a secret does not keep its value")
	}
}

func TestSecretFile(t *testing.T) {
	const value = "https://hooks.slack.com/services/hunter2"
	dir, credentials := t.TempDir(), t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	write(t, dir+"/beside", value+"\n", 0o600)
	write(t, dir+"/windows", value+"\r\n", 0o640)
	write(t, dir+"/both", "https://wrong.example.com", 0o600)
	write(t, credentials+"/both", value, 0o444)
	write(t, dir+"/open", value, 0o604)
	write(t, dir+"/credentials/beside-unit", value, 0o600)
	write(t, credentials+"/jira-oauth-watcher_unit", value, 0o440)

	open := fmt.Sprintf("slack.webhook_url_file: %s/open can be read by other users (mode 0604), run: chmod 600 %[1]s/open", dir)
	tests := []struct {
		raw      string
		warnings []string
	}{
		{"beside", nil},
		{"./beside", nil},
		{dir + "/beside", nil},
		{"windows", nil},
		{"both", nil},                // the credentials come first, and may have any mode
		{credentials + "/both", nil}, // also when named in full
		{"beside-unit", nil},
		{"unit", nil}, // as the unit's LoadCredential names it
		{"open", []string{open}},
	}
	for _, tt := range tests {
		c := load(t, dir, fmt.Sprintf("[[slack]]\nwebhook_url_file = %q\n", tt.raw))
		if got := c.Slack[0].WebhookURL.Reveal(); got != value {
			t.Errorf("webhook_url_file = %q is %q, want %q", tt.raw, got, value)
		}
		if !reflect.DeepEqual(c.Warnings, tt.warnings) {
			t.Errorf("webhook_url_file = %q warns\n got %q\nwant %q", tt.raw, c.Warnings, tt.warnings)
		}
	}
}

func TestSecretFileRefused(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	write(t, dir+"/empty", "\n", 0o600)
	write(t, dir+"/lines", "https://example.com/hunter2\n\n", 0o600)
	write(t, dir+"/first", "hunter2\n \nhunter2", 0o600)
	write(t, dir+"/spaces", "https://example.com/hunter2 \n", 0o600)
	write(t, dir+"/large", strings.Repeat("hunter2 ", 8<<10)+"x", 0o600)
	write(t, dir+"/dir/x", "", 0o600)

	for name, want := range map[string]string{
		"absent": "there is no file " + credentials + "/absent and no " + credentials + "/jira-oauth-watcher_absent and no " + dir +
			"/absent and no " + dir + "/credentials/absent, create it with: install -m 0600 /dev/stdin " + dir + "/absent; systemd reads the files in " + dir +
			"/credentials only when the service starts, so restart the service after you change them",
		dir + "/absent":      "there is no file " + dir + "/absent, create it with: install -m 0600 /dev/stdin " + dir + "/absent",
		"empty":              dir + "/empty is empty",
		"lines":              dir + "/lines has 2 lines, and line 2 is blank: write the secret alone, on one line",
		"first":              dir + "/first has 3 lines, and line 2 is blank: write the secret alone, on one line",
		"spaces":             dir + "/spaces has spaces before or after the secret, remove them",
		"large":              dir + "/large is larger than 65536 bytes",
		"dir":                dir + "/dir is not a regular file",
		"":                   "empty, write the name of a file",
		"a\ab":               "contains an unprintable character",
		"https://x/hunter2":  "expected the name of a file; the value itself belongs to the key without _file",
		"empty/hunter.token": dir + "/empty/hunter.token cannot be read: not a directory",
	} {
		text := fmt.Sprintf("[[slack]]\nwebhook_url_file = %s\n", tomlString(name))
		_, err := conf.Load(write(t, dir+"/config.toml", text, 0o600))
		want := conf.Problems{{dir + "/config.toml", 2, 20, "slack.webhook_url_file", want}}
		if !reflect.DeepEqual(err, error(want)) {
			t.Errorf("webhook_url_file = %q\n got %v\nwant %v", name, err, want)
		}
	}
}

func TestOpenConfiguration(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(canary), 6))
	bot := write(t, t.TempDir()+"/bot", "xoxb-1", 0o600)
	key := write(t, t.TempDir()+"/key", "whsec_"+secret, 0o600)
	tests := []struct{ text, holds string }{
		{"[[slack]]\nwebhook_url = 'https://hooks.slack.com/x'", "slack.webhook_url"},
		{"[[slack]]\nbot_token = 'xoxb-1'\nchannel = 'C0123456789'", "slack.bot_token"},
		{"[[slack]]\nbot_token_file = '" + bot + "'\nchannel = 'C0123456789'\napp_token = 'xapp-1'", "slack.app_token"},
		{"[jira]\nurl = 'https://example.com'\ntoken = 'x'", "jira.token"},
		{"[[webhook]]\nurl = 'https://example.com/x'\nheaders = { X-Team = 'mail' }", ""},
		{"[[webhook]]\nurl = 'https://example.com/x?key=y'", "webhook.url"},
		{"[[webhook]]\nurl = 'https://example.com/x'\nsecret = 'whsec_" + secret + "'", "webhook.secret"},
		{"[[webhook]]\nurl = 'https://example.com/x'\nsecret_file = '" + key + "'\nprevious_secret = 'whsec_" + secret + "'", "webhook.previous_secret"},
		{"[[webhook]]\nurl = 'https://example.com/x'\nheaders = { Authorization = 'x' }", "webhook.headers.Authorization"},
	}
	for _, tt := range tests {
		path := write(t, filepath.Join(t.TempDir(), "config.toml"), tt.text, 0o644)
		c, err := conf.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		if tt.holds != "" {
			want = []string{path + " can be read by other users (mode 0644) and contains a secret (" + tt.holds + "), run: chmod 600 " + path}
		}
		if !reflect.DeepEqual(c.Warnings, want) {
			t.Errorf("%s\n got %q\nwant %q", tt.text, c.Warnings, want)
		}
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if c, err := conf.Load(path); err != nil || c.Warnings != nil {
			t.Errorf("%s, mode 0640: %q, %v", tt.text, c.Warnings, err)
		}
	}
}

func TestCAFile(t *testing.T) {
	const certificate = "testdata/ca.pem"
	pem := testkit.Read(t, certificate)
	dir := t.TempDir()
	write(t, dir+"/ca.pem", pem, 0o644)
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	c := load(t, dir, "[[webhook]]\nurl = 'https://example.com'\nca_file = 'ca.pem'\n")
	if got := c.Webhooks[0].CAFile; got != dir+"/ca.pem" || c.Warnings != nil {
		t.Errorf("ca_file is %s, warnings %q, want %s/ca.pem", got, c.Warnings, dir)
	}
}

// Whatever is wrong with a secret, its value is not told. Nor is that of a key
// in whose place one may have been pasted.
func FuzzSecretInProblem(f *testing.F) {
	for _, around := range []string{
		"", "https://", "whsec_", " ", "\n", "https://h:x", "http://[", "%", "https://a@b/", "\x00",
		"xoxb-", "xoxe.xoxb-", "xoxp-", "xapp-", "https://h/?", "<!", "C",
	} {
		f.Add(around, "")
		f.Add(around, "/\x7f")
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, before, after string) {
		const canary = "C4n4ry"
		v := tomlString(before + canary + after)
		for _, text := range []string{
			"[[slack]]\nwebhook_url = %s\n[[webhook]]\nurl = %[1]s\nsecret = %[1]s\nprevious_secret = %[1]s\n[webhook.headers]\nX = %[1]s\n",
			"[[slack]]\nbot_token = %s\napp_token = %[1]s\nchannel = 'C0123456789'\n",
			"[[slack]]\nwebhook_url = 'ftp://'\nbot_token = %s\nmention = %[1]s\nchannel = %[1]s\napi_url = %[1]s\n[alerts]\njira_url = %[1]s\n",
			"[jira]\nurl = 'https://h'\ntoken = %s\n",
			"[[alertmanager]]\nurl = %s\nurls = [%[1]s, %[1]s]\nheaders.X = %[1]s\n",
		} {
			text = fmt.Sprintf(text, v)
			path := write(t, dir+"/config.toml", text, 0o644)
			c, err := conf.Load(path)
			var problems conf.Problems
			if err != nil && !errors.As(err, &problems) {
				t.Fatal(err)
			}
			if out := fmt.Sprintf("%v %+v", err, c); strings.Contains(out, canary) {
				t.Errorf("%s\nshows the secret: %s", text, out)
			}
		}
	})
}

// tomlString writes a string of TOML; what is no UTF-8 in s is lost.
func tomlString(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\U%08X`, r)
	}
	return `"` + b.String() + `"`
}
