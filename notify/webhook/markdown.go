package webhook

import (
	"regexp"
	"strings"

	"jira-oauth-watcher/internal/text"
)

var (
	indent = regexp.MustCompile(`(?m)^ +`) // four spaces would be a block of code
	// of a list, or of what makes a heading of the line above
	blockStart   = regexp.MustCompile(`(?m)^(?:([0-9]+)(\.)|([-+=]))`)
	markdownMeta = strings.NewReplacer("](", `\]`+text.Apart+`\(`, "\\", `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "{",
		`\{`, "}", `\}`, "[", `\[`, "]", `\]`,
		"(", `\(`, ")", `\)`, "<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`, "~", `\~`, "$", `\$`, "&", `\&`)
)

// markdown makes a text that Markdown shows as it is: with nothing that
// formats, links or mentions anyone, even in a dialect that does not know all of
// the escapes, or who read Slack's <!channel> too. The commands of a step stay code.
func markdown(s string) string {
	blocks := text.Blocks(s)
	for i, b := range blocks {
		if b.Code {
			blocks[i].Text = fenced(b.Text)
		} else {
			blocks[i].Text = plain(b.Text)
		}
	}
	return text.Join(blocks)
}

func plain(s string) string {
	s = indent.ReplaceAllString(text.Harmless(s), "")
	return blockStart.ReplaceAllString(markdownMeta.Replace(s), `$1\$2$3`)
}

// fenced makes a text fit for within a fence of back quotes, where Markdown
// shows everything else as it is.
func fenced(s string) string { return strings.ReplaceAll(text.Harmless(s), "`", "'") }
