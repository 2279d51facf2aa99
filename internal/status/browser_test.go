package status_test

import (
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/testkit/browser"
)

// samples are pages to look at: all kinds of things, trouble with a storm, and
// a service that has just begun.
func samples(t *testing.T) map[string]status.Report {
	empty := sampleReport(t)
	empty.Incidents, empty.Logs[0].LastLine, empty.Notifiers = status.Incidents{Page: 1, Pages: 1}, empty.Started.Add(-time.Hour), empty.Notifiers[:1]
	return map[string]status.Report{"sample": sampleReport(t), "storm": sampleStorm(t), "empty": empty}
}

// A browser that shows the page asks for nothing else and complains about
// nothing, and the page fits into what is there. The pictures in docs are made
// with -update.
func TestBrowser(t *testing.T) {
	b := browser.Start(t)
	w := newWorld(t, func(*conf.Config) {})
	server := httptest.NewServer(w.site.Handler())
	defer server.Close()
	for name, r := range samples(t) {
		w.site.Fake(r)
		for _, width := range []int{940, 320} {
			for _, scheme := range []string{"light", "dark"} {
				b.View(browser.View{Width: width, Dark: scheme == "dark"})
				requests, complaints := b.Open(server.URL + "/")
				if len(requests) != 1 || len(complaints) > 0 {
					t.Errorf("%s %s: requests %q, complaints %q", name, scheme, requests, complaints)
				}
				if got := b.Evaluate("getComputedStyle(document.querySelector('.banner')).borderLeftStyle"); got != "solid" {
					t.Errorf("%s %s: the style is not applied: %s", name, scheme, got)
				}
				if got := b.Evaluate("document.documentElement.scrollWidth - innerWidth"); got != "0" {
					t.Errorf("%s %s: at a width of %d the page is %s pixels too wide", name, scheme, width, got)
				}
				png := b.Picture(0, 2010)
				if len(png) < 10_000 || name == "sample" && len(png) > 300_000 {
					t.Errorf("%s %s: a picture of %d bytes", name, scheme, len(png))
				}
				if *testkit.Update && name == "sample" && width == 940 {
					testkit.Write(t, filepath.Join("..", "..", "docs", "status-"+scheme+".png"), string(png))
				}
			}
		}
	}
}
