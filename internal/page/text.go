package page

import (
	_ "embed"
	"io"
	"text/template"

	"jira-oauth-watcher/internal/text"
)

//go:embed parts.txt
var textParts string

// maxRows is how many items of a cause a terminal shows.
const maxRows = 20

// Text writes a page for a terminal, with the shared parts in it: "cause", as an HTML page shows it. What is not
// expanded is left out.
func Text(w io.Writer, style text.Style, layout string, data any, more template.FuncMap) error {
	return style.Layout(w, textParts+layout, data, more)
}

// Rows are the items that a terminal shows.
func (c *Cause) Rows() []*Item { return c.Items[:min(len(c.Items), maxRows)] }

// Unlisted is how many more there are, where some are not listed.
func (c *Cause) Unlisted() int {
	if len(c.Items) <= maxRows && c.More == "" {
		return 0
	}
	return max(len(c.Items), c.Members) - len(c.Rows())
}
