package slack

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// Slack's limits of links and buttons, the address with room to spare: three
// long ones would fill a message.
const (
	maxButtons = 3
	maxButton  = 75
	maxValue   = 2000
)

// links lead to pages: as buttons where an app answers them, since Slack warns of
// each press without an answer, else as links.
func (w drawing) links() []slack.Block {
	links := w.m.Links
	var blocks []slack.Block
	if w.l.buttons && !w.l.reply {
		var buttons []slack.BlockElement
		for i, l := range links[:min(len(links), maxButtons)] {
			buttons = append(buttons, button(fmt.Sprintf("link-%d", i), l.Title, "").WithURL(l.URL))
		}
		if len(buttons) > 0 {
			blocks = append(blocks, slack.NewActionBlock("links", buttons...))
		}
		if incident := string(w.m.ID.Incident()); w.m.Actionable && incident != "" && utf8.ValidString(incident) &&
			units(incident) <= maxValue {
			blocks = append(blocks, slack.NewActionBlock("incident",
				button("acknowledge", "Acknowledge", incident).WithStyle(slack.StylePrimary),
				button("snooze-1h", "Snooze 1 h", incident),
				button("snooze-24h", "Snooze 24 h", incident)))
		}
		return blocks
	}
	var lines []string
	length := 0
	for _, l := range links {
		address := strings.NewReplacer("&", "&amp;", "|", "%7C", ">", "%3E", "<", "%3C").Replace(l.URL)
		line := fmt.Sprintf("<%s|%s>", address, inline(l.Title, 150))
		if length += units(line) + 1; length <= maxSection {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 {
		blocks = append(blocks, slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType,
			strings.Join(lines, "\n"), false, true), nil, nil))
	}
	return blocks
}

func button(id, text, value string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(id, value,
		slack.NewTextBlockObject(slack.PlainTextType, literal(text, maxButton), false, false))
}
