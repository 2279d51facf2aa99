package text

import (
	"regexp"
	"slices"
	"strings"
)

// Block is a part of a step: sentences, or commands in a separate block.
type Block struct {
	Text string
	Code bool // to be copied unchanged, line by line
}

// fence is the line before and after commands in a step, as in Markdown.
const fence = "```"

var fenceLine = regexp.MustCompile(`(?m)^[^\S\n]*` + fence + `[^\S\n]*$`)

// Blocks splits a step at its commands, into at least one part. A fence that is not closed extends
// to the end of the text.
func Blocks(s string) []Block {
	var all []Block
	for i, part := range fenceLine.Split(s, -1) { // every second part is code
		lines := slices.DeleteFunc(strings.Split(part, "\n"), func(line string) bool { return line == "" })
		if len(lines) > 0 {
			all = append(all, Block{strings.Join(lines, "\n"), i%2 == 1})
		}
	}
	if len(all) == 0 {
		return []Block{{Text: s}}
	}
	return all
}

// Join is the inverse of Blocks.
func Join(all []Block) string {
	var parts []string
	for _, b := range all {
		if b.Code {
			b.Text = fence + "\n" + b.Text + "\n" + fence
		}
		parts = append(parts, b.Text)
	}
	return strings.Join(parts, "\n")
}

// Fenced reports whether a text contains commands, and whether their end is marked.
func Fenced(s string) (holds, closed bool) {
	n := len(fenceLine.FindAllString(s, -1))
	return n > 0, n%2 == 0
}

// Indented is a step for receivers that show plain text: each command is on a separate line, set
// off by spaces.
func Indented(s string) string {
	var lines []string
	for _, b := range Blocks(s) {
		if b.Code {
			b.Text = "    " + strings.ReplaceAll(b.Text, "\n", "\n    ")
		}
		lines = append(lines, b.Text)
	}
	return strings.Join(lines, "\n")
}
