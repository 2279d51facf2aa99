package slack

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"jira-oauth-watcher/internal/alert"
)

// Slack's limits of buttons, with room to spare.
const (
	maxButton = 75
	maxValue  = 2000
)

// buttons lead to where people act, and acknowledge the incident. Without an app that answers them
// there are links, since Slack warns of each press without an answer.
func (w drawing) buttons(act []alert.Link) []slack.Block {
	act = act[:min(len(act), 2)]
	if !w.l.buttons || w.l.reply {
		return linked(act, " · ")
	}
	var buttons []slack.BlockElement
	for i, l := range act {
		buttons = append(buttons, button(fmt.Sprintf("link-%d", i), l.Title, "").WithURL(l.URL))
	}
	if incident := string(w.m.ID.Incident()); w.m.Actionable && incident != "" && utf8.ValidString(incident) &&
		units(incident) <= maxValue {
		buttons = append(buttons,
			button("acknowledge", "Acknowledge", incident).WithStyle(slack.StylePrimary),
			button("snooze-1h", "Snooze 1 h", incident),
			button("snooze-24h", "Snooze 24 h", incident))
	}
	if len(buttons) == 0 {
		return nil
	}
	return []slack.Block{slack.NewActionBlock("incident", buttons...)}
}

// linked are pages as links, as far as Slack takes them.
func linked(links []alert.Link, between string) []slack.Block {
	var lines []string
	length := 0
	for _, l := range links {
		address := strings.NewReplacer("&", "&amp;", "|", "%7C", ">", "%3E", "<", "%3C").Replace(l.URL)
		line := fmt.Sprintf("<%s|%s>", address, inline(l.Title, 150))
		if length += units(line + between); length <= maxSection {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []slack.Block{slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType,
		strings.Join(lines, between), false, true), nil, nil)}
}

func button(id, text, value string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(id, value,
		slack.NewTextBlockObject(slack.PlainTextType, literal(text, maxButton), false, false))
}
