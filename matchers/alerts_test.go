package matchers_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
)

// The alerts that the receivers' tests draw say what the catalogue says of their events.
func TestSampleAlerts(t *testing.T) {
	s := builtin(t)
	for name, a := range alerttest.Samples(t) {
		d := &a.Data
		v := s.Pasted(d.Log.Excerpt)
		f := v.Failure
		if !v.Ours || f.Cause.ID != d.Cause.ID {
			t.Errorf("%s: its event is diagnosed as %+v", name, f.Cause)
			continue
		}
		advice := f.Cause.Advise(f.Facts)
		d.Cause.Title, d.Diagnosis, d.Confirm, d.Phase = f.Cause.Title, advice.Diagnosis, advice.Confirm, f.Impact.Phase
		d.Fix, d.Links = nil, nil
		for _, step := range advice.Fix {
			d.Fix = append(d.Fix, alert.Step{Text: step.Text, Where: step.Where})
		}
		for _, link := range f.Links {
			d.Links = append(d.Links, alert.Link{Title: link.Title, URL: link.URL})
		}
		var text bytes.Buffer
		out := json.NewEncoder(&text)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		if err := out.Encode(a); err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, filepath.Join("..", "internal", "alert", "alerttest", "testdata", "alerts", name+".json"), text.String())
	}
}
