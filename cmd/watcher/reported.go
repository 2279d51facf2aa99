package main

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/event"
)

// reported is one error in a text that was handed over.
type reported struct {
	text string
	says bool // with the words that Jira reports errors of the flow with
}

var (
	// leadIns are those words, in the order in which one error has them.
	leadIns = []*regexp.Regexp{
		regexp.MustCompile(`(?i)error\s+occurred\s+while`),
		regexp.MustCompile(`(?i)the\s+error\s+message\s+is:`),
		regexp.MustCompile(`(?i)error\s+when\s+fetching\s+authorization\s+response:`),
	}
	// bareError begins an error text where there is no header: a code of
	// Microsoft's, a Java exception, a JSON object.
	bareError = regexp.MustCompile(`^(?:\W{0,3}AADSTS\d{4,8}\b|[a-z][\w$]*(?:\.[\w$]+)+(?:Exception|Error): |\{".*\}$)`)
	codeIn    = regexp.MustCompile(`AADSTS\d{4,8}`)
	stamped   = regexp.MustCompile(`\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d[,.]\d{3}`)
)

// near is how far apart the lead-ins of one error are at most, in bytes.
const near = 200

// sign is where in a text an error may begin.
type sign struct{ at, end, rank int }

// reportsIn are the errors in an event, or in a text without a header. An
// event has one, unless its lines were joined, or the header of the next one
// was not recognized.
func reportsIn(text string) []reported {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	signs := signsIn(text, event.Begins([]byte(text)))
	var list []reported
	begin, says := 0, false
	for i, s := range signs {
		if i > 0 && s.begins(signs[i-1], text) {
			next := beginning(text, signs[i-1].end, s.at)
			list = append(list, reported{strings.TrimSpace(text[begin:next]), says})
			begin, says = next, false
		}
		says = says || s.rank == 1 || s.rank == 2
	}
	return append(list, reported{strings.TrimSpace(text[begin:]), says})
}

// begins tells whether a sign is that of another error than the one before.
func (s sign) begins(before sign, text string) bool {
	far := s.at-before.end > near
	if s.rank == len(leadIns) {
		far = far && strings.Contains(text[before.end:s.at], "\n")
	}
	return s.rank <= before.rank || far
}

// signsIn are the signs in a text, in order.
func signsIn(text string, headed bool) (signs []sign) {
	for rank, re := range leadIns {
		for _, m := range re.FindAllStringIndex(text, -1) {
			signs = append(signs, sign{m[0], m[1], rank})
		}
	}
	if !headed {
		signs = append(signs, bareIn(text)...)
	}
	slices.SortFunc(signs, func(a, b sign) int { return cmp.Or(a.at-b.at, a.rank-b.rank) })
	if headed {
		signs = inEvent(text, signs)
	}
	return signs
}

// inEvent are the signs in an event with a header. "Error occurred while"
// alone is none, since any part of Jira may report several; nor is what stands
// in an indented line: that is the message's, and a user may have written it.
func inEvent(text string, all []sign) (signs []sign) {
	for i, s := range all {
		line := text[strings.LastIndexByte(text[:s.at], '\n')+1:]
		lonely := s.rank == 0 && (i+1 == len(all) || all[i+1].rank != 1 || all[i+1].at-s.end > near)
		if !lonely && line[0] != ' ' && line[0] != '\t' {
			signs = append(signs, s)
		}
	}
	first, _, _ := strings.Cut(text, "\n")
	if h, message, _ := event.Parse(first, nil); len(signs) > 0 && signs[0].at > len(first) && h.Logger != "" && message != "" {
		signs = slices.Insert(signs, 0, sign{0, len(first), len(leadIns)}) // it has a message of another kind
	}
	return signs
}

// bareIn are the lines of a text that begin an error without a lead-in, or
// have another code than those before.
func bareIn(text string) (signs []sign) {
	known, at := map[string]bool{}, 0
	for line := range strings.Lines(text) {
		code := codeIn.FindString(line)
		switch {
		case bareError.MatchString(strings.TrimRight(line, "\r\n")):
			signs = append(signs, sign{at, at, len(leadIns)})
		case code != "" && !known[code]:
			place := at + strings.Index(line, code)
			signs = append(signs, sign{place, place, len(leadIns)})
		}
		known[code] = true
		at += len(line)
	}
	return signs
}

// beginning is where the error begins that has a lead-in at a place: with its
// header or its line, if they follow the lead-in of the error before.
func beginning(text string, after, at int) int {
	between := text[after:at]
	if all := stamped.FindAllStringIndex(between, -1); all != nil {
		return after + all[len(all)-1][0]
	}
	if i := strings.LastIndexByte(between, '\n'); i >= 0 {
		return after + i + 1
	}
	return at
}
