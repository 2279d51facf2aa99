package matchers

import (
	_ "embed" // the tables
	"slices"
	"strings"
)

var (
	//go:embed facts.txt
	factsText string
	//go:embed hosts.txt
	hostsText string
	//go:embed localized.txt
	localizedText string
	//go:embed words.txt
	wordsText string
)

// section is a part of an embedded table: [head], and the lines below it.
type section struct {
	head  string
	lines []string
}

// sections are the parts of a table without blank lines and comments. A line that begins with | belongs
// to the one above.
func sections(table string) (all []section) {
	for line := range strings.Lines(strings.ReplaceAll(table, "\n|", "|")) {
		line = strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(line, "["); ok {
			all = append(all, section{head: strings.TrimSuffix(head, "]")})
		} else if line != "" && !strings.HasPrefix(line, "#") {
			last := &all[len(all)-1]
			last.lines = append(last.lines, line)
		}
	}
	return all
}

// listed are the lines of a part of words.txt.
func listed(head string) string {
	all := sections(wordsText)
	i := slices.IndexFunc(all, func(s section) bool { return s.head == head })
	return strings.Join(all[i].lines, " ")
}
