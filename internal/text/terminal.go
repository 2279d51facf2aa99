package text

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// Style is how output to a terminal is formatted. The zero value is plain text, 100 columns wide.
type Style struct {
	Color bool
	Width int // columns; 0 = 100
}

// The styles.
const (
	Bold  = "\x1b[1m"
	Faint = "\x1b[2m"
	Reset = "\x1b[0m"
)

// Styles are all terminal sequences that this program writes.
var Styles = []string{Bold, Faint, Reset}

// Page is text for a terminal. All text written through its methods is made printable.
type Page struct {
	strings.Builder
	Style Style
}

// Gap ends a paragraph.
func (p *Page) Gap() { p.WriteByte('\n') }

// Line writes one line, in the given style ("" = none) if color is enabled.
func (p *Page) Line(style, text string) {
	text = Printable(text)
	if p.Style.Color && style != "" {
		text = style + text + Reset
	}
	p.WriteString(text + "\n")
}

// Wrap writes a text, broken between words. A word that is longer than the line is not broken, so
// that commands and URLs can be copied.
func (p *Page) Wrap(first, next, text string) {
	most := cmp.Or(p.Style.Width, 100)
	line, space := first, ""
	for _, word := range strings.Fields(Printable(text)) {
		if space != "" && utf8.RuneCountInString(line+space+word) > most {
			p.WriteString(line + "\n")
			line, space = next, ""
		}
		line += space + word
		space = " "
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}

// Step is Wrap for a step. Its commands are on separate lines and are not broken.
func (p *Page) Step(first, next, step string) {
	for _, b := range Blocks(step) {
		if b.Code {
			for line := range strings.SplitSeq(b.Text, "\n") {
				p.Line("", next+"  "+line)
			}
		} else {
			p.Wrap(first, next, b.Text)
		}
		first = next
	}
}
