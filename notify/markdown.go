package notify

import (
	"regexp"
	"strings"
)

// apart is a space without width. It takes a word's effect and leaves its look.
const apart = "\u200b"

var (
	blockStart   = regexp.MustCompile(`^([-+=]|[0-9]+\.)`)
	markdownMeta = strings.NewReplacer("](", `\]`+apart+`\(`, "@", "@"+apart,
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "(", `\(`, ")", `\)`,
		"<", `\<`+apart, ">", `\>`, "#", `\#`, "|", `\|`, "~", `\~`, "$", `\$`, "&", `\&`)
)

// markdown makes a text that Markdown shows as it is: with nothing that
// formats, links or mentions anybody, also for those who do not know all of
// the escapes, or who read Slack's <!channel> too.
func markdown(s string) string {
	lines := strings.Split(PrintableLines(s), "\n")
	for i, line := range lines {
		line = strings.TrimLeft(line, " ") // four of them would be a block of code
		start := blockStart.FindString(line)
		rest := markdownMeta.Replace(line[len(start):])
		if start != "" { // of a list, or of what makes a heading of the line above
			start = start[:len(start)-1] + `\` + start[len(start)-1:]
		}
		lines[i] = start + rest
	}
	return strings.Join(lines, "\n")
}

// code makes a text fit for within a fence of back quotes, where Markdown
// shows everything else as it is, once nothing in it looks like a mention.
func code(s string) string {
	return strings.NewReplacer("`", "'", "@", "@"+apart, "<", "<"+apart).Replace(PrintableLines(s))
}
