package status_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/testkit"
)

// What a log says is text on the page and nothing else, whatever it holds.
func TestEscaped(t *testing.T) {
	const hostile = `</pre><script>alert(1)</script><img src=x onerror=alert(1)>" onmouseover="alert(1)` + "\u202egnp.exe\x1b[31m"
	w := newWorld(t, func(*conf.Config) {})
	r := sampleReport(t)
	for i := range r.Open {
		d := &r.Open[i].Data
		d.Diagnosis, d.Log.Excerpt, d.Request.User, d.Cause.Title, d.Log.Path, d.Integration.ID = hostile, hostile, hostile, hostile, hostile, hostile
		d.Facts["app_name"], d.ID, d.Confirm = hostile, hostile, hostile
		d.Fix = []alert.Step{{Text: hostile, Where: hostile}}
		d.Links = []alert.Link{{Title: hostile, URL: "javascript:alert(1)"}}
		r.Open[i].Acknowledged = &alert.Acknowledged{By: hostile}
		r.Open[i].Deliveries = []status.Delivery{{Notifier: "ops", State: "waiting", Error: hostile}}
	}
	r.Logs[0].State, r.Logs[0].Reason, r.Notifiers[0].Error, r.Reasons = "waiting", hostile, hostile, []string{hostile}
	w.site.Fake(r)
	_, page := w.ask("/")
	contains(t, page, "&lt;script&gt;alert(1)&lt;/script&gt;")
	for _, bad := range []string{"<script", "<img", "\u202e", "\x1b", "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if m := regexp.MustCompile(`<[^>]*\s(on\w+|style)=`).FindString(page); m != "" {
		t.Errorf("the page holds %q", m)
	}
	var text bytes.Buffer
	if err := status.Text(&text, r); err != nil || strings.ContainsAny(text.String(), "\x1b\u202e") {
		t.Errorf("the text holds control characters: %v %q", err, text.String())
	}
}

// The page refreshes itself by a header until it is paused, and is expanded on request; each of
// these keeps the other. Steps are expanded anyway where at most two causes fail.
func TestPreferences(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	w.site.Fake(sampleReport(t))
	for _, tt := range []struct {
		path, refresh string
		expanded      int
		links         []string
	}{
		{"/", "30", 3, []string{`<a href="?refresh=off">Pause</a>`, `<a href="?show=all">Expand all</a>`}},
		{"/?refresh=off", "", 3, []string{`<a href="?">Refresh every 30 s</a>`, `<a href="?refresh=off&amp;show=all">Expand all</a>`}},
		{"/?show=all", "30", 7, []string{`<a href="?refresh=off&amp;show=all">Pause</a>`, `<a href="?">Collapse all</a>`}},
		{"/?show=all&refresh=off", "", 7, []string{`<a href="?show=all">Refresh every 30 s</a>`, `<a href="?refresh=off">Collapse all</a>`}},
		{"/?show=x&refresh=x&y=z", "30", 3, []string{`<a href="?refresh=off">Pause</a>`, `<a href="?show=all">Expand all</a>`}},
	} {
		r, page := w.ask(tt.path)
		if got := r.Header.Get("Refresh"); got != tt.refresh {
			t.Errorf("%s: Refresh: %q, want %q", tt.path, got, tt.refresh)
		}
		if got := strings.Count(page, `<details open="open">`); got != tt.expanded {
			t.Errorf("%s: %d are expanded, want %d", tt.path, got, tt.expanded)
		}
		contains(t, page, tt.links...)
	}
}

// watcher status shows what the page shows, in 80 columns; a word that is
// longer stays whole.
func TestText(t *testing.T) {
	for _, tt := range []struct {
		golden string
		report status.Report
		want   []string
	}{
		{"sample", sampleReport(t), []string{
			"2 integrations are failing.\n", "jira-node-1, as of 2026-03-04 14:25:07 +01:00; running since",
			"\nFAILING NOW\n\n[high] ", "\n  - 67513c3d-f6a4-4f93-ab37-f1bd822e68c9: 5 failures since 2026-03-03 18:14,",
			"; snoozed by maria until", "      hub: reminder waiting, queued 14 h ago, tried 31 times: dial",
			"      hub: opened dead-lettered, queued 20 h ago: 400 Bad Request\n",
			"   1. [", "  Fixed when: ",
			"\nFAILING, MUTED\n", "  How to fix it: jira-oauth-watcher causes entra-",
			"\nLOGS\n\njira: up to date\n", "read to byte 18,442,017, 0 bytes behind", "42 rotations; nothing known to be lost",
			"\nNOTIFIERS\n\nops (slack): delivers\n", "hub (webhook): the last attempt failed, next try in 110 s\n  1 alert queued, the first one since",
			"1 alert dead-lettered",
			"\nCLOSED IN THE LAST 7 DAYS\n", "closed 4 days ago",
		}},
		{"storm", sampleStorm(t), []string{
			"60 integrations are failing.\nlog \"jira\", " + sampleLog + ", cannot\nbe read: permission denied\n",
			"\nMONITORING IMPAIRED\n\n[high] A log cannot be read\n", "since 2026-03-04 13:01\n",
			"\nMANY INTEGRATIONS AT ONCE\n", "  - 00000018-aaaa-4bbb-8ccc-000000000000: 2 failures since ", "  - and 41 more\n",
			"jira: cannot be read: permission denied\n", "73 kB LOST", "hub (webhook): suspended: the receiver rejects its settings,",
			"alerts dropped from a full queue",
		}},
	} {
		var b bytes.Buffer
		if err := status.Text(&b, tt.report); err != nil {
			t.Fatal(err)
		}
		contains(t, b.String(), tt.want...)
		testkit.Golden(t, "testdata/"+tt.golden+".golden.txt", b.String())
		for line := range strings.Lines(b.String()) {
			line = strings.TrimRight(line, "\n")
			command := strings.HasPrefix(line, "        ") // stays whole, to be copied
			if words := strings.Fields(strings.TrimLeft(line, " |")); utf8.RuneCountInString(line) > 80 && len(words) > 1 && !command {
				t.Errorf("longer than 80 columns: %s", line)
			}
		}
	}
}

// What impairs monitoring is in no catalogue: its steps are printed,
// however much else there is.
func TestTextOfTroubles(t *testing.T) {
	r := sampleStorm(t)
	r.Open = append(r.Open, sampleReport(t).Open...)
	var b bytes.Buffer
	if err := status.Text(&b, r); err != nil {
		t.Fatal(err)
	}
	contains(t, b.String(), "Check that the file exists", "jira-oauth-watcher causes entra-")
	if strings.Contains(b.String(), "causes log-unreadable") {
		t.Error("it sends people to a catalogue that does not have it")
	}
}

// Times are those of the operator's zone.
func TestZone(t *testing.T) {
	kolkata := time.FixedZone("", 5*3600+1800)
	w := newWorld(t, func(c *conf.Config) { c.Alerts.DisplayZone = kolkata })
	w.many(sampleReport(t).Open[1].Data, keys("a", 1)...)
	before := time.Now().In(kolkata)
	_, page := w.ask("/")
	_, answer := w.ask("/api/v1/status")
	for _, at := range []time.Time{before, before.Add(-time.Minute)} {
		if strings.Contains(page, "<td class=\"since\">"+at.Format("2006-01-02 15:04")+"</td>") && strings.Contains(page, "&#43;05:30, refreshes") {
			contains(t, answer, `+05:30"`)
			return
		}
	}
	t.Errorf("no time of the zone in %s", page)
}
