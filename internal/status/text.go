package status

import (
	_ "embed"
	"io"
	"text/template"

	"jira-oauth-watcher/internal/page"
	"jira-oauth-watcher/internal/text"
)

const columns = 80 // how wide the text is

//go:embed text.txt
var layout string

// Text writes what the page shows, for a terminal.
func Text(w io.Writer, r Report) error {
	v := newView(r, query{})
	for _, c := range v.Troubles {
		c.Wide = true // its steps are in no catalogue
	}
	return page.Text(w, text.Style{Width: columns}, layout, v, template.FuncMap{
		"when": r.When, "started": func() string { return r.When(r.Started) },
	})
}

// Unlisted is how many incidents are on other pages.
func (v view) Unlisted() int { return max(0, v.Total-len(v.Open)-len(v.Report.Closed)) }
