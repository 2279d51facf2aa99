package webhook

import (
	"regexp"
	"strings"

	"jira-oauth-watcher/internal/text"
)

var (
	wikiMeta = strings.NewReplacer("{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "|", `\|`, "!", `\!`)
	noformat = regexp.MustCompile(`(?i)\{(noformat)`)
)

// wiki makes a text in which Jira's wiki markup finds no macro, link, image or mention.
// The commands of a step stay as they are.
func wiki(s string) string {
	var parts []string
	for _, b := range text.Blocks(s) {
		part := text.Harmless(b.Text)
		if b.Code {
			parts = append(parts, "{noformat}\n"+noformat.ReplaceAllString(part, "{ $1")+"\n{noformat}")
		} else {
			parts = append(parts, wikiMeta.Replace(part))
		}
	}
	return strings.Join(parts, "\n")
}
