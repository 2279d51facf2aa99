package scan_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/text"
)

// What JSON writes keeps to the schema, whatever is in the logs.
func TestSchema(t *testing.T) {
	testkit.Pure(t)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	alert, err := os.Open("../../notify/alert.schema.json")
	must(t, err)
	defer alert.Close()
	data, err := jsonschema.UnmarshalJSON(alert)
	must(t, err)
	must(t, c.AddResource("urn:jira-oauth-watcher:alert:1", data))
	schema, err := c.Compile("../report/report.schema.json")
	must(t, err)
	valid := func(r report.Report) {
		t.Helper()
		r.Made = report.Maker{Version: "v1", At: now}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(asJSON(t, r)))
		must(t, err)
		if err := schema.Validate(document); err != nil {
			t.Errorf("%v", err)
		}
	}
	dir := t.TempDir()
	valid(scanned(t, options(), filepath.Join(dir, "nosuch")))
	for seed := range uint64(2) {
		text, _ := randomLog(rand.New(rand.NewPCG(seed, 5)), t0, 150)
		o := options()
		o.Since, o.Until = t0, t0.AddDate(1, 0, 0)
		o.Now = o.Until
		o.Limit = []int{0, 2}[seed%2]
		valid(scanned(t, o, testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), text), dir))
	}
	valid(scanned(t, withAccess(t), testkit.Write(t, filepath.Join(dir, "x.zip"), zipped(t, nights("x")...))))
	bad := []string{`{"schema": 2}`, strings.Replace(asJSON(t, story(t)), `"severity": "high"`, `"severity": "mild"`, 1)}
	for _, text := range bad {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		must(t, err)
		if schema.Validate(document) == nil {
			t.Errorf("the schema takes %.100s", text)
		}
	}
}

// story is a case with everything that the text has words for.
func story(t *testing.T) report.Report {
	t.Helper()
	t.Chdir(t.TempDir())
	testkit.Write(t, "n1/log/atlassian-jira.log", ordinary(t0)+failure(t0.Add(time.Minute), 1, badSecret)+failure(t0.Add(2*time.Hour), 1,
		badTLS)+failure(t0.Add(40*time.Hour), 2, badTLS)+ordinary(t0.Add(41*time.Hour)))
	testkit.Write(t, "n2/log/atlassian-jira.log", failure(t0.Add(3*time.Hour), 1, badTLS)+failure(t0.Add(4*time.Hour), 3, badProxy+" \x1b[31mred"))
	testkit.Write(t, "n2/log/atlassian-jira.log.1.gz", testkit.Gzip(hour(0))[:80])
	o := options()
	o.Since = t0
	return scanned(t, o, "n1", "n2", "nosuch")
}

// The text for a terminal: what was read, the incidents, each cause once.
func TestText(t *testing.T) {
	many := options()
	many.Limit = 1
	tests := map[string]func(t *testing.T) (report.Report, text.Style){
		"story": func(t *testing.T) (report.Report, text.Style) { return story(t), text.Style{} },
		"color": func(t *testing.T) (report.Report, text.Style) { return story(t), text.Style{Color: true, Width: 120} },
		"nothing": func(t *testing.T) (report.Report, text.Style) {
			t.Chdir(t.TempDir())
			return scanned(t, options(), testkit.Write(t, "atlassian-jira.log", ordinary(t0)+ordinary(t0.Add(time.Hour)))), text.Style{}
		},
		"left-out": func(t *testing.T) (report.Report, text.Style) {
			t.Chdir(t.TempDir())
			log := failure(t0, 1, badTLS) + failure(t0, 2, badTLS) + failure(t0, 3, badSecret)
			return scanned(t, many, testkit.Write(t, "atlassian-jira.log", log)), text.Style{}
		},
		"masked": func(t *testing.T) (report.Report, text.Style) {
			t.Chdir(t.TempDir())
			a := alerts()
			a.Mask = []conf.Mask{conf.MaskUser, conf.MaskIP, conf.MaskEmail, conf.MaskHost}
			o := options()
			o.Rules = rulesOf(a)
			return scanned(t, o, testkit.Write(t, "n1/atlassian-jira.log", failure(t0, 1, badTLS))), text.Style{}
		},
	}
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			golden, err := filepath.Abs(filepath.Join("testdata", name+".golden.txt"))
			must(t, err)
			r, style := make(t)
			var b strings.Builder
			must(t, report.Text(&b, r, style))
			testkit.Golden(t, golden, b.String())
			for line := range strings.Lines(b.String()) {
				command := strings.HasPrefix(line, "        ") // stays whole, to be copied
				if style.Width == 0 && utf8.RuneCountInString(line) > 81 && strings.Contains(strings.TrimSpace(line), " ") && !command {
					t.Errorf("wider than 80 columns: %q", line)
				}
				if !style.Color && strings.Contains(line, "\x1b") {
					t.Errorf("an escape: %q", line)
				}
			}
		})
	}
}

// No secret that a log shows is in a report, and no name of what is masked.
func TestMasked(t *testing.T) {
	a := alerts()
	a.Mask = []conf.Mask{conf.MaskUser, conf.MaskIP, conf.MaskHost}
	o := options()
	o.Rules = rulesOf(a)
	const secret = "abc8Q~0123456789abcdefghijABCDEFGHIJ012345"
	path := testkit.Write(t, filepath.Join(t.TempDir(), "n1", "atlassian-jira.log"),
		failure(t0, 1, "AADSTS700039: "+secret+" is not a valid application identifier."))
	got := asJSON(t, scanned(t, o, path))
	for _, word := range []string{secret, `"admin"`, "ERROR admin", "10.0.0.1", `"n1"`} {
		if strings.Contains(got, word) {
			t.Errorf("%q is in the report: %s", word, got)
		}
	}
}

// full is a disk without room.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

// A report that cannot be written is an error, wherever the room ends.
func TestCannotWrite(t *testing.T) {
	r := story(t)
	size := len(asJSON(t, r))
	for _, left := range []int{0, 10, 1000, size / 2, size - 1} {
		if report.JSON(&full{left}, r) == nil || report.Text(&full{min(left, 500)}, r, text.Style{}) == nil {
			t.Errorf("with room for %d bytes there is no error", left)
		}
	}
}
