package slack

import (
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
)

// What is highlighted within a text, in order of precedence.
var outstanding = []struct {
	options message.Emphasis
	re      *regexp.Regexp // the part is its group
}{
	// Commands, up to a word that is plain English.
	{message.Exact, regexp.MustCompile(`(\b(?:env|curl|openssl|keytool|getent|nslookup|grep|nc|firewall-cmd)` +
		`(?: (?:"[^"]*"|-[^\s,;]+|[^\s"(,;]*[/:=<>_.*0-9-][^\s"(,;]*|a?hosts|curl|changeit|POST|AADSTS))+)`)},
	// Addresses, IDs, codes, parameters and options, one or several.
	{message.Exact, regexp.MustCompile(`(` + name + `(?: ` + name + `)*)`)},
	// Menu paths, such as Jira ⚙ > System > OAuth 2.0: continued after
	// a bracket, and from a gear, a host or a capital letter to where the part of
	// the sentence ends.
	{message.Strong, regexp.MustCompile(`\) (> ` + menu + `(?: > ` + menu + `)*)`)},
	{message.Strong, regexp.MustCompile(`((?:(?:Jira )?⚙|[a-z]+(?:\.[a-z]+)+|` +
		`\p{Lu}[^\s.,:;()>?!]*(?: [^\s.,:;()>?!]+){0,4})(?: > ` + menu + `)+)`)},
}

const (
	name = `(?:https?://(?:<[\w.-]+>|[^\s<>"|])*(?:<[\w.-]+>|[^\s<>"|.,:;!?()'\]])|` +
		`\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b|\bAADSTS\d{4,8}\b` +
		`|\b(?:[a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+)\b|-D[\w.]+=[^\s,;()]*|<[\w.-]+>(?:/[^\s,;:()]*)?)`
	menu = `[^\s,:;()>?!]*[^\s.,:;()>?!](?: [^\s,:;()>?!]*[^\s.,:;()>?!]){0,7}`
)

// lead and tail are plain English that a way through menus was taken with.
var (
	lead = regexp.MustCompile(`^(?:[^>⚙]*? )??(Jira ⚙|⚙)|^[^>]* (?:in|with|under) (.)|^Then (.)`)
	tail = regexp.MustCompile(` (?:shows|on|arrives|restores|creates|to|before|at|first)\b[^>]*$`)
)

// maxParts keeps a message from being all elements and no text.
const maxParts = 20

// prose is a text in which commands, names and menu paths are highlighted,
// but nothing in what it quotes.
func (w drawing) prose(s string, limit int) []slack.RichTextSectionElement {
	words := spaced(s, limit)
	if !w.b.parts {
		return []slack.RichTextSectionElement{rich(words, 0)}
	}
	var out []slack.RichTextSectionElement
	for _, span := range text.Spans(words) {
		switch {
		case span.Code:
			out = append(out, rich(span.Text, message.Exact))
		case span.Quoted:
			out = append(out, rich(span.Text, 0))
		default:
			out = append(out, highlighted(span.Text)...)
		}
	}
	return out
}

// highlighted is prose for a text without quotations.
func highlighted(text string) []slack.RichTextSectionElement {
	type part struct {
		from, to int
		options  message.Emphasis
	}
	var parts []part
	for _, o := range outstanding {
		for _, at := range o.re.FindAllStringSubmatchIndex(text, maxParts) {
			p := part{at[2], at[3], o.options}
			if o.options == message.Strong {
				if at := lead.FindStringSubmatchIndex(text[p.from:p.to]); at != nil {
					p.from += max(at[2], at[4], at[6])
				}
				p.to = p.from + len(tail.ReplaceAllString(text[p.from:p.to], ""))
			}
			p.to = p.from + len(strings.TrimRight(text[p.from:p.to], ".,:;)"))
			if p.from < p.to && !slices.ContainsFunc(parts,
				func(o part) bool { return p.from < o.to && o.from < p.to }) {
				parts = append(parts, p)
			}
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return a.from - b.from })
	var out []slack.RichTextSectionElement
	from := 0
	for _, p := range parts[:min(len(parts), maxParts)] {
		if p.from > from {
			out = append(out, rich(text[from:p.from], 0))
		}
		out = append(out, rich(text[p.from:p.to], p.options))
		from = p.to
	}
	if from < len(text) {
		out = append(out, rich(text[from:], 0))
	}
	return out
}
