package html_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/report/html"
	"jira-oauth-watcher/internal/testkit"
)

var styles = regexp.MustCompile(`(?s)<style>.*</style>`)

// A page looks like this; -album writes pictures of it.
func TestGolden(t *testing.T) {
	for name, r := range map[string]report.Report{
		"empty": empty(), "nothing": {Made: empty().Made}, "one": one(), "several": several(), "incomplete": incomplete(), "years": years(),
	} {
		golden(t, name+".html", styles.ReplaceAll(document(t, r), []byte("<style></style>")))
	}
	golden(t, "storm.txt", outline(t, document(t, storm(1000))))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	testkit.Golden(t, filepath.Join("testdata", name), string(got))
}

// outline is a long page in short: headings, notes, how many rows and links.
func outline(t *testing.T, page []byte) []byte {
	t.Helper()
	root, err := parse(page)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, strings.TrimSpace(root.all("h1")[0].text))
	for _, s := range root.all("section") {
		articles := s.all("article")
		fmt.Fprintf(&b, "%s: %d rows, %d articles\n", s.all("h2")[0].text, len(s.all("tr")), len(articles))
		for _, p := range s.children {
			if p.has("meta") {
				fmt.Fprintf(&b, "  %s\n", p.text)
			}
		}
		for i, a := range articles {
			if i == 5 {
				break
			}
			fmt.Fprintf(&b, "  %s\n", strings.Join(strings.Fields(a.all("h3")[0].text+" | "+a.all("p")[0].text), " "))
		}
	}
	return b.Bytes()
}

// years is a short failure in logs of two years, at two offsets.
func years() report.Report {
	summer := time.FixedZone("", 2*3600)
	r := reportOf(
		incidentOf("67513c3d-f6a4-4f93-ab37-f1bd822e68c9", secretExpired(), at(-400, 3, 0).In(summer), at(-400, 6, 0).In(summer), 7*time.Minute, "jira-1"),
		open(incidentOf("a5c88fb2-8edc-4f6c-b496-190405222009", manyResources(), at(-200, 3, 0), at(13, 18, 0), 5*time.Hour, "jira-2")),
	)
	r.From = at(-700, 0, 0).In(summer)
	return r
}

// No page has a fault, whatever is in it.
func TestPages(t *testing.T) {
	for name, r := range map[string]report.Report{
		"empty": empty(), "zero": {}, "one": one(), "several": several(), "incomplete": incomplete(), "years": years(),
		"storm": storm(1000), "hostile": hostile(), "odd": odd(),
	} {
		page := document(t, r)
		if all := faults(page); all != nil {
			t.Errorf("%s:\n%s", name, strings.Join(all, "\n"))
		}
		for range 3 {
			if !bytes.Equal(page, document(t, r)) {
				t.Errorf("%s is not the same twice", name)
			}
		}
	}
}

// odd is a report as no scan makes one.
func odd() report.Report {
	var noTime time.Time
	bare := report.Incident{Data: alert.Data{Cause: alert.Cause{ID: "bare"}}}
	far := incidentOf("far", secretExpired(), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 2, 0, 0, 0, time.UTC), time.Hour, "n")
	far.Hours = append(far.Hours, report.Hour{At: time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC), Cause: far.Data.Cause.ID, Failures: 1 << 40},
		report.Hour{At: time.Date(292_000_000, 1, 1, 0, 0, 0, 0, time.UTC), Cause: far.Data.Cause.ID, Failures: 1},
		report.Hour{At: noTime, Cause: "nobody's", Failures: -3}, report.Hour{At: noTime, Cause: far.Data.Cause.ID, Failures: -3})
	far.Data.Failures.Last = time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC)
	back := incidentOf("back", proxyForbids(), at(5, 0, 0), at(6, 0, 0), time.Hour, "n")
	back.Data.Failures.First, back.Data.Failures.Last = back.Data.Failures.Last, back.Data.Failures.First
	r := reportOf(bare, far, back, report.Incident{})
	r.From, r.To, r.Files[0].Bytes = r.To, r.From, -5
	return r
}

// Writing a report leaves it as it is.
func TestUntouched(t *testing.T) {
	r := years()
	document(t, r)
	if !reflect.DeepEqual(r, years()) {
		t.Error("it was changed")
	}
}

// What keeps the page from being written is returned.
func TestWriteError(t *testing.T) {
	full := errors.New("disk full")
	if err := html.Write(failing{full}, several()); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// The first line says how bad it is.
func TestHeadline(t *testing.T) {
	some := func(n, open int, complete bool) report.Report {
		var all []report.Incident
		for i := range n {
			one := incidentOf(fmt.Sprint(i), proxyForbids(), at(i, 0, 0), at(i, 1, 0), time.Hour, "n")
			one.Open = i < open
			all = append(all, one)
		}
		r := reportOf(all...)
		r.Complete = complete
		return r
	}
	resolved := some(1, 0, true)
	resolved.Incidents[0].ResolvedAt = at(2, 0, 0)
	if page := document(t, resolved); !bytes.Contains(page, []byte("<h1>1 mail integration failed; none is still failing at the end of the logs</h1>")) ||
		bytes.Count(page, []byte("resolved, 2026-03-04")) != 2 {
		t.Errorf("a resolved one: %s", page)
	}
	if root := read(t, report.Report{Files: []report.File{{Path: "x.zip", Problem: "no such file"}}}); root.all("h1")[0].text != "Nothing could be read" {
		t.Errorf("nothing read: %s", root.all("h1")[0].text)
	}
	for _, tt := range []struct {
		n, open  int
		complete bool
		want     string
	}{
		{0, 0, true, "No failure of a mail integration was found"},
		{0, 0, false, "No failure of a mail integration was found in what was read"},
		{1, 0, true, "1 mail integration failed; none is still failing at the end of the logs"},
		{1, 1, true, "1 mail integration is failing at the end of the logs"},
		{3, 3, true, "3 mail integrations are failing at the end of the logs"},
		{3, 2, true, "3 mail integrations failed; 2 are still failing at the end of the logs"},
		{1234, 1111, false, "1,234 mail integrations failed; 1,111 are still failing at the end of what was read"},
	} {
		root, err := parse(document(t, some(tt.n, tt.open, tt.complete)))
		if err != nil {
			t.Fatal(err)
		}
		if got := root.all("h1")[0].text; got != tt.want {
			t.Errorf("%d failed, %d open, complete %v\n got %s\nwant %s", tt.n, tt.open, tt.complete, got, tt.want)
		}
	}
}
