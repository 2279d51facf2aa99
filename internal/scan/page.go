package scan

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"jira-oauth-watcher/internal/text"
)

// page is text for a terminal.
type page struct {
	strings.Builder
	style text.Style
	zone  *time.Location
}

func (p *page) gap() { p.WriteByte('\n') }

func (p *page) line(s string) {
	p.WriteString(strings.TrimRight(text.Printable(s), " ") + "\n")
}

// look is a text that stands out where there is colour.
func (p *page) look(how, first, text string) {
	if !p.style.Color {
		p.wrap(first, first+"  ", text)
		return
	}
	p.WriteString(how)
	p.wrap(first, first+"  ", text)
	p.WriteString(reset)
}

// wrap breaks a text at words. A word that is longer than the line stays
// whole, so that it can be copied; blanks within a line stay as they are.
func (p *page) wrap(first, next, s string) {
	s = strings.TrimRight(text.Printable(s), " ")
	if utf8.RuneCountInString(first+s) <= p.style.Width {
		p.WriteString(first + s + "\n")
		return
	}
	line, words := first, 0
	for _, word := range strings.Fields(s) {
		if words > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > p.style.Width {
			p.WriteString(line + "\n")
			line, words = next, 0
		}
		if words > 0 {
			line += " "
		}
		line += word
		words++
	}
	p.WriteString(line + "\n")
}

// clock is a time to the minute.
func (p *page) clock(t time.Time) string { return t.In(p.zone).Format("2006-01-02 15:04") }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clip shortens a word to n characters.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:max(n-1, 0)]) + "…"
}

// bytesOf is a size as people read it.
func bytesOf(n int64) string {
	switch {
	case n < 1_000:
		return counted(int(n), "byte")
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
