package html_test

import (
	"bytes"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/report/html"
)

// What a scan only counted is not passed over in silence.
func TestLeftOut(t *testing.T) {
	r := one()
	r.LeftOut = &report.LeftOut{Incidents: 98000, Failures: 294000}
	var page bytes.Buffer
	if err := html.Write(&page, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "At least 98,000 more incidents with 294,000 failures are only counted") {
		t.Errorf("it does not say what was left out: %.3000s", page.String())
	}
}
