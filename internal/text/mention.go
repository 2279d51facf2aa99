package text

import (
	"regexp"
	"strings"
)

// harmless breaks what mentions somebody, or looks like Slack's way to, and the
// links in what is quoted.
func Harmless(s string) string {
	s = mentions.ReplaceAllStringFunc(PrintableLines(s), func(at string) string { return strings.ReplaceAll(at, "@", "@"+Apart) })
	return UnlinkQuoted(slackTokens.ReplaceAllString(s, "<"+Apart+"$1"))
}

var (
	// An @ within a word is an address of mail, a < before most others the
	// beginning of a placeholder or a redirection: both are there to be copied.
	mentions    = regexp.MustCompile(`(^|[^\pL\pN@])@+|@@+`)
	slackTokens = regexp.MustCompile(`<([!#]|https?:|mailto:)`)
)
