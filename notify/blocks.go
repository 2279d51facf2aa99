package notify

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/slack-go/slack"
)

// Slack's limits (https://docs.slack.dev/reference/block-kit/blocks), in
// UTF-16 units after escaping, with room to spare.
const (
	maxHeader  = 150
	maxSection = 2900
	maxField   = 1900
	maxStep    = 1500
	maxExcerpt = 2000
	maxPlain   = 3500 // one message is split from 4,000 on
	maxSteps   = 20
	maxFields  = 10
)

// look is how a message is drawn.
type look struct {
	mention string // token that mentions somebody, for the first message of an incident; "" = nobody
	buttons bool   // somebody listens to buttons: else there are links
	reply   bool   // a follow-up in the thread of the incident's message, which says the rest
}

// slackMessage is an alert as a message for an incoming webhook.
func slackMessage(d Data, l look, plain bool) *slack.WebhookMessage {
	off := false
	m := &slack.WebhookMessage{Text: slackText(d, l), UnfurlLinks: &off, UnfurlMedia: &off}
	if !plain {
		m.Blocks = &slack.Blocks{BlockSet: slackBlocks(d, l)}
	}
	return m
}

// slackBlocks is an alert in Block Kit. What a log said stands in rich text,
// which Slack shows as it is, or escaped, so that it can neither mention
// anybody nor forge a link.
func slackBlocks(d Data, l look) []slack.Block {
	blocks := []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, literal(headline(d), maxHeader), false, false)),
		mrkdwn(escape(Printable(summary(d)), maxSection)),
	}
	if d.Kind != Quiet {
		if len(d.Fix) > 0 {
			blocks = append(blocks, steps(d))
		}
		blocks = append(blocks, mrkdwn("*Fixed when:* "+escape(Printable(d.Confirm), maxSection)))
	}
	blocks = append(blocks, facts(d)...)
	if d.Kind != Quiet && d.Log.Excerpt != "" {
		blocks = append(blocks, excerpt(d))
	}
	return append(blocks, origin(d))
}

// slackText is what notifications, screen readers and receivers without Block
// Kit show: cause and first step come early.
func slackText(d Data, l look) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", Printable(headline(d)), Printable(summary(d)))
	if d.Kind != Quiet {
		for i, step := range d.Fix[:min(len(d.Fix), maxSteps)] {
			fmt.Fprintf(&b, "%d. [%s] %s\n", i+1, actor(step.Where), Printable(step.Text))
		}
		fmt.Fprintf(&b, "Fixed when: %s\n", Printable(d.Confirm))
	}
	fmt.Fprintf(&b, "Integration %s on %s, %s.", d.Integration.ID, d.Node, reference(d))
	return escape(b.String(), maxPlain)
}

// mrkdwn is a section of text that is escaped already.
func mrkdwn(escaped string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, escaped, false, true), nil, nil)
}

// steps are a numbered list, each with who has to act in bold.
func steps(d Data) slack.Block {
	list := slack.NewRichTextList(slack.RTEListOrdered, 0)
	for _, step := range d.Fix[:min(len(d.Fix), maxSteps)] {
		list.Elements = append(list.Elements, slack.NewRichTextSection(
			styled(literal(actor(step.Where)+": ", maxField), true),
			styled(literal(step.Text, maxStep), false),
		))
	}
	return slack.NewRichTextBlock("steps", slack.NewRichTextSection(styled("What to do", true)), list)
}

func styled(text string, bold bool) slack.RichTextSectionElement {
	if !bold {
		return slack.NewRichTextSectionTextElement(text, nil)
	}
	return slack.NewRichTextSectionTextElement(text, &slack.RichTextSectionTextStyle{Bold: true})
}

// facts are pairs of name and value, ten to a section.
func facts(d Data) []slack.Block {
	var blocks []slack.Block
	for pairs := range slices.Chunk(particulars(d), maxFields) {
		var fields []*slack.TextBlockObject
		for _, p := range pairs {
			fields = append(fields, slack.NewTextBlockObject(slack.MarkdownType, "*"+p.name+"*\n"+escape(Printable(p.value), maxField), false, true))
		}
		blocks = append(blocks, slack.NewSectionBlock(nil, fields, nil))
	}
	return blocks
}

// excerpt is the event itself, where Slack interprets nothing.
func excerpt(d Data) slack.Block {
	text := slack.NewRichTextSectionTextElement(within(PrintableLines(d.Log.Excerpt), maxExcerpt, nil), nil)
	return slack.NewRichTextBlock("log",
		slack.NewRichTextSection(styled("From "+literal(d.Log.Path, maxField)+", secrets removed", false)),
		&slack.RichTextPreformatted{Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{text}})
}

// origin is the small print: links, cause and the alert's ID.
func origin(d Data) slack.Block {
	var parts []string
	for _, l := range d.Links {
		link := fmt.Sprintf("<%s|%s>", strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C", " ", "%20").Replace(Printable(l.URL)), escape(Printable(l.Title), 200))
		if len(strings.Join(parts, " · "))+len(link) < maxField {
			parts = append(parts, link)
		}
	}
	parts = append(parts, escape(Printable(reference(d)), 300), escape(Printable(d.ID), 300))
	return slack.NewContextBlock("origin", slack.NewTextBlockObject(slack.MarkdownType, strings.Join(parts, " · "), false, true))
}

// escape makes a text fit for mrkdwn: what it is escaped to has at most limit
// UTF-16 units, and no escape is cut.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string, limit int) string {
	return within(PrintableLines(s), limit, strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;"))
}

// literal makes a text fit for where Slack interprets nothing: on one line, of
// at most limit UTF-16 units.
func literal(s string, limit int) string { return within(Printable(s), limit, nil) }

// within cuts a text so that it has at most limit UTF-16 units once its
// characters are replaced. Slack refuses an empty one.
func within(s string, limit int, replace *strings.Replacer) string {
	if strings.TrimSpace(s) == "" {
		return "–"
	}
	for n := limit; ; n = n * 3 / 4 {
		out := Cut(s, n)
		if replace != nil {
			out = replace.Replace(out)
		}
		if len(utf16.Encode([]rune(out))) <= limit {
			return out
		}
	}
}

// Printable is s on one line without control characters and characters that
// turn the direction of writing.
func Printable(s string) string {
	return strings.ReplaceAll(PrintableLines(s), "\n", " ")
}

// PrintableLines is s without control characters and characters that turn the
// direction of writing, line ends apart.
func PrintableLines(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
