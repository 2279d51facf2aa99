package slack

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
)

// rich is a text where Slack interprets nothing.
func rich(text string, look message.Emphasis) slack.RichTextSectionElement {
	var style *slack.RichTextSectionTextStyle
	if look != 0 {
		style = &slack.RichTextSectionTextStyle{Bold: look == message.Strong, Strike: look == message.Struck,
			Code: look == message.Exact}
	}
	return slack.NewRichTextSectionTextElement(text, style)
}

func preformatted(text string) *slack.RichTextPreformatted {
	return &slack.RichTextPreformatted{Type: slack.RTEPreformatted,
		Elements: []slack.RichTextSectionElement{rich(text, 0)}}
}

func headed(id, head, text string) slack.Block {
	return slack.NewRichTextBlock(id, slack.NewRichTextSection(rich(head, 0)), preformatted(text))
}

// withoutFrames is an excerpt without the frames of stack traces, which are useless for
// fixing a configuration.
func withoutFrames(s string) string {
	return strings.TrimSuffix(frames.ReplaceAllStringFunc(s, func(found string) string {
		n := strings.Count(strings.TrimSuffix(found, "\n"), "\n") + 1
		return fmt.Sprintf("    … %s of a stack trace\n", text.Count(n, "line"))
	}), "\n")
}

var frames = regexp.MustCompile(`(?m)(?:^ +(?:at |\.\.\. ).*(?:\n|$))+`)

func contextBlock(id string, texts ...string) slack.Block {
	var elements []slack.MixedElement
	for _, text := range texts {
		elements = append(elements, slack.NewTextBlockObject(slack.MarkdownType, text, false, true))
	}
	return slack.NewContextBlock(id, elements...)
}

// date is a time that Slack shows in the zone of each reader.
func dateToken(t time.Time) string {
	if t.Unix() <= 0 {
		return text.Time(t)
	}
	return fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), dateFormat, text.Time(t))
}

const dateFormat = "{date_short_pretty} {time_secs}"

// moment is the same in rich text.
func dateElement(t time.Time) slack.RichTextSectionElement {
	fallback := text.Time(t)
	if t.Unix() <= 0 {
		return rich(fallback, 0)
	}
	return slack.NewRichTextSectionDateElement(t.Unix(), dateFormat, nil, &fallback)
}

// acknowledged is who handles the incident, and until when.
func acknowledged(a message.Acknowledged) string {
	who := "somebody"
	if isUser.MatchString(a.UserID) {
		who = "<@" + a.UserID + ">"
	} else if !text.Blank(a.By) {
		who = inline(a.By, 100)
	}
	words := fmt.Sprintf("🟡 *%s* by %s", a.What, who)
	switch {
	case !a.Until.IsZero():
		words += " until " + dateToken(a.Until)
	case !a.At.IsZero():
		words += ", " + dateToken(a.At)
	}
	return words
}

var isUser = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
