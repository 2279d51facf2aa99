package page

import (
	"regexp"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// Bounds of a page. A text is cut, in characters; of a list, the rest is counted.
const (
	maxName  = 100
	maxTitle = 200
	maxLine  = 300
	maxText  = 2000
	maxFacts = 30
	maxSteps = 20
	maxItems = 50 // of a cause
	maxOpen  = 10 // of them that are not collapsed
	maxShort = 24 // of a name in a list
)

// line is an untrusted text on one line of at most n characters.
func line(s string, n int) string {
	return strings.TrimSpace(strings.ReplaceAll(lines(s, n), "\n", " "))
}

// lines is an untrusted text with its line ends, without what controls a terminal, turns the
// direction of writing or is not a character.
func lines(s string, n int) string {
	return text.Cut(strings.NewReplacer("\ufffe", "\ufffd", "\uffff", "\ufffd").Replace(text.PrintableLines(s)), n)
}

// word is a part of a command.
type word struct {
	Text  string
	Whole bool // a browser must not break it at its hyphens
}

var commandParts = regexp.MustCompile(`\S*-\S*|\S+|\s+`)

// words splits a command, without a change of what is copied.
func words(s string) (all []word) {
	for _, part := range commandParts.FindAllString(s, -1) {
		all = append(all, word{part, strings.Contains(part, "-")})
	}
	return all
}
