package text

import (
	"regexp"
	"strings"
)

// Harmless neutralizes mentions of people, anything that resembles Slack's tokens, and the links
// in quotations.
func Harmless(s string) string {
	s = mentions.ReplaceAllStringFunc(PrintableLines(s),
		func(at string) string { return strings.ReplaceAll(at, "@", "@"+Apart) })
	return UnlinkQuoted(slackTokens.ReplaceAllString(s, "<"+Apart+"$1"))
}

var (
	// An @ within a word is an address of mail, a < before most others the
	// beginning of a placeholder or a redirection: both are there to be copied.
	mentions    = regexp.MustCompile(`(^|[^\pL\pN@])@+|@@+`)
	slackTokens = regexp.MustCompile(`<([!#]|https?:|mailto:)`)
)
