package slack

import (
	"fmt"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
)

// maxPlain is how long a message without blocks may be: one is split from
// 4,000 on.
const maxPlain = 3500

// maxCommands is how long the commands of a step may be.
const maxCommands = 800

// maxLine is how long a line of a message without blocks may be.
const maxLine = 1600

// lines is a text with an end. What does not fit is left out, with a note.
type lines struct {
	strings.Builder
	left int
	full bool
}

// add writes a line: our own words, then a text that fit neutralizes.
func (l *lines) add(ours, s string, fit func(string) string) {
	const mark = "… cut\n"
	room := l.left - units(ours) - units(mark) - 1
	switch {
	case l.full:
	case room < 20:
		l.full = true
		l.WriteString(mark)
	default:
		line := ours
		if s != "" {
			line += within(strings.TrimSpace(text.Printable(short(s, maxLine))), min(room, maxLine), fit)
		}
		l.left -= units(line) + 1
		l.full = room < maxLine && strings.HasSuffix(line, strings.TrimSpace(mark))
		l.WriteString(line + "\n")
	}
}

// step writes a step. Its commands are whole or left out, and made by code.
func (l *lines) step(ours, s string, fit, code func(string) string) {
	for i, b := range text.Blocks(short(s, maxLine)) {
		switch {
		case !b.Code || i == 0:
			l.add(ours, b.Text, fit)
			ours = ""
		case units(b.Text) > min(maxCommands, l.left-100):
			l.add("… cut", "", nil)
		default:
			l.add(code(text.Harmless(b.Text)), "", nil)
		}
	}
}

// notification is what notifications, screen readers and an older Slack show:
// cause and first step come first, since a phone shows the beginning only.
func notification(m message.Message, l options) string {
	out := &lines{left: maxPlain}
	ours := ""
	if mention := l.mentions(m); mention != "" {
		ours = mention + " "
	}
	out.add(ours, m.Mark+" "+m.Named(m.Brief+m.About), escaped)
	brief := l.reply && m.Repeats // the first message says the rest
	sentences := m.Sentences
	if brief {
		sentences = m.News
	} else {
		for _, step := range m.Steps {
			out.step(fmt.Sprintf("%d. [%s] ", step.Number, inline(step.Who, 60)), step.Text, escaped, func(s string) string {
				return "```" + verbatim.Replace(s) + "```"
			})
		}
	}
	if a := m.Acknowledged; a != nil {
		out.add(acknowledged(*a), "", nil)
	}
	for _, s := range sentences {
		out.add("", s.String(), escaped)
	}
	if m.Confirm != "" && !brief {
		out.add("Fixed when: ", m.Confirm, escaped)
	}
	out.add("", m.Place+", "+m.Reference+".", escaped)
	if !m.Ends {
		out.integrations(m.Integrations, escaped)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// plainURL makes an address one that no dialect of Markdown interprets.
var plainURL = strings.NewReplacer("<", "%3C", ">", "%3E", "*", "%2A", "`", "%60", "~", "%7E", "@", "%40", "](", "%5D(")

// plainText is an alert for receivers that only resemble Slack: no blocks, no
// marks of any dialect of Markdown, plain addresses, and no
// mentions but mention.
func plainText(m message.Message, mention string) string {
	out := &lines{left: maxPlain}
	ours := ""
	if mention != "" && !m.Ends {
		ours = mention + " "
	}
	out.add(ours, m.Headline(), unmarked)
	if a := m.Acknowledged; a != nil {
		out.add("", a.String(), unmarked)
	}
	for _, s := range m.Sentences {
		out.add("", s.String(), unmarked)
	}
	for _, turn := range message.Turns(m.Steps) {
		out.add("\n", turn[0].Who+":", unmarked)
		for _, step := range turn {
			out.step(fmt.Sprintf("%d. ", step.Number), step.Text, unmarked, func(s string) string {
				return "```\n" + strings.ReplaceAll(s, "`", "ˋ") + "\n```"
			})
		}
	}
	if m.Confirm != "" {
		out.add("\nFixed when: ", m.Confirm, unmarked)
	}
	gap := "\n"
	for _, f := range slices.Concat(m.Facts, m.Circumstances,
		[]message.Fact{{Label: "Cause", Values: []string{m.Reference}}}) {
		out.add(gap+f.Label+": ", strings.Join(message.AtMost(f.Values, message.MaxValues), ", "), unmarkedQuote)
		gap = ""
	}
	for _, l := range m.Links {
		out.add(within(text.Printable(short(l.Title, 150)), 150, unmarked)+": "+plainURL.Replace(l.URL), "", nil)
	}
	if !m.Ends {
		out.integrations(m.Integrations, unmarked)
	}
	if !text.Blank(m.Excerpt) {
		out.add("Log: ", text.Cut(withoutFrames(text.PrintableLines(short(m.Excerpt, maxLine))), 600), unmarkedQuote)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func (l *lines) integrations(r message.Roll, fit func(string) string) {
	if ids := r.First(message.MaxIntegrations); len(ids) > 0 {
		l.add(r.Heading()+": ", strings.Join(ids, ", "), fit)
	}
}
