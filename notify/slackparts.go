package notify

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// rich is a text where Slack interprets nothing.
func rich(text string, look emphasis) slack.RichTextSectionElement {
	var style *slack.RichTextSectionTextStyle
	switch look {
	case strong:
		style = &slack.RichTextSectionTextStyle{Bold: true}
	case struck:
		style = &slack.RichTextSectionTextStyle{Strike: true}
	case exact:
		style = &slack.RichTextSectionTextStyle{Code: true}
	}
	return slack.NewRichTextSectionTextElement(text, style)
}

func preformatted(id, head, text string) slack.Block {
	return slack.NewRichTextBlock(id, slack.NewRichTextSection(rich(head, 0)),
		&slack.RichTextPreformatted{Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{rich(text, 0)}})
}

// frameless is an excerpt without the frames of stack traces, which say
// nothing to whoever mends a configuration.
func frameless(s string) string {
	var out []string
	frames := 0
	flush := func() {
		if frames > 0 {
			out = append(out, fmt.Sprintf("    … %s of a stack trace", counted(frames, "line")))
		}
		frames = 0
	}
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		if rest := strings.TrimLeft(line, " "); rest != line && (strings.HasPrefix(rest, "at ") || strings.HasPrefix(rest, "... ")) {
			frames++
			continue
		}
		flush()
		out = append(out, line)
	}
	flush()
	return strings.Join(out, "\n")
}

func small(id string, texts ...string) slack.Block {
	var elements []slack.MixedElement
	for _, text := range texts {
		elements = append(elements, slack.NewTextBlockObject(slack.MarkdownType, text, false, true))
	}
	return slack.NewContextBlock(id, elements...)
}

// date is a time that Slack shows in the zone of each reader.
func date(t time.Time) string {
	if t.Unix() <= 0 {
		return timeOfDay(t)
	}
	return fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), dateFormat, timeOfDay(t))
}

const dateFormat = "{date_short_pretty} {time_secs}"

// moment is the same in rich text.
func moment(t time.Time) slack.RichTextSectionElement {
	fallback := timeOfDay(t)
	if t.Unix() <= 0 {
		return rich(fallback, 0)
	}
	return slack.NewRichTextSectionDateElement(t.Unix(), dateFormat, nil, &fallback)
}

// acknowledged is who has seen to it, and until when.
func acknowledged(a alert.Acknowledged) string {
	who := "somebody"
	if isUser.MatchString(a.UserID) {
		who = "<@" + a.UserID + ">"
	} else if !text.Blank(a.By) {
		who = tame(a.By, 100)
	}
	if !a.Until.IsZero() {
		return fmt.Sprintf("🟡 *Snoozed* by %s until %s", who, date(a.Until))
	}
	if a.At.IsZero() {
		return fmt.Sprintf("🟡 *Acknowledged* by %s", who)
	}
	return fmt.Sprintf("🟡 *Acknowledged* by %s, %s", who, date(a.At))
}

var isUser = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
