package status_test

import (
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/testkit"
)

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

// Only the names that lead here in earnest are answered to: another one is
// somebody else's page that reads through a visitor's browser.
func TestHost(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	local, open := newWorld(t, func(c *conf.Config) {}), newWorld(t, func(c *conf.Config) { c.HTTP = conf.HTTP{Listen: "0.0.0.0:9494", AllowRemote: true} })
	named := newWorld(t, func(c *conf.Config) { c.HTTP = conf.HTTP{Listen: "jira.example.com:9494", AllowRemote: true} })
	for _, tt := range []struct {
		host               string
		local, open, named bool
	}{
		{"127.0.0.1:9494", true, true, true},
		{"127.0.0.1", true, true, true},
		{"127.9.9.9:80", true, true, true},
		{"[::1]:9494", true, true, true},
		{"[::1]", true, true, true},
		{"localhost:9494", true, true, true},
		{"LOCALHOST", true, true, true},
		{machine + ":9494", true, true, true},
		{"10.1.2.3:9494", false, true, true},
		{"[2001:db8::1]:9494", false, true, true},
		{"jira.example.com:9494", false, false, true},
		{"evil.example.com", false, false, false},
		{"localhost.evil.example.com:9494", false, false, false},
		{"127.0.0.1.evil.example.com", false, false, false},
		{"", false, false, false},
	} {
		for w, want := range map[*world]bool{local: tt.local, open: tt.open, named: tt.named} {
			for _, path := range []string{"/", "/metrics", "/healthz", "/api/v1/status"} {
				response, body := w.ask(path, host(tt.host))
				if got := response.StatusCode != http.StatusMisdirectedRequest; got != want {
					t.Errorf("%s of host %q where %s is listened on: %s %s", path, tt.host, w.conf.HTTP.Listen, response.Status, body)
				}
			}
		}
	}
}

// Nothing but GET and HEAD, and nothing but what there is.
func TestMethodsAndPaths(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 200}, {"HEAD", "/", 200}, {"GET", "/?refresh=off", 200}, {"GET", "/healthz", 200}, {"GET", "/metrics", 200},
		{"GET", "/api/v1/status", 200}, {"GET", "/api/v1/incidents", 200},
		{"POST", "/", 405}, {"PUT", "/api/v1/status", 405}, {"DELETE", "/metrics", 405}, {"OPTIONS", "/", 405}, {"POST", "/nowhere", 405},
		{"GET", "/nowhere", 404}, {"GET", "/debug/pprof/", 404}, {"GET", "/favicon.ico", 404}, {"GET", "/page.html", 404},
	} {
		response, _ := w.ask(tt.path, func(r *http.Request) { r.Method = tt.method })
		if response.StatusCode != tt.want || tt.want == 405 && response.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: %s %v, want %d", tt.method, tt.path, response.Status, response.Header, tt.want)
		}
	}
}

// Where there is a password, it is needed for all but to hear that the process
// is alive, and whether it is ready.
func TestBasicAuth(t *testing.T) {
	w := newWorld(t, func(c *conf.Config) { c.HTTP.BasicAuth = conf.NewSecret("ops:hunter2:x") })
	for _, tt := range []struct {
		user, password string
		want           bool
	}{
		{"", "", false}, {"ops", "", false}, {"ops", "hunter2", false}, {"", "hunter2:x", false}, {"root", "hunter2:x", false}, {"ops", "hunter2:x", true},
		{"ops:hunter2", "x", true}, // the same header
	} {
		for _, path := range []string{"/", "/metrics", "/api/v1/status", "/api/v1/incidents", "/nowhere"} {
			response, body := w.ask(path, func(r *http.Request) {
				if tt.user+tt.password != "" {
					r.SetBasicAuth(tt.user, tt.password)
				}
			})
			denied := response.StatusCode == http.StatusUnauthorized && strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Basic ")
			if denied == tt.want {
				t.Errorf("%s as %s %s: %s", path, tt.user, tt.password, response.Status)
			}
			if strings.Contains(body, "hunter2") {
				t.Errorf("%s shows the password: %s", path, body)
			}
		}
	}
	if response, _ := w.ask("/healthz"); response.StatusCode != 200 {
		t.Errorf("/healthz: %s", response.Status)
	}
	testkit.Eventually(t, "the log is found missing", func() bool { // which only those who know the password are told
		response, body := w.ask("/readyz")
		return response.StatusCode == 503 && body == "not ready\n"
	})
}

// Refused logins are logged, seldom and without what was given, and slow down
// those that follow; who gives no password, or the right one, is not refused.
func TestRefusedLogins(t *testing.T) {
	w := newWorld(t, func(c *conf.Config) { c.HTTP.BasicAuth = conf.NewSecret("ops:hunter2") })
	var waited []time.Duration
	var log strings.Builder
	w.site.Logins(func(d time.Duration) { waited = append(waited, d) }, slog.New(slog.NewTextHandler(&log, nil)))
	as := func(user, password string) int {
		response, _ := w.ask("/", func(r *http.Request) {
			r.RemoteAddr = "10.1.2.3:4567"
			if user != "" {
				r.SetBasicAuth(user, password)
			}
		})
		return response.StatusCode
	}
	for range 4 {
		if as("", "") != 401 || as("s3cret\n\x1b[31m", "hunter") != 401 {
			t.Error("a wrong login is answered")
		}
	}
	if as("ops", "hunter2") != 200 {
		t.Error("the right one is refused")
	}
	if want := []time.Duration{0, 0, 0, time.Second, time.Second}; !slices.Equal(waited, want) {
		t.Errorf("waited %v, want %v", waited, want)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `msg="status page: login refused" from=10.1.2.3 refused=1`) ||
		strings.Contains(got, "hunter") || strings.Contains(got, "s3cret") {
		t.Errorf("logged %s", got)
	}
}

// A browser is told to make nothing of an answer but what it is.
func TestHeaders(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	for _, path := range []string{"/", "/metrics", "/healthz", "/api/v1/status", "/nowhere"} {
		response, _ := w.ask(path)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %s: %s, want %s", path, name, got, want)
			}
		}
		policy := response.Header.Get("Content-Security-Policy")
		contains(t, policy, "default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'")
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") {
			t.Errorf("policy %s", policy)
		}
	}
}
