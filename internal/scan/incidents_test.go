package scan_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/scan"
	"jira-oauth-watcher/internal/testkit"
)

// Of more incidents than a report has room for, those that closed first are counted:
// nothing is reported wrongly for that, and nothing is lost from the counts.
func TestLeftOutClosed(t *testing.T) {
	testkit.Pure(t)
	var text strings.Builder
	for i := range 40 { // each is quiet before the next one begins
		at := t0.Add(time.Duration(i) * 26 * time.Hour)
		text.WriteString(failure(at, i, badSecret) + failure(at.Add(time.Hour), i, badTLS))
	}
	path := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), text.String())
	o := options()
	o.Now = t0.AddDate(1, 0, 0)
	all := scanned(t, o, path)
	o.Limit = 10
	r := scanned(t, o, path)
	if len(all.Incidents) != 40 || all.LeftOut != nil || len(r.Incidents) != 10 || r.Failures != 80 {
		t.Fatalf("%d of %d incidents, %d failures", len(r.Incidents), len(all.Incidents), r.Failures)
	}
	for _, list := range [][]report.Incident{all.Incidents, r.Incidents} {
		slices.SortFunc(list, func(a, b report.Incident) int { return a.Data.Failures.First.Compare(b.Data.Failures.First) })
	}
	if got, want := asJSON(t, report.Report{Incidents: r.Incidents}), asJSON(t, report.Report{Incidents: all.Incidents[30:]}); got != want {
		t.Errorf("the last 10 are reported differently: %s", testkit.Differ(got, want))
	}
	secret, tls := all.Incidents[0].Causes[0], all.Incidents[0].Causes[1]
	secret.Failures, secret.Last = 30, all.Incidents[29].Causes[0].Last
	tls.Failures, tls.Last = 30, all.Incidents[29].Causes[1].Last
	if want := (&report.LeftOut{Incidents: 30, Failures: 60, Causes: []report.Spell{secret, tls}}); !reflect.DeepEqual(r.LeftOut, want) {
		t.Errorf("left out\n got %+v\nwant %+v", r.LeftOut, want)
	}
}

// In a storm of more integrations than a report has room for, the first ones are reported
// to their end, and all others are counted, however often they fail; until they
// must have closed nothing new is reported, since it might be one of them.
func TestLeftOutOpen(t *testing.T) {
	testkit.Pure(t)
	var text strings.Builder
	for round := range 3 {
		for i := range 50 {
			text.WriteString(failure(t0.Add(time.Duration(round*50+i)*time.Minute), i, badSecret))
		}
	}
	last := t0.Add(149 * time.Minute)
	text.WriteString(failure(last.Add(23*time.Hour), 60, badSecret)) // may be a refused one
	text.WriteString(failure(last.Add(72*time.Hour), 61, badSecret)) // can be none
	path := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), text.String())
	o := options()
	o.Limit = 10
	for _, cores := range []int{1, 4} {
		o.Cores, o.Chunk = cores, 3000
		r := scanned(t, o, path)
		counts := map[string]int{}
		for _, i := range r.Incidents {
			counts[i.Data.Integration.ID] = i.Data.Failures.Count
		}
		want := map[string]int{flowID(61): 1}
		for i := 1; i < 10; i++ { // the first of the closed ones made room
			want[flowID(i)] = 3
		}
		if !reflect.DeepEqual(counts, want) || r.Failures != 152 {
			t.Errorf("%d failures, told %v", r.Failures, counts)
		}
		if l := r.LeftOut; l == nil || l.Incidents != 42 || l.Failures != 124 || len(l.Causes) != 1 || l.Causes[0].Failures != 124 {
			t.Errorf("left out %+v", r.LeftOut)
		}
	}
}

// An incident that never ends has bounded hours and causes, and says what is in
// none of them.
func TestManyHours(t *testing.T) {
	var text strings.Builder
	for i := range 1100 {
		text.WriteString(failure(t0.Add(time.Duration(i)*time.Hour), 1, badSecret))
	}
	path := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), text.String())
	o := options()
	o.Now = t0.AddDate(1, 0, 0)
	r := scanned(t, o, path)
	i := r.Incidents[0]
	sum := 0
	for _, h := range i.Hours {
		sum += h.Failures
	}
	if len(r.Incidents) != 1 || len(i.Hours) != 1000 || i.UncountedHours != 100 || sum != 1000 || i.Data.Failures.Count != 1100 {
		t.Errorf("%d hours with %d failures, %d in none, of %d", len(i.Hours), sum, i.UncountedHours, i.Data.Failures.Count)
	}
}

// Long texts of many incidents do not add up: what is kept of them is cut.
func TestLongTexts(t *testing.T) {
	o := options()
	cause, _ := builtin(t).Cause("entra-client-secret-invalid")
	kept := scan.KeepTexts(o, cause, 2000, failure(t0, 1, badSecret)+strings.Repeat("word ", 12_000))
	if kept < 8<<20 || kept > 16<<20 {
		t.Errorf("%d bytes are kept of 2,000 long texts", kept)
	}
}
