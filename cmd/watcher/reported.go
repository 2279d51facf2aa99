package main

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/event"
)

// reported is one error in a text that was pasted.
type reported struct {
	text string
	says bool // with the words that Jira reports errors of the flow with
}

// The ranks of signs: the lead-ins come in this order before one error.
const (
	occurred = iota
	messageIs
	fetching
	bare // no lead-in
)

var (
	// leadIns are the words before an error, by rank.
	leadIns = regexp.MustCompile(`(?i)(error\s+occurred\s+while)|(the\s+error\s+message\s+is:)|` +
		`(error\s+when\s+fetching\s+authorization\s+response:)`)
	// bareError begins an error text where there is no header: a code of
	// Microsoft's, a Java exception, a JSON object.
	bareError = regexp.MustCompile(`^(?:\W{0,3}AADSTS\d{4,8}\b|[a-z][\w$]*(?:\.[\w$]+)+(?:Exception|Error): |\{".*\}$)`)
	codeIn    = regexp.MustCompile(`AADSTS\d{4,8}`)
	timestamp = regexp.MustCompile(`\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d[,.]\d{3}`)
)

// near is how far apart the signs of one error are at most, in bytes.
const near = 200

// sign is where in a text an error may begin.
type sign struct{ at, end, rank int }

// reportsIn are the errors in an event, or in a text without a header. An
// event has one, unless its lines were joined, or the header of the next one
// was not recognized.
func reportsIn(text string) (list []reported) {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	begin, says := 0, false
	signs := signsIn(text)
	for i, s := range signs {
		if i > 0 && s.begins(text, signs[i-1]) {
			next := beginning(text, signs[i-1].end, s.at)
			list = append(list, reported{strings.TrimSpace(text[begin:next]), says})
			begin, says = next, false
		}
		says = says || s.rank == messageIs || s.rank == fetching
	}
	return append(list, reported{strings.TrimSpace(text[begin:]), says})
}

// begins reports whether a sign is that of another error than the previous one.
func (s sign) begins(text string, before sign) bool {
	far := s.at-before.end > near && (s.rank != bare || strings.Contains(text[before.end:s.at], "\n"))
	return far || s.rank <= before.rank
}

// beginning is where an error with a sign at an offset begins: with its header
// or its line, if they come after the sign of the error before.
func beginning(text string, after, at int) int {
	between := text[after:at]
	if all := timestamp.FindAllStringIndex(between, -1); all != nil {
		return after + all[len(all)-1][0]
	}
	if i := strings.LastIndexByte(between, '\n'); i >= 0 {
		return after + i + 1
	}
	return at
}

// signsIn are the signs in a text, in order.
func signsIn(text string) (signs []sign) {
	for _, m := range leadIns.FindAllStringSubmatchIndex(text, -1) {
		rank := slices.IndexFunc(m[2:], func(at int) bool { return at >= 0 }) / 2
		signs = append(signs, sign{m[0], m[1], rank})
	}
	if event.Begins([]byte(text)) {
		return inEvent(text, signs)
	}
	signs = append(signs, bareIn(text)...)
	slices.SortFunc(signs, func(a, b sign) int { return cmp.Or(a.at-b.at, a.rank-b.rank) })
	return signs
}

// inEvent are the signs in an event with a header. "Error occurred while"
// alone is not a sign, since any part of Jira may report several; neither is
// what is in an indented line: that belongs to the message, and a user may have
// written it.
func inEvent(text string, all []sign) (signs []sign) {
	for i, s := range all {
		line := text[strings.LastIndexByte(text[:s.at], '\n')+1:]
		followed := i+1 < len(all) && all[i+1].rank == messageIs && all[i+1].at-s.end <= near
		if (s.rank != occurred || followed) && line[0] != ' ' && line[0] != '\t' {
			signs = append(signs, s)
		}
	}
	first, _, _ := strings.Cut(text, "\n")
	h, message, _ := event.Parse(first, nil)
	if len(signs) > 0 && signs[0].at > len(first) && h.Logger != "" && message != "" { // a message of another kind
		signs = slices.Insert(signs, 0, sign{0, len(first), bare})
	}
	return signs
}

// bareIn are the lines of a text that begin an error without a lead-in, or
// have another code than those before.
func bareIn(text string) (signs []sign) {
	known, at := map[string]bool{"": true}, 0
	for line := range strings.Lines(text) {
		code, starts := codeIn.FindString(line), bareError.MatchString(strings.TrimRight(line, "\r\n"))
		if begin := at; starts || !known[code] {
			if !starts {
				begin += strings.Index(line, code)
			}
			signs = append(signs, sign{begin, begin, bare})
		}
		known[code] = true
		at += len(line)
	}
	return signs
}
