package notify

import (
	"regexp"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// harmless breaks what mentions somebody, or looks like Slack's way to, and the
// links in what is quoted.
func harmless(s string) string {
	s = mentions.ReplaceAllStringFunc(text.PrintableLines(s), func(at string) string { return strings.ReplaceAll(at, "@", "@"+text.Apart) })
	return text.UnlinkQuoted(slackTokens.ReplaceAllString(s, "<"+text.Apart+"$1"))
}

var (
	// An @ within a word is an address of mail, a < before most others the
	// beginning of a placeholder or a redirection: both are there to be copied.
	mentions    = regexp.MustCompile(`(^|[^\pL\pN@])@+|@@+`)
	slackTokens = regexp.MustCompile(`<([!#]|https?:|mailto:)`)
)
