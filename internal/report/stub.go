// Package report makes pages of what scan found.
package report

import (
	"errors"
	"io"

	"jira-oauth-watcher/internal/scan"
)

// HTML writes a report as one page that needs nothing else.
func HTML(io.Writer, scan.Report) error { return errors.New("the page is not there yet") }
