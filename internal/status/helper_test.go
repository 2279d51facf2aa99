package status_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
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
		Source: incident.Source{Name: "jira", Path: w.path()}, Zone: time.UTC, Reader: f, Set: func() *matchers.Set { return set }, Recorder: recorder,
		Checkpoint: &pipeline.Checkpoint{Key: w.path(), Begin: f.Position},
	}
	w.site.Show(&status.Running{Conf: c, Node: c.Node, Logs: []*pipeline.Log{w.log}, Targets: targets, Causes: func() []string { return []string{"entra-client-secret-invalid"} }})
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
	testkit.Append(w.t, w.path(), text)
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

// queued waits until so many deliveries wait for a notifier, and the log is followed.
func (w *world) queued(notifier string, n int) {
	w.t.Helper()
	testkit.Eventually(w.t, "deliveries in the queue", func() bool {
		waiting, _, err := w.store.Waiting()
		return err == nil && waiting[notifier] == n && w.log.Health().Waiting == nil && !w.log.Heartbeat().IsZero()
	})
}

// failing is a failure of now, and an ordinary line after it.
func failing(flow, text string) string {
	return testkit.Failure(time.Now().UTC(), flow, text) + testkit.OrdinaryAt(time.Now().UTC())
}

const (
	flow   = "d4ec2ed5-fa07-4e3d-948d-0ce99fb20a40"
	secret = testkit.RefusedSecret
)

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
