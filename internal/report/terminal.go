package report

import (
	"time"

	"jira-oauth-watcher/internal/text"
)

// page is a report as text for a terminal.
type page struct {
	text.Page
	zone *time.Location
}

// heading wraps a line that stands out where there is color.
func (p *page) heading(s string) {
	if p.Style.Color {
		p.WriteString(text.Bold)
		defer p.WriteString(text.Reset)
	}
	p.Wrap("", "  ", s)
}

// clock is a time to the minute.
func (p *page) clock(t time.Time) string { return t.In(p.zone).Format(text.Minute) }

// clip shortens a word to n characters.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:max(n-1, 0)]) + "…"
}
