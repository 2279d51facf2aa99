package html_test

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/text"
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
		!strings.HasSuffix(strings.TrimSpace(got), "W… cut") {
		t.Errorf("excerpt %q", got)
	}
	var links []string
	for _, a := range root.byID("cause-1").all("a") {
		if a.attr["rel"] != "" {
			links = append(links, a.attr["href"])
		}
	}
	if got := fmt.Sprint(links); got != "[https://example.com/a?b=c&d=e]" &&
		!strings.HasPrefix(got, "[https://example.com/%22%20onmouseover=%22alert%281%29 https://example.com/a") {
		t.Errorf("links %q", links)
	}
}

// Times are shown on one clock, which is named: the operator's, or that of the end of the logs.
func TestClock(t *testing.T) {
	summer, kolkata := time.FixedZone("", 2*3600), time.FixedZone("", 5*3600+1800)
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		to   time.Time
		zone *time.Location
		want string
	}{
		{at(1, 0, 0), nil, "from 2026-03-02 00:00 to 2026-03-03 00:00 (UTC+01:00)"},
		{at(1, 0, 0).UTC(), nil, "from 2026-03-01 23:00 to 2026-03-02 23:00 (UTC)"},
		{at(1, 0, 0).In(kolkata), nil, "from 2026-03-02 04:30 to 2026-03-03 04:30 (UTC+05:30)"},
		{at(1, 0, 0).In(kolkata), paris, "from 2026-03-02 00:00 to 2026-03-03 00:00 (Europe/Paris)"},
	} {
		i := incidentOf("x", secretExpired(), at(0, 0, 0), at(0, 0, 0), time.Hour, "n")
		r := report.Report{From: at(0, 0, 0).In(summer), To: tt.to, Zone: tt.zone, Complete: true, Incidents: []report.Incident{i}}
		root := read(t, r)
		from, _, _ := strings.Cut(strings.TrimPrefix(tt.want, "from "), " to ")
		if got := words(root.all("main")[0]); !strings.Contains(got, tt.want) || !strings.Contains(words(root.byID("summary")), from) {
			t.Errorf("to %s\n got %s\nwant %s", tt.to, got, tt.want)
		}
	}
}

// The list has what still fails first, then what is more severe, then what failed last; one row
// for each integration, and where the log shows none, for each of their names. The JSON counts
// and sorts alike.
func TestOrder(t *testing.T) {
	unnamed := func(name string, hours int) report.Incident {
		i := incidentOf("unknown", proxyForbids(), at(1, hours, 0), at(1, hours, 30), 10*time.Minute, "n")
		i.Data.ID = alert.ID(name + "@20260303T000000.000Z#1")
		i.Data.Integration = alert.Integration{ID: "unknown", KnownBy: "nothing"}
		return i
	}
	low, high := proxyForbids(), proxyForbids()
	low.Cause.Severity, low.Cause.ID, high.Cause.Severity = conf.SeverityLow, "other", conf.SeverityCritical
	r := reportOf(
		incidentOf("a", low, at(0, 0, 0), at(0, 1, 0), time.Hour, "n"),
		unnamed("unknown-1", 1), unnamed("unknown-2", 2), unnamed("unknown-1", 9),
		incidentOf("b", high, at(3, 0, 0), at(3, 1, 0), time.Hour, "m"),
		open(incidentOf("a", low, at(4, 0, 0), at(4, 1, 0), time.Hour, "m", "n")),
		open(incidentOf("c", low, at(5, 0, 0), at(5, 0, 0), time.Hour, "m")),
	)
	root := read(t, r)
	var got []string
	for _, row := range root.byID("summary").all("tr")[1:] {
		got = append(got, words(row.all("th")[0])+" "+row.all("td")[3].text+" "+row.all("td")[4].text)
	}
	want := []string{"c 1 failed once, 8 days before the end", "a 4 failing", "b 2 quiet", "not shown in the log 8 quiet",
		"not shown in the log 4 quiet"}
	if !slices.Equal(got, want) {
		t.Errorf("list\n got %q\nwant %q", got, want)
	}
	r.Arrange()
	var order []string
	for _, i := range r.Incidents {
		order = append(order, i.Data.Integration.ID)
	}
	if got := fmt.Sprint(r.Integrations, r.Failing, order); got != "5 2 [c a a b unknown unknown unknown]" {
		t.Errorf("JSON: %s", got)
	}
	var out bytes.Buffer
	if err := report.Text(&out, r, text.Style{}); err != nil || !strings.Contains(out.String(), "5 mail integrations failed; 2 are still failing") {
		t.Errorf("text: %v %s", err, &out)
	}
}

