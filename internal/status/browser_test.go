package status_test

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/testkit/browser"
)

// samples are pages to look at: all kinds of things, trouble with a storm, and
// a service that has just begun.
func samples(t *testing.T) map[string]status.Report {
	empty := sampleReport(t)
	empty.Incidents, empty.Logs[0].LastLine, empty.Notifiers = status.Incidents{Page: 1, Pages: 1}, empty.Started.Add(-time.Hour), empty.Notifiers[:1]
	return map[string]status.Report{"sample": sampleReport(t), "storm": sampleStorm(t), "empty": empty, "night": sampleNight(t)}
}

// sampleNight is a report of eight integrations that fail for the eight root causes.
func sampleNight(t *testing.T) status.Report {
	r := sampleReport(t)
	r.Notifiers = r.Notifiers[:1]
	r.Open, r.Total, r.Counts = nil, 9, status.Counts{Failing: 8, Closed: 1}
	for n, text := range testkit.Night {
		i := sampleIncident(t, fmt.Sprintf("%08d-aaaa-4bbb-8ccc-000000000000", n+1), "admin", text, 12-n, 1, 0)
		i.Deliveries = []status.Delivery{{Notifier: "ops", State: "delivered", Kind: alert.Opened, At: i.Data.Failures.First}}
		r.Open = append(r.Open, i)
	}
	return r
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
		for _, width := range []int{1280, 390, 320} {
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
				// Eight integrations are at most three screens of a desktop and six of a phone.
				if _, high := b.Size(); name == "night" && (width == 1280 && high > 3*800 || width == 390 && high > 6*844) {
					t.Errorf("%s: at a width of %d it is %d high", name, width, high)
				}
				picture := map[int]string{1280: "status-" + scheme, 390: "status-phone-" + scheme}[width]
				if *testkit.Update && name == "sample" && picture != "" {
					testkit.Write(t, filepath.Join("..", "..", "docs", picture+".png"), string(b.Picture(0, 2010)))
				}
			}
		}
	}
}
