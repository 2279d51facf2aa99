package html_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/report"
)

const maxPage = 8_000_000 // also where every text is as long as it may be

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
			const want = "Left out: 9,800 integrations without evidence, 9,000 integrations not in the list, 4,806 files not listed."
			if got := words(root.byID("summary")); !strings.Contains(got, want) || len(root.byID("summary").all("tr")) != 1001 {
				t.Errorf("it does not say %q: %s", want, got[max(0, len(got)-300):])
			}
		}
	}
}
