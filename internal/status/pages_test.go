package status_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/store"
)

// many opens incidents of integrations, each failing a second before the one before it.
func (w *world) many(data alert.Data, keys ...string) {
	w.t.Helper()
	now := time.Now().Truncate(time.Second)
	if err := w.store.Update(func(tx *store.Tx) {
		for i, key := range keys {
			at := now.Add(-time.Duration(i) * time.Second)
			s := incident.State{Key: key, Open: true, First: at, Last: at, Seen: at, Count: 1, Content: data}
			s.Content.Integration.ID = key
			tx.SetIncident(s)
		}
	}); err != nil {
		w.t.Fatal(err)
	}
}

func keys(prefix string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%s%07d-aaaa-4bbb-8ccc-000000000000", prefix, i))
	}
	return all
}

// rows are those of incidents: in the list, of muted ones, and of closed ones.
var rows = regexp.MustCompile(`<tr class="bad">|<li>(?:<details id="[^"]*"><summary>)?<b>0[^<]*</b>|<li class="closed">`)

// Every incident is on one page, the open ones first, muted ones after those that fail;
// each page counts all, and names the next one.
func TestPages(t *testing.T) {
	sample := sampleReport(t)
	w := newWorld(t, func(c *conf.Config) { c.Alerts.Mute = []string{sample.Open[2].Data.Cause.ID} })
	failing, muted, closed := keys("a", 230), keys("0", 2), keys("c", 30)
	w.many(sample.Open[2].Data, muted...)
	w.many(sample.Open[1].Data, failing...)
	w.many(sample.Open[1].Data, closed...)
	if err := w.store.Update(func(tx *store.Tx) {
		for _, key := range closed {
			s := tx.Incident(key)
			s.Open = false
			tx.SetIncident(s)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path  string
		pages []int
	}{
		{"/api/v1/incidents", []int{100, 100, 62}}, {"/api/v1/status", []int{100, 100, 62}},
		{"/api/v1/incidents?per_page=231", []int{231, 31}}, {"/api/v1/status?per_page=500", []int{262}},
		{"/api/v1/incidents?page=4", []int{0}}, {"/api/v1/incidents?page=1000000&per_page=500", []int{0}},
	} {
		var got []string
		var pages []int
		for path := tt.path; path != ""; {
			response, body := w.ask(path)
			var page status.Incidents
			if err := json.Unmarshal([]byte(body), &page); err != nil {
				t.Fatalf("%s: %v %s", path, err, body)
			}
			if want := (status.Counts{Failing: 230, Muted: 2, Closed: 30}); page.Counts != want || page.Total != 262 {
				t.Errorf("%s: %d incidents, %+v", path, page.Total, page.Counts)
			}
			link := ""
			if path = page.Next; path != "" {
				link = "<" + path + `>; rel="next"`
			}
			if response.Header.Get("Link") != link {
				t.Errorf("Link: %s, want %s", response.Header.Get("Link"), link)
			}
			pages = append(pages, len(page.Open)+len(page.Closed))
			for _, i := range slices.Concat(page.Open, page.Closed) {
				got = append(got, i.Data.Integration.ID)
			}
		}
		slices.Sort(got[min(len(got), 232):]) // closed at almost the same time
		if want := slices.Concat(failing, muted, closed); !slices.Equal(pages, tt.pages) || len(got) > 0 && !slices.Equal(got, want) {
			t.Errorf("%s: pages of %v, want %v:\n%v", tt.path, pages, tt.pages, got)
		}
	}
	for _, tt := range []struct {
		path  string
		cards int
		links []string
	}{
		{"/", 100, []string{"Page 1 of 3, 262 incidents in all.", `<a rel="next" href="?page=2">`, `<a href="?page=3#muted">`, `<a href="?page=3#closed">30 incidents</a>`}},
		{"/?page=2&refresh=off&show=all", 100, []string{`<a rel="prev" href="?refresh=off&amp;show=all">`,
			`<a rel="next" href="?page=3&amp;refresh=off&amp;show=all">`, `<a href="?page=2&amp;show=all">`, `<a href="?page=2&amp;refresh=off">`}},
		{"/?page=3", 62, []string{`<a rel="prev" href="?page=2">`, `<a href="#muted">`}},
		{"/?page=9", 0, []string{"Page 9 of 3", `<a rel="prev" href="?page=3">`}},
	} {
		_, page := w.ask(tt.path)
		if n := len(rows.FindAllString(page, -1)); n != tt.cards {
			t.Errorf("%s: %d rows, want %d", tt.path, n, tt.cards)
		}
		contains(t, page, append(tt.links, "<h1>230 integrations are failing</h1>", "2 integrations fail")...)
		if n, want := strings.Count(page, `rel="next"`), strings.Count(strings.Join(tt.links, ""), `rel="next"`); n != want {
			t.Errorf("%s: %d links to the next page, want %d", tt.path, n, want)
		}
	}
}

// A bad page is an error that says what to write.
func TestBadPages(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	const page = "page must be a whole number from 1 to 1000000, such as page=1\n"
	const size = "per_page must be a whole number from 1 to 500, such as per_page=100\n"
	for path, want := range map[string]string{
		"/?page=0": page, "/?page=x": page, "/?page=": page, "/api/v1/status?page=-1": page, "/api/v1/incidents?page=1000001": page,
		"/api/v1/incidents?page=99999999999999999999": page, "/api/v1/incidents?per_page=0": size, "/api/v1/status?per_page=501": size,
	} {
		if response, got := w.ask(path); response.StatusCode != 400 || got != want {
			t.Errorf("%s: %s %s", path, response.Status, got)
		}
	}
}

// The integrations of a storm are listed with it where they are on its page, and have
// cards on any other.
func TestStormPages(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	r := sampleStorm(t)
	all := r.Open
	r.Pages, r.Open = 2, all[:12]
	w.site.Fake(r)
	_, page := w.ask("/")
	contains(t, page, "And 50 others on other pages.")
	r.Open = all[12:]
	w.site.Fake(r)
	_, page = w.ask("/?page=2")
	if n := strings.Count(page, `<tr class="bad">`); n != 50 {
		t.Errorf("%d rows of integrations of a storm on another page, want 50", n)
	}
}
