package status_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/pipeline"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

var update = testkit.Update

var catalogue = sync.OnceValues(matchers.Builtin)

// world is a service with one log, and two notifiers that deliver nothing by
// themselves.
type world struct {
	t     *testing.T
	dir   string
	conf  *conf.Config
	store *store.Store
	site  *status.Site
	log   *pipeline.Log
}

// newWorld starts one; change may alter its configuration first.
func newWorld(t *testing.T, change func(*conf.Config)) *world {
	t.Helper()
	c, err := conf.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Node, c.HTTP.Listen = "jira-node-1", "127.0.0.1:9494"
	change(c)
	w := &world{t: t, dir: t.TempDir(), conf: c}
	if w.store, err = store.Open(filepath.Join(w.dir, "state"), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	set, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	w.site = status.New(status.Program{Version: "v1.2.3", Commit: "abc", Go: "go1"}, w.store, slog.New(slog.DiscardHandler))
	w.site.Logins(func(time.Duration) {}, slog.New(slog.DiscardHandler))
	targets := []notify.Target{{Notifier: conf.Notifier{Name: "ops"}, Kind: "slack"}, {Notifier: conf.Notifier{Name: "hub"}, Kind: "webhook"}}
	recorder := &pipeline.Recorder{Store: w.store, Rules: incident.NewRules(c), Tally: w.site.Metrics(),
		Recipients: []pipeline.Recipient{{Name: "ops"}, {Name: "hub"}}}
	f := tailer.Follow(w.path(), tailer.Position{}, tailer.Options{Start: tailer.Beginning})
	w.log = &pipeline.Log{
		Source: incident.Source{Name: "jira", Path: w.path()}, Zone: time.UTC, Reader: f, Set: set, Recorder: recorder,
		Checkpoint: &pipeline.Checkpoint{Key: w.path(), Begin: f.Position},
	}
	w.site.Show(&status.Running{Conf: c, Node: c.Node, Logs: []*pipeline.Log{w.log}, Targets: targets, Causes: []string{"entra-client-secret-invalid"}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.log.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		f.Close()
	})
	return w
}

func (w *world) path() string { return filepath.Join(w.dir, "jira.log") }

// write appends to the log.
func (w *world) write(text string) {
	w.t.Helper()
	f, err := os.OpenFile(w.path(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		w.t.Fatal(err)
	}
}

// ask is one request, to the name that the listener has.
func (w *world) ask(path string, change ...func(*http.Request)) (*http.Response, string) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://"+w.conf.HTTP.Listen+path, nil)
	for _, c := range change {
		c(r)
	}
	rec := httptest.NewRecorder()
	w.site.Handler().ServeHTTP(rec, r)
	response := rec.Result()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response, string(body)
}

// until tries a condition until it holds.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	testkit.Until(t, func() error {
		if !condition() {
			return fmt.Errorf("it did not come: %s", what)
		}
		return nil
	})
}

// queued waits until so many deliveries wait for a notifier.
func (w *world) queued(notifier string, n int) {
	w.t.Helper()
	until(w.t, "deliveries in the queue", func() bool {
		waiting, _, err := w.store.Waiting()
		return err == nil && waiting[notifier] == n
	})
}

// failing is a failure of now, and an ordinary line behind it.
func failing(flow, text string) string {
	now := time.Now().UTC().Format("2006-01-02 15:04:05")
	return now + ",000+0000 http-nio-8080-exec-7 ERROR julien 600x1x1 4eic3i 10.0.0.1 /rest/oauth2-client/latest/config/flow/" + flow +
		" [c.a.o.c.rest.resource.ClientConfigurationResource] The error message is: " + text + "\n" +
		now + ",000+0000 Caesium-1-2 INFO ServiceRunner     [c.a.j.X] ok\n"
}

const (
	flow   = "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"
	secret = "AADSTS7000215: Invalid client secret provided."
)

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}