// Equal causes are one section, in the words for the integration that failed last; each
// integration there has its own evidence.
func TestGrouped(t *testing.T) {
	own := secretExpired()
	own.Diagnosis, own.Facts = "Another app.", map[string]any{"app_id": "another-id"}
	root := read(t, reportOf(open(incidentOf("x1", secretExpired(), at(0, 0, 0), at(0, 1, 0), time.Hour, "n")),
		open(incidentOf("x2", own, at(1, 0, 0), at(1, 1, 0), time.Hour, "n"))))
	sections := root.byID("failing").all("article")
	if len(sections) != 1 {
		t.Fatalf("%d sections, want 1", len(sections))
	}
	got := words(sections[0])
	for _, want := range []string{"Another app.", "IDs and names here and above are those of x2.", "x1: 2 failures since", "x2: 2 failures since",
		"79c86cf8-e761-4fdc-bc20-a629c5d04260", "another-id", "Fixed when:"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}

// Steps are expanded where at most two causes fail; what is quiet is collapsed next to it.
func TestExpanded(t *testing.T) {
	for _, tt := range []struct{ failing, expanded int }{{1, 2}, {2, 2}, {3, 0}} { // of one alone, the evidence too
		all := []report.Incident{incidentOf("quiet", proxyForbids(), at(0, 0, 0), at(0, 1, 0), time.Hour, "n")}
		for n := range tt.failing {
			d := secretExpired()
			d.Cause.ID = fmt.Sprint("cause-", n)
			all = append(all, open(incidentOf(fmt.Sprint("x", n), d, at(n, 0, 0), at(n, 1, 0), time.Hour, "n")))
		}
		root, open := read(t, reportOf(all...)), 0
		for _, d := range root.all("details") {
			if d.attr["open"] != "" {
				open++
			}
		}
		if quiet := root.byID("quiet").all("details")[0]; open != tt.expanded || quiet.attr["open"] != "" {
			t.Errorf("%d failing: %d expanded, want %d", tt.failing, open, tt.expanded)
		}
	}
}

// A cause that another one came after has its steps all the same: those of another integration,
// or the catalogue's.
func TestEarlierCause(t *testing.T) {
	r := reportOf(open(then(
		incidentOf("x", proxyForbids(), at(0, 0, 0), at(0, 1, 0), time.Hour, "n"),
		incidentOf("x", secretExpired(), at(0, 2, 0), at(0, 3, 0), time.Hour, "n"))))
	r.Advice = map[string]alert.Data{"proxy-forbidden": proxyForbids()}
	two := reportOf(incidentOf("x", proxyForbids(), at(0, 0, 0), at(0, 1, 0), time.Hour, "n"),
		open(incidentOf("x", secretExpired(), at(3, 0, 0), at(3, 1, 0), time.Hour, "n")))
	two.Advice = map[string]alert.Data{}
	for state, r := range map[string]report.Report{"another cause came after": r, "an earlier incident": two} {
		got := words(read(t, r).byID("quiet"))
		for _, want := range []string{"x: 2 failures from 2026-03-02 00:00 to 2026-03-02 01:00; " + state, "Allow CONNECT", "Fixed when:"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in %s", want, got)
			}
		}
	}
}

// A browser does not break a command at its hyphens, and what is copied is the command itself.
func TestCommands(t *testing.T) {
	const command = "openssl s_client -connect login.microsoftonline.com:443 -servername login.microsoftonline.com </dev/null"
	d := secretExpired()
	d.Fix = []alert.Step{{Where: "jira-host", Text: "Run `" + command + "`:\n```\n" + command + "\n```"}}
	root := read(t, reportOf(open(incidentOf("x", d, at(0, 0, 0), at(0, 1, 0), time.Hour, "n"))))
	for _, e := range []*element{root.byID("cause-1").all("ol")[0].all("code")[0], root.byID("cause-1").all("pre")[0]} {
		var whole []string
		for _, w := range e.all("span") {
			whole = append(whole, w.text)
		}
		if e.text != command || fmt.Sprint(whole) != "[-connect -servername]" {
			t.Errorf("%q, whole words %q", e.text, whole)
		}
	}
}

// Text is distinguishable from its background as WCAG requires:
// 4.5 to 1 for text, on light and on dark.
func TestContrast(t *testing.T) {
	css := string(styles.Find(document(t, empty())))
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
		pairs := [][2]string{{"text", "badge"}, {"card", "bad"}, {"card", "warn"}, {"text", "code"}, {"soft", "code"}}
		for _, back := range []string{"back", "card"} {
			for _, front := range []string{"text", "soft", "link", "bad", "warn", "good"} {
				pairs = append(pairs, [2]string{front, back})
			}
		}
		for _, p := range pairs {
			a, b := colors[p[0]], colors[p[1]]
			if ratio := (max(a, b) + .05) / (min(a, b) + .05); ratio < 4.5 {
				t.Errorf("%s: %s on %s is %.2f to 1", mode, p[0], p[1], ratio)
			}
		}
		if len(colors) != 11 {
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

// Whatever a log says, the page has no fault.
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
		i.Causes[0].Title, i.Data.Failures.Last, i.Causes[0].Last = text, when, when
		r := reportOf(i)
		r.Files[0] = report.File{Path: text, Node: text, Problem: text, From: when}
		r.Nodes, r.Made.Version = []string{text}, text
		if all := faults(document(t, r)); all != nil {
			t.Errorf("%s", strings.Join(all, "\n"))
		}
	})
}
