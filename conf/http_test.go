package conf_test

import (
	"os"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
)

// A listener that other machines reach needs a password, or a word that none is
// wanted; the complaint is one, at its key.
func TestHTTP(t *testing.T) {
	const (
		bad    = `config.toml:2:10: http.listen: expected an address and a port, such as "127.0.0.1:9494"`
		auth   = "expected one line such as user:password"
		remote = `other machines can reach`
	)
	for _, tt := range []struct{ keys, want string }{
		{`listen = "127.0.0.1:9494"`, ""},
		{`listen = "127.8.9.1:9494"`, ""},
		{`listen = "[::1]:9494"`, ""},
		{`listen = "localhost:9494"`, ""},
		{``, ""},
		{`listen = ""`, bad},
		{`listen = "9494"`, bad},
		{`listen = "127.0.0.1"`, bad},
		{`listen = "127.0.0.1:0"`, bad},
		{`listen = "127.0.0.1:http"`, bad},
		{`listen = "127.0.0.1:65536"`, bad},
		{`listen = "http://127.0.0.1:9494"`, bad},
		{`listen = "a b:9494"`, bad},
		{`listen = 9494`, "expected a string in quotes"},
		{`listen = ":9494"`, `http.listen: other machines can reach ":9494": add basic_auth_file, or write allow_remote = true`},
		{`listen = "0.0.0.0:9494"`, remote},
		{`listen = "[::]:9494"`, remote},
		{`listen = "10.1.2.3:9494"`, remote},
		{`listen = "jira.example.com:9494"`, remote},
		{"listen = \":9494\"\nallow_remote = true", ""},
		{"listen = \":9494\"\nallow_remote = false", remote},
		{"listen = \":9494\"\nbasic_auth = \"ops:hunter2\"", ""},
		{"listen = \":9494\"\nbasic_auth_file = \"good\"", ""},
		{"listen = \":9494\"\nbasic_auth_file = \"none\"", "http.basic_auth_file: there is no file"},
		{"listen = \":9494\"\nbasic_auth_file = \"two\"", "two has 2 lines: write the secret alone, on one line"},
		{"listen = \":9494\"\nbasic_auth = \"hunter2\"", "http.basic_auth: " + auth},
		{"listen = \":9494\"\nbasic_auth = \"ops:\"", auth},
		{"listen = \":9494\"\nbasic_auth = \":hunter2\"", auth},
		{`basic_auth = "ops:hunter2"`, "http.basic_auth: requires listen, too"},
		{"allow_remote = true", "config.toml:2:1: http.allow_remote: requires listen, too"},
	} {
		dir := t.TempDir()
		write(t, dir+"/good", "ops:hunter2:with a colon\n", 0o600)
		write(t, dir+"/two", "ops:hunter2\nme:hunter2\n", 0o600)
		_, err := conf.Load(write(t, dir+"/config.toml", "[http]\n"+tt.keys+"\n", 0o600))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if strings.Contains(got, "\n") || got == "" != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s\n got %s\nwant %s", tt.keys, got, tt.want)
		}
		if strings.Contains(got, canary) {
			t.Errorf("%s: a secret is shown: %s", tt.keys, got)
		}
	}
}

// The page's URL is one that others can use; a client on this machine has its
// own way there.
func TestHTTPAddresses(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for listen, want := range map[string][2]string{
		"":                  {"", ""},
		"127.0.0.1:9494":    {"http://127.0.0.1:9494/", "127.0.0.1:9494"},
		"[::1]:80":          {"http://[::1]:80/", "[::1]:80"},
		"0.0.0.0:9494":      {"http://" + host + ":9494/", "localhost:9494"},
		"[::]:9494":         {"http://" + host + ":9494/", "localhost:9494"},
		":9494":             {"http://" + host + ":9494/", "localhost:9494"},
		"jira.example:9494": {"http://jira.example:9494/", "jira.example:9494"},
	} {
		h := conf.HTTP{Listen: listen}
		if got := h.URL(); got != want[0] {
			t.Errorf("URL of %q is %q, want %q", listen, got, want[0])
		}
		if got := h.Local(); h.On() && got != want[1] {
			t.Errorf("%q is reached at %q, want %q", listen, got, want[1])
		}
	}
}
