package notify

import (
	"fmt"
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
	maxStep    = 2900
	maxExcerpt = 2000
	maxPlain   = 3500 // one message is split from 4,000 on
	maxSteps   = 20
)

// slackMessage is an alert as a message for an incoming webhook. What a log
// said stands in rich text, which Slack shows as it is, or escaped, so that it
// can neither mention anybody nor forge a link.
func slackMessage(d Data, plain bool) *slack.WebhookMessage {
	off := false
	m := &slack.WebhookMessage{Text: slackText(d), UnfurlLinks: &off, UnfurlMedia: &off}
	if plain {
		return m
	}
	blocks := []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, Cut(Printable(headline(d)), maxHeader), false, false)),
		section(summary(d)),
	}
	if d.Kind != Quiet {
		blocks = append(blocks, steps(d), mrkdwn("*Fixed when:* "+escape(d.Confirm, maxSection)), facts(d))
		if d.Log.Excerpt != "" {
			blocks = append(blocks, excerpt(d))
		}
	} else {
		blocks = append(blocks, facts(d))
	}
	blocks = append(blocks, origin(d))
	m.Blocks = &slack.Blocks{BlockSet: blocks}
	return m
}

// slackText is what notifications, screen readers and receivers without Block
// Kit show: cause and first step come early.
func slackText(d Data) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", headline(d), summary(d))
	if d.Kind != Quiet {
		for i, step := range d.Fix {
			fmt.Fprintf(&b, "%d. [%s] %s\n", i+1, actor(step.Where), step.Text)
		}
		fmt.Fprintf(&b, "Fixed when: %s\n", d.Confirm)
	}
	fmt.Fprintf(&b, "Integration %s on %s, %s.", d.Integration.ID, d.Node, reference(d))
	return escape(b.String(), maxPlain)
}

func section(text string) slack.Block { return mrkdwn(escape(text, maxSection)) }

// mrkdwn is a section of text that is escaped already.
func mrkdwn(escaped string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, escaped, false, true), nil, nil)
}

// steps are a numbered list, each with who has to act in bold.
func steps(d Data) slack.Block {
	list := slack.NewRichTextList(slack.RTEListOrdered, 0)
	for _, step := range d.Fix[:min(len(d.Fix), maxSteps)] {
		list.Elements = append(list.Elements, slack.NewRichTextSection(
			styled(actor(step.Where)+": ", true),
			styled(Cut(Printable(step.Text), maxStep), false),
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

// facts are up to ten pairs of name and value.
func facts(d Data) slack.Block {
	var fields []*slack.TextBlockObject
	for _, p := range particulars(d) {
		if len(fields) < 10 {
			fields = append(fields, slack.NewTextBlockObject(slack.MarkdownType, "*"+p.name+"*\n"+escape(p.value, maxField), false, true))
		}
	}
	return slack.NewSectionBlock(nil, fields, nil)
}

// excerpt is the event itself, where Slack interprets nothing.
func excerpt(d Data) slack.Block {
	text := slack.NewRichTextSectionTextElement(Cut(printableLines(d.Log.Excerpt), maxExcerpt), nil)
	return slack.NewRichTextBlock("log",
		slack.NewRichTextSection(styled("From "+Cut(Printable(d.Log.Path), maxField)+", secrets removed", false)),
		&slack.RichTextPreformatted{Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{text}})
}

// origin is the small print: links, cause and the alert's ID.
func origin(d Data) slack.Block {
	var parts []string
	for _, l := range d.Links {
		link := fmt.Sprintf("<%s|%s>", strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C").Replace(l.URL), escape(l.Title, 200))
		if len(strings.Join(parts, " · "))+len(link) < maxField {
			parts = append(parts, link)
		}
	}
	parts = append(parts, escape(reference(d), 300), escape(d.ID, 300))
	return slack.NewContextBlock("origin", slack.NewTextBlockObject(slack.MarkdownType, strings.Join(parts, " · "), false, true))
}

// escape makes a text fit for mrkdwn: cut so that it has at most limit UTF-16
// units once its & < > are escaped, and never within an escape.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string, limit int) string {
	replace := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	s = printableLines(s)
	for n := limit; ; n = n * 3 / 4 {
		out := replace.Replace(Cut(s, n))
		if len(utf16.Encode([]rune(out))) <= limit {
			return out
		}
	}
}

// Printable is s on one line without control characters and characters that
// turn the direction of writing.
func Printable(s string) string {
	return strings.ReplaceAll(printableLines(s), "\n", " ")
}

func printableLines(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
