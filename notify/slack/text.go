package slack

import (
	"fmt"
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
func (l *lines) step(ours, s string) {
	for i, b := range text.Blocks(short(s, maxLine)) {
		switch {
		case !b.Code || i == 0:
			l.add(ours, b.Text, unmarked)
			ours = ""
		case units(b.Text) > min(maxCommands, l.left-100):
			l.add("… cut", "", nil)
		default:
			l.add("```\n"+strings.ReplaceAll(text.Harmless(b.Text), "`", "ˋ")+"\n```", "", nil)
		}
	}
}

// maxNotification is how long the text next to blocks may be.
const maxNotification = 300

// notification is what notifications and screen readers show of a message with blocks: what it is
// about, and what to do first, since a phone shows the beginning only.
func notification(m message.Message, l options) string {
	ours := ""
	if l.mention != "" {
		ours = l.mention + " "
	}
	words := m.Headline()
	switch {
	case l.reply && m.Repeats && len(m.News) > 0:
		words += ". " + m.News[0].String()
	case len(m.Steps) > 0:
		words += ". " + m.Steps[0].Who + ": " + text.Blocks(m.Steps[0].Text)[0].Text
	case len(m.Sentences) > 0:
		words += ". " + m.Sentences[0].String()
	}
	return ours + inline(words, maxNotification-units(ours))
}

// plainURL makes an address one that no dialect of Markdown interprets.
var plainURL = strings.NewReplacer("<", "%3C", ">", "%3E", "*", "%2A", "`", "%60", "~", "%7E", "@", "%40", "](", "%5D(")

// plainText is an alert without blocks, for receivers that only resemble Slack and for a message
// whose blocks were refused: no marks of any dialect of Markdown, plain addresses, and no mentions
// but mention.
func plainText(m message.Message, mention string) string {
	out := &lines{left: maxPlain}
	ours := ""
	if mention != "" {
		ours = mention + " "
	}
	out.add(ours, m.Headline(), unmarked)
	if a := m.Acknowledged; a != nil {
		out.add("", a.String(), unmarked)
	}
	for _, s := range m.Sentences {
		out.add("", s.String(), unmarked)
	}
	if len(m.Steps) > 0 {
		out.add("\nWho: ", message.Who(m.Steps), unmarked)
	}
	for _, step := range m.Steps {
		out.step(fmt.Sprintf("%d. ", step.Number), step.Text)
	}
	if m.Confirm != "" {
		out.add("Fixed when: ", m.Confirm, unmarked)
	}
	for _, s := range m.Notes {
		out.add("", s.String(), unmarked)
	}
	gap := "\n"
	for _, f := range m.Table() {
		out.add(gap+f.Label+": ", strings.Join(message.AtMost(f.Values, message.MaxValues), ", "), unmarkedQuote)
		gap = ""
	}
	for _, l := range m.Links {
		out.add(within(text.Printable(short(l.Title, 150)), 150, unmarked)+": "+plainURL.Replace(l.URL), "", nil)
	}
	if ids := m.Integrations.First(message.MaxIntegrations); len(ids) > 0 && !m.Ends {
		out.add(m.Integrations.Heading()+": ", strings.Join(ids, ", "), unmarked)
	}
	if !text.Blank(m.Excerpt) {
		out.add("Log: ", text.Cut(withoutFrames(text.PrintableLines(short(m.Excerpt, maxLine))), 600), unmarkedQuote)
	}
	return strings.TrimSuffix(out.String(), "\n")
}
