package html_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/report"
)

const maxPage = 5_000_000

// A page of 10,000 incidents stays small enough for a ticket, also where each
// of them, or each cause, does its worst; nothing is left out uncounted.
func TestSize(t *testing.T) {
	worst := strings.Repeat(`"<&`, 800)
	for name, spoil := range map[string]func(n int, i *report.Incident){
		"plain": func(int, *report.Incident) {},
		"texts": func(n int, i *report.Incident) {
			d := &i.Data
			d.Log.Excerpt, d.Log.Path, d.Diagnosis = worst, worst, fmt.Sprint(n)+worst
			d.Integration.ID = fmt.Sprint(n) + worst
			d.Facts = map[string]any{"app_id": worst, "scopes": worst}
			i.Nodes = []string{worst, fmt.Sprint(n) + worst}
		},
		"causes": func(n int, i *report.Incident) {
			id := fmt.Sprint(n)
			i.Data.Cause.ID, i.Data.Cause.Title, i.Causes[0].Cause, i.Causes[0].Title = id, id+worst, id, id+worst
			i.Data.Links = []alert.Link{{Title: worst, URL: "https://example.com/" + strings.Repeat("'", 1400)}}
			for k := range i.Hours {
				i.Hours[k].Cause = id
			}
		},
		"spells": func(n int, i *report.Incident) {
			for k := range 100 {
				i.Causes = append(i.Causes, report.Spell{Cause: fmt.Sprint("c", k), Title: worst, Failures: 1, First: i.Data.Failures.First,
					Last: i.Data.Failures.Last})
				i.Hours = append(i.Hours, report.Hour{At: at(k, 0, 0).Truncate(time.Hour), Cause: fmt.Sprint("c", k), Failures: k + 1})
				i.Timeline = append(i.Timeline, report.Moment{At: at(k, 0, 0), What: "changed", Text: worst})
			}
		},
	} {
		const n = 10_000
		r := storm(n)
		if name != "plain" {
			r.Incidents = r.Incidents[:2500] // enough to fill every room
		}
		for i := range r.Incidents {
			spoil(i, &r.Incidents[i])
		}
		for range 5000 {
			r.Files = append(r.Files, report.File{Path: worst[:300], Node: worst[:300], Problem: worst[:300]})
		}
		page := document(t, r)
		t.Logf("%s: %d bytes", name, len(page))
		if len(page) > maxPage {
			t.Errorf("%s: %d bytes", name, len(page))
		}
		if all := faults(page); all != nil {
			t.Errorf("%s: %d faults, first %s", name, len(all), all[0])
		}
		if root, _ := parse(page); name == "plain" {
			if got, want := len(root.byID("integrations").all("article")), 500; got != want {
				t.Errorf("%d integrations have a section, want %d", got, want)
			}
			for id, want := range map[string]string{
				"summary": "Not listed: 8,", "integrations": "Without a section of its own: 9,500 more integrations.", "files": "Not listed: 4,",
			} {
				if got := root.byID(id).text; !strings.Contains(got, want) {
					t.Errorf("%s does not say %q", id, want)
				}
			}
		}
	}
}

var bar = regexp.MustCompile(`m(\d+) 0v-(\d+)h9v(\d+)`)

// A time line has at most 400 bars, whatever the time, and all of them lie in
// it; its labels do too, and tell it.
func TestTimeLine(t *testing.T) {
	for _, days := range []int{0, 1, 3, 13, 40, 100, 400, 1000, 4000, 40_000, 700_000, 2_900_000} {
		i := incidentOf("x", secretExpired(), at(0, 0, 0), at(0, 1, 0), time.Hour, "n")
		last := at(0, 0, 0).AddDate(0, 0, days)
		for n := range 1000 {
			i.Hours = append(i.Hours, report.Hour{At: at(0, 0, 0).AddDate(0, 0, days*n/1000).Truncate(time.Hour), Cause: i.Data.Cause.ID, Failures: n + 1})
		}
		i.Data.Failures.Last = last
		r := reportOf(i)
		r.To = last
		root, err := parse(document(t, r))
		if err != nil {
			t.Fatal(err)
		}
		figures := root.all("figure")
		if len(figures) != 2 {
			t.Fatalf("%d time lines, want 2", len(figures))
		}
		for _, f := range figures {
			lane := f.all("svg")[1]
			var width int
			fmt.Sscanf(lane.attr["viewBox"], "0 0 %d 100", &width)
			path := lane.all("path")[0].attr["d"]
			bars := bar.FindAllStringSubmatch(path, -1)
			if len(bars) == 0 || len(bars) > 400 || width > 4000 || bar.ReplaceAllString(path, "") != "M0 100" {
				t.Errorf("%d days: %d bars in %d", days, len(bars), width)
			}
			x := 0
			for _, b := range bars {
				x += number(b[1])
				if tall := number(b[2]); x%10 != 0 || x+10 > width || tall < 20 || tall > 100 || b[2] != b[3] {
					t.Errorf("%d days: bar %s at %d of %d", days, b[0], x, width)
				}
				x += 9
			}
			labels := 0
			for _, text := range f.all("text") {
				if !text.has("tick") {
					continue
				}
				labels++
				var x float64
				if fmt.Sscanf(text.attr["x"], "%f%%", &x); x < 0 || x > 100 {
					t.Errorf("%d days: label %s at %s", days, text.text, text.attr["x"])
				}
			}
			if labels < 2 || labels > 18 {
				t.Errorf("%d days: %d labels", days, labels)
			}
		}
	}
}

// Counts by day become counts by week, month and year before they are too many,
// and say where there were none.
func TestDays(t *testing.T) {
	for _, tt := range []struct {
		every, n   int // days
		unit       string
		rows, gaps int
		first      string
	}{
		{1, 40, "day", 40, 0, "Mon 2026-03-02"},
		{2, 40, "day", 40, 39, "Mon 2026-03-02"},
		{30, 40, "day", 40, 39, "Mon 2026-03-02"},
		{1, 41, "week", 6, 0, "2026-03-02 to 03-08"},
		{30, 41, "month", 40, 0, "March 2026"},
		{366, 43, "year", 40, 0, "2029"},
	} {
		i := incidentOf("x", secretExpired(), at(0, 5, 0), at(0, 5, 0), time.Hour, "n")
		for n := range tt.n {
			i.Hours = append(i.Hours, report.Hour{At: at(n*tt.every, 5, 0).UTC().Truncate(time.Hour), Cause: i.Data.Cause.ID, Failures: 1})
		}
		root, err := parse(document(t, reportOf(i)))
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range root.all("table") {
			if !table.has("days") {
				continue
			}
			rows, gaps := table.all("tr")[1:], 0
			for _, row := range rows {
				if row.has("gap") {
					gaps++
				}
			}
			unit, first := table.all("th")[0].text, rows[0].all("th")[0].text
			if unit != tt.unit || len(rows)-gaps != tt.rows || gaps != tt.gaps || first != tt.first {
				t.Errorf("%d days, one in %d: by %s, %d rows, %d gaps, first %s\nwant by %s, %d rows, %d gaps, first %s",
					tt.n, tt.every, unit, len(rows)-gaps, gaps, first, tt.unit, tt.rows, tt.gaps, tt.first)
			}
		}
	}
}
