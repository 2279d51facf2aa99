package html_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/report"
)

func read(t *testing.T, r report.Report) *element {
	t.Helper()
	root, err := parse(document(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// words are the text of an element with single blanks.
func words(e *element) string { return strings.Join(strings.Fields(e.text), " ") }

// What a log said is text, whatever it looks like, and only web pages are
// linked to.
func TestHostile(t *testing.T) {
	root := read(t, hostile())
	const want = `</pre></title></svg></style><script>alert(1)</script><img src="x" onerror="alert(1)"/> " onmouseover="alert(1)" x=' {{.}} ` +
		`]]> &lt; &#34; javascript:alert(1) gnp.exe x  [31m `
	if got := root.byID("i1").all("pre")[0].text; !strings.HasPrefix(got, want) || len(got) > 3000 ||
		!strings.HasSuffix(got, "W… cut") {
		t.Errorf("excerpt %q", got)
	}
	var links []string
	for _, a := range root.byID("cause-A").all("a") {
		if a.attr["rel"] != "" {
			links = append(links, a.attr["href"])
		}
	}
	if got := fmt.Sprint(links); got != "[https://example.com/a?b=c&d=e]" &&
		!strings.HasPrefix(got, "[https://example.com/%22%20onmouseover=%22alert%281%29 https://example.com/a") {
		t.Errorf("links %q", links)
	}
}

// Times are shown on one clock, that of the end of the logs, and it is named.
func TestClock(t *testing.T) {
	utc, summer := at(0, 0, 0).UTC(), at(0, 0, 0).In(time.FixedZone("", 2*3600))
	kolkata := time.FixedZone("", 5*3600+1800)
	for _, tt := range []struct {
		from, to time.Time
		want     string
	}{
		{at(0, 0, 0), at(1, 0, 0), "UTC+01:00, the offset of the logs"},
		{utc, utc, "UTC, the offset of the logs"},
		{summer, at(1, 0, 0), "UTC+01:00, the offset at the end of the logs; times written at UTC+02:00 are converted"},
		{summer, at(1, 0, 0).In(kolkata),
			"UTC+05:30, the offset at the end of the logs; times written at UTC+02:00 are converted"},
	} {
		root := read(t, report.Report{From: tt.from, To: tt.to, Complete: true, Made: report.Maker{At: utc}})
		if got := words(root.all("header")[0]); !strings.Contains(got, tt.want) {
			t.Errorf("from %s to %s\n got %s\nwant %s", tt.from, tt.to, got, tt.want)
		}
	}
	i := incidentOf("x", secretExpired(), at(0, 0, 0), at(0, 0, 0), time.Hour, "n") // 2026-03-01T23:00:04Z
	r := report.Report{From: i.Data.Failures.First, To: at(1, 0, 0).In(kolkata), Incidents: []report.Incident{i}}
	root := read(t, r)
	if got := words(root.byID("summary").all("tr")[1]); !strings.Contains(got, "2026-03-02 04:30:04") {
		t.Errorf("summary %s", got)
	}
	if got := words(root.byID("when").all("desc")[0]); got != "All failures are within the hour from 2026-03-02 04:30." {
		t.Errorf("time line %s", got)
	}
	if got := words(root.byID("when").all("caption")[0]); !strings.HasSuffix(got,
		"An hour that midnight divides counts for the day it began in.") {
		t.Errorf("days %s", got)
	}
}

// Incidents of one integration stand together; where the log shows none, those
// with one name do.
func TestTogether(t *testing.T) {
	unnamed := func(name string, hours int) report.Incident {
		i := incidentOf("unknown", proxyForbids(), at(1, hours, 0), at(1, hours, 30), 10*time.Minute, "n")
		i.Data.ID = alert.ID(name + "@20260303T000000.000Z#1")
		i.Data.Integration = alert.Integration{ID: "unknown", KnownBy: "nothing"}
		return i
	}
	low, high := proxyForbids(), proxyForbids()
	low.Cause.Severity, low.Cause.ID, high.Cause.Severity = conf.SeverityLow, "other", conf.SeverityCritical
	root := read(t, reportOf(
		incidentOf("a", low, at(0, 0, 0), at(0, 1, 0), time.Hour, "n"),
		unnamed("unknown-1", 1), unnamed("unknown-2", 2), unnamed("unknown-1", 9),
		incidentOf("b", high, at(3, 0, 0), at(3, 1, 0), time.Hour, "m"),
		open(incidentOf("a", low, at(4, 0, 0), at(4, 1, 0), time.Hour, "m", "n")),
	))
	var got []string
	for _, row := range root.byID("summary").all("tr")[1:] {
		got = append(got, words(row.all("th")[0])+" "+row.all("td")[2].text+" "+row.all("td")[5].text+" "+
			row.all("td")[6].text)
	}
	want := "[a 4 m, n ● still failing b 2 m ○ quiet not shown in the log unknown-1 8 n ○ quiet not shown in the log unknown-2 4 n ○ quiet]"
	if fmt.Sprint(got) != want {
		t.Errorf("summary\n got %v\nwant %s", got, want)
	}
}

// An integration's section says what differs from what its cause says.
func TestOwnWords(t *testing.T) {
	first, own, longer := secretExpired(), secretExpired(), secretExpired()
	own.Diagnosis = "Another app."
	own.Fix = append([]alert.Step{}, own.Fix...)
	own.Fix[2].Text = "Another step."
	longer.Fix = longer.Fix[:1]
	var all []report.Incident
	for n, d := range []alert.Data{first, own, first, longer} {
		all = append(all, incidentOf(fmt.Sprint("x", n), d, at(n, 0, 0), at(n, 1, 0), time.Hour, "n"))
	}
	root := read(t, reportOf(all...))
	for id, want := range map[string]string{"i1": "", "i2": "Another app.|Another step. from 3", "i3": "",
		"i4": first.Fix[0].Text + " from 1"} {
		section := root.byID(id)
		var parts []string
		for _, p := range section.children {
			if p.name == "p" && p.attr["class"] == "" {
				parts = append(parts, p.text)
			}
		}
		for _, ol := range section.all("ol") {
			parts = append(parts, words(ol)+" from "+ol.attr["start"])
		}
		if got := strings.Join(parts, "|"); got != want {
			t.Errorf("section %s\n got %s\nwant %s", id, got, want)
		}
	}
	var turns []string
	for _, turn := range root.byID("cause-A").all("div") {
		turns = append(turns, turn.all("p")[0].text+" "+turn.all("ol")[0].attr["start"])
	}
	if got, want := fmt.Sprint(turns), "[Entra admin 1 Jira admin 2 Entra admin 4]"; got != want {
		t.Errorf("turns %s, want %s", got, want)
	}
}

// A cause says which integrations still fail for it, and a cause that another
// one followed each time says where its steps are.
func TestPassedCause(t *testing.T) {
	root := read(t, reportOf(open(then(
		incidentOf("x", proxyForbids(), at(0, 0, 0), at(0, 1, 0), time.Hour, "n"),
		incidentOf("x", secretExpired(), at(0, 2, 0), at(0, 3, 0), time.Hour, "n")))))
	last, passed := words(root.byID("cause-A")), words(root.byID("cause-B"))
	if !strings.Contains(last, "1: x ● still failing") || strings.Contains(passed, "still failing") ||
		!strings.Contains(passed, "causes proxy-forbidden prints it") {
		t.Errorf("last %s\npassed %s", last, passed)
	}
}

// Whatever is written or drawn stands out from what is behind it as WCAG asks
// for: 4.5 to 1 for text, on light and on dark.
func TestContrast(t *testing.T) {
	css := string(style.Find(document(t, empty())))
	_, rest, _ := strings.Cut(css, ":root {")
	light, rest, _ := strings.Cut(rest, "}")
	_, rest, _ = strings.Cut(rest, ":root {")
	dark, _, _ := strings.Cut(rest, "}")
	variable := regexp.MustCompile(`--(\w[\w-]*): #(\w{6});`)
	for mode, text := range map[string]string{"light": light, "dark": dark} {
		colors := map[string]float64{}
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			colors[m[1]] = luminance(t, m[2])
		}
		pairs := [][2]string{{"text", "page"}, {"text", "card"}, {"soft", "page"}, {"link", "page"}, {"alert", "page"},
			{"alert", "alert-page"},
			{"text", "alert-page"}}
		for n := range 9 {
			k := fmt.Sprint("k", n)
			pairs = append(pairs, [2]string{k, "page"}, [2]string{"on", k})
		}
		for _, p := range pairs {
			a, b := colors[p[0]], colors[p[1]]
			if ratio := (max(a, b) + .05) / (min(a, b) + .05); ratio < 4.5 {
				t.Errorf("%s: %s on %s is %.2f to 1", mode, p[0], p[1], ratio)
			}
		}
		if len(colors) != 18 {
			t.Errorf("%s: %d colours", mode, len(colors))
		}
	}
}

// luminance of a colour: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
func luminance(t *testing.T, hex string) float64 {
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, weight := range []float64{.0722, .7152, .2126} {
		c := float64(n>>(8*i)&255) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// Whatever stands in a log, the page has no fault.
func FuzzText(f *testing.F) {
	f.Add("</pre><script>", "javascript:alert(1)", int64(0))
	f.Add("\u202e\x00\xff\ufffe", "https://example.com/\"><b>", int64(1<<62))
	f.Add("{{.}} ]]> <!--", "http://x/'onclick='", int64(-1<<62))
	f.Fuzz(func(t *testing.T, text, link string, seconds int64) {
		d := secretExpired()
		d.Cause = alert.Cause{ID: text, Title: text, Confidence: text, Codes: []string{text}}
		d.Diagnosis, d.Confirm, d.Fix = text, text, []alert.Step{{Text: text, Where: text}}
		d.Links = []alert.Link{{Title: text, URL: link}}
		d.Facts, d.Request, d.Log = map[string]any{text: text, "app_id": text},
			alert.Request{User: text, Client: text, ID: text},
			alert.Log{Path: text, Excerpt: text}
		i := incidentOf(text, d, at(0, 0, 0), at(1, 0, 0), time.Hour, text)
		when := time.Unix(seconds, 0)
		i.Hours = append(i.Hours, report.Hour{At: when, Cause: text, Failures: 1})
		i.Causes[0].Title, i.Data.Failures.Last = text, when
		r := reportOf(i)
		r.Files[0] = report.File{Path: text, Node: text, Problem: text, From: when}
		r.Nodes, r.Made.Version = []string{text}, text
		if all := faults(document(t, r)); all != nil {
			t.Errorf("%s", strings.Join(all, "\n"))
		}
	})
}
