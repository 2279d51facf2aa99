package text

import (
	"regexp"
	"strings"
)

// Span is a part of one of our texts, such as a diagnosis or a step.
type Span struct {
	Text   string
	Code   bool // to be read letter by letter
	Quoted bool // quoted from a log: markup in it must have no effect
}

// quotations are what a text quotes: package matchers writes a log's words between
// these marks, and leaves the marks out of them. The third is what a receiver replaces
// the second with.
var quotations = regexp.MustCompile("“[^”]*(?:”|$)|`[^`]*(?:`|$)|ˋ[^ˋ]*(?:ˋ|$)")

// Spans splits a text at its quotations.
func Spans(s string) []Span {
	var all []Span
	at := 0
	for _, q := range append(quotations.FindAllStringIndex(s, -1), []int{len(s), len(s)}) {
		if q[0] > at {
			all = append(all, Span{Text: s[at:q[0]]})
		}
		at = q[1]
		if code, ok := strings.CutPrefix(s[q[0]:at], "`"); ok && len(code) > 1 {
			all = append(all, Span{Text: strings.TrimSuffix(code, "`"), Code: true})
		} else if q[0] < at {
			all = append(all, Span{Text: s[q[0]:at], Quoted: true})
		}
	}
	return all
}

// Unlink breaks everything that a receiver would turn into a link by itself.
func Unlink(s string) string {
	return links.ReplaceAllStringFunc(s, func(found string) string {
		return found[:1] + Apart + strings.TrimPrefix(found[1:], Apart)
	})
}

var links = regexp.MustCompile(`(?i)://|\b(?:mailto|tel):|\bwww\.|@\x{200b}?`)

// UnlinkQuoted is Unlink for the quotations in a text only: our own addresses are intended
// to be copied.
func UnlinkQuoted(s string) string { return quotations.ReplaceAllStringFunc(s, Unlink) }

// Apart is a zero-width space. It removes a word's effect and keeps its appearance.
const Apart = "\u200b"

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
