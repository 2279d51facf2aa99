package slack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
)

// Slack's limits (https://docs.slack.dev/reference/block-kit/blocks), with room
// to spare.
const (
	maxHeader  = 150
	maxSection = 2900
	maxField   = 1900
	maxFields  = 10
	maxMessage = 12_000 // of the JSON of all blocks; from about 13,000 on they are refused
)

// What is above the divider fits on the screen of a phone.
const (
	maxShortSteps = 5
	maxShort      = 1100 // characters
	maxShortLines = 14
)

// options are how a message is drawn.
type options struct {
	mention string // token that mentions people, for the first message of an incident; "" = none
	buttons bool   // buttons work: else there are links
	reply   bool   // a follow-up in the thread of the incident's message, which says the rest
	thread  bool   // facts and excerpt are in the thread
}

// bounds are how long the parts of a message may be; 0 = left out.
type limit struct {
	meaning, step, steps, fact, values, excerpt int

	parts bool // names and menu paths are highlighted
}

// limits are tried one after the other, until a message is short
// enough. The excerpt goes first, then the facts. Real alerts fit the first.
var limits = []limit{
	{meaning: 1500, step: 800, steps: 20, fact: 300, values: message.MaxValues, excerpt: 1000, parts: true},
	{meaning: 1500, step: 800, steps: 20, fact: 300, values: message.MaxValues, excerpt: 300, parts: true},
	{meaning: 1500, step: 800, steps: 20, fact: 300, values: message.MaxValues, parts: true},
	{meaning: 1500, step: 800, steps: 20, fact: 100, values: 5},
	{meaning: 800, step: 400, steps: 12, fact: 60, values: 3},
	{meaning: 300, step: 100, steps: 8, fact: 30, values: 1},
}

// webhookMessage is an alert as a message for an incoming webhook. A plain one has no blocks.
func webhookMessage(m message.Message, l options, plain bool) *slack.WebhookMessage {
	out := &slack.WebhookMessage{Text: l.text(m, plain), UnfurlLinks: new(false), UnfurlMedia: new(false)}
	if !plain {
		out.Blocks = &slack.Blocks{BlockSet: draw(m, l)}
	}
	return out
}

// text is what notifications show next to blocks, or the whole message without blocks.
func (l options) text(m message.Message, plain bool) string {
	if plain && !(l.reply && m.Repeats) { // the first message says the rest
		return bareAnd.ReplaceAllString(plainText(m, l.mention), "&amp;$1")
	}
	return notification(m, l)
}

var bareAnd = regexp.MustCompile(`&(\s|$)`)

// draw is an alert in Block Kit: above a divider what a person does on a phone at night, below it
// all further steps and what an investigation needs. Log text is in rich text, which Slack shows as
// it is, or escaped, so that it can neither mention people, forge a link or be highlighted.
func draw(m message.Message, l options) []slack.Block {
	return fitted(func(b limit) []slack.Block { return drawing{m, l, b}.blocks() })
}

// fitted draws with the widest limits that Slack accepts. As far as it is known, Slack counts texts
// and what holds them.
func fitted(draw func(limit) []slack.Block) (blocks []slack.Block) {
	for _, b := range limits {
		blocks = draw(b)
		if words, err := text.JSON(blocks); err != nil || units(words) <= maxMessage {
			break
		}
	}
	return blocks
}

// drawing is one message being drawn.
type drawing struct {
	m message.Message
	l options
	b limit
}

func (w drawing) blocks() []slack.Block {
	m, reply := w.m, w.l.reply
	if reply && (m.Repeats || m.Ends) {
		return []slack.Block{w.opening()}
	}
	blocks := []slack.Block{w.title()}
	add := func(more ...slack.Block) { blocks = append(blocks, more...) }
	if w.l.mention != "" { // configuration, and checked
		add(slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, w.l.mention, false, true), nil, nil))
	}
	if m.Acknowledged != nil {
		add(contextBlock("acknowledged", acknowledged(*m.Acknowledged)))
	}
	if len(m.Sentences) > 0 {
		add(w.meaning("meaning", m.Sentences))
	}
	steps := m.Steps[:min(len(m.Steps), w.b.steps)]
	short := w.short(steps)
	add(w.steps("steps", "Who: ", steps[:short])...)
	if m.Confirm != "" {
		words := append([]slack.RichTextSectionElement{rich("Fixed when: ", message.Strong)},
			w.prose(m.Confirm, w.b.step)...)
		add(slack.NewRichTextBlock("confirm", slack.NewRichTextSection(words...)))
	}
	act, articles := m.Pages()
	add(w.buttons(act)...) // within reach of a thumb
	head := len(blocks)
	add(w.steps("more-steps", "Further steps: ", steps[short:])...)
	if len(m.Notes) > 0 {
		add(w.meaning("notes", m.Notes))
	}
	if !m.Ends {
		add(w.integrations()...)
	}
	add(linked(articles, "\n")...)
	if !w.l.thread {
		add(w.details()...)
	}
	if len(blocks) > head {
		blocks = slices.Insert(blocks, head, slack.Block(slack.NewDividerBlock()))
	}
	return append(blocks, w.origin())
}

// short is how many steps are above the divider: those before the first that is not for everybody,
// as far as they fit.
func (w drawing) short(steps []message.Step) int {
	left := maxShort - 100 - units(w.m.Title()+w.m.Tag+w.m.Confirm+message.Who(steps)) // 100: labels, link, buttons
	lines := maxShortLines - 4 - len(w.m.Sentences)                                    // title, who, confirm, links
	for _, s := range w.m.Sentences {
		left -= units(s.String())
	}
	for i, step := range steps[:min(len(steps), maxShortSteps)] {
		if step.Later {
			return i
		}
		for _, b := range text.Blocks(step.Text) {
			left -= units(b.Text)
			lines -= 1 + strings.Count(b.Text, "\n")
		}
		if i > 0 && (left < 0 || lines < 0 || strings.HasPrefix(step.Text, "If ")) {
			return i
		}
	}
	return min(len(steps), maxShortSteps)
}

// title is state, cause and integration. What is cut is the cause.
func (w drawing) title() slack.Block {
	which := ""
	if !text.Blank(w.m.Tag) {
		which = " · " + literal(w.m.Tag, 44)
	}
	title := literal(w.m.Mark+" "+w.m.State+w.m.About, maxHeader-units(which)) + which
	return slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, title, false, false))
}

// opening is a follow-up of a few sentences, without a title.
func (w drawing) opening() slack.Block {
	s := slack.NewRichTextSection(rich(w.m.Mark+" ", 0), rich(w.m.State, message.Strong), rich(". ", 0))
	for i, m := range w.m.News {
		if i > 0 {
			s.Elements = append(s.Elements, rich(" ", 0))
		}
		s.Elements = append(s.Elements, w.sentence(m)...)
	}
	if w.m.Repeats {
		s.Elements = append(s.Elements, rich(" The steps are in the first message of this thread.", 0))
	}
	return slack.NewRichTextBlock("meaning", s)
}

// meaning is what happened and what it means.
func (w drawing) meaning(id string, sentences []message.Sentence) slack.Block {
	var parts []slack.RichTextElement
	for i, m := range sentences {
		s := slack.NewRichTextSection(w.sentence(m)...)
		last, ok := s.Elements[len(s.Elements)-1].(*slack.RichTextSectionTextElement)
		if ok && i < len(sentences)-1 {
			last.Text += "\n" // a section ends without one
		}
		parts = append(parts, s)
	}
	return slack.NewRichTextBlock(id, parts...)
}

func (w drawing) sentence(s message.Sentence) []slack.RichTextSectionElement {
	var out []slack.RichTextSectionElement
	for _, p := range s {
		switch {
		case !p.At.IsZero():
			out = append(out, dateElement(p.At))
		case p.Emphasis == 0:
			out = append(out, w.prose(p.Text, w.b.meaning)...)
		default:
			out = append(out, rich(spaced(p.Text, w.b.meaning), p.Emphasis))
		}
	}
	return out
}

// steps are numbered throughout, under who must act.
func (w drawing) steps(id, head string, steps []message.Step) []slack.Block {
	if len(steps) == 0 {
		return nil
	}
	who := rich(literal(message.Who(steps), 300), 0)
	parts := []slack.RichTextElement{slack.NewRichTextSection(rich(head, message.Strong), who)}
	var list *slack.RichTextList // of the steps since the last commands, which no list can hold
	for _, step := range steps {
		for i, b := range text.Blocks(step.Text) {
			switch {
			case b.Code && i > 0:
				parts, list = append(parts, w.commands(b.Text)), nil
			case i > 0:
				parts = append(parts, slack.NewRichTextSection(w.prose(b.Text, w.b.step)...))
			default:
				if list == nil {
					list = slack.NewRichTextList(slack.RTEListOrdered, 0)
					list.Offset = step.Number - 1
					parts = append(parts, list)
				}
				list.Elements = append(list.Elements, slack.NewRichTextSection(w.prose(b.Text, w.b.step)...))
			}
		}
	}
	if more := len(w.m.Steps) - w.b.steps; more > 0 && steps[len(steps)-1].Number == w.b.steps {
		parts = append(parts, slack.NewRichTextSection(rich(fmt.Sprintf("… and %d more steps, see the links.", more), 0)))
	}
	return []slack.Block{slack.NewRichTextBlock(id, parts...)}
}

// details are for those who investigate.
func (w drawing) details() []slack.Block { return append(w.facts(), w.excerpt()...) }

// commands are shown whole or not at all: half a command must not be run.
func (w drawing) commands(s string) slack.RichTextElement {
	s = text.PrintableLines(s)
	if units(s) > w.b.step {
		return slack.NewRichTextSection(rich("… cut", 0))
	}
	return preformatted(s)
}

// integrations are those that a storm has hit.
func (w drawing) integrations() []slack.Block {
	ids := w.m.Integrations.First(message.MaxIntegrations)
	if len(ids) == 0 {
		return nil
	}
	lines := make([]string, len(ids))
	for i, id := range ids {
		lines[i] = literal(id, 64)
	}
	return []slack.Block{headed("integrations", w.m.Integrations.Heading()+":", strings.Join(lines, "\n"))}
}

// facts are pairs of name and value, ten to a section.
func (w drawing) facts() []slack.Block {
	var blocks []slack.Block
	for facts := range slices.Chunk(w.m.Facts, maxFields) {
		var fields []*slack.TextBlockObject
		for _, f := range facts {
			field := "*" + f.Label + "*"
			for _, value := range message.AtMost(f.Values, w.b.values) {
				if line := "\n" + code(value, w.b.fact); units(field+line) <= maxField {
					field += line
				}
			}
			fields = append(fields, slack.NewTextBlockObject(slack.MarkdownType, field, false, true))
		}
		blocks = append(blocks, slack.NewSectionBlock(nil, fields, nil))
	}
	return blocks
}

// excerpt is the event itself, where Slack interprets nothing.
func (w drawing) excerpt() []slack.Block {
	if text.Blank(w.m.Excerpt) || w.b.excerpt == 0 {
		return nil
	}
	lines := withoutFrames(text.PrintableLines(short(w.m.Excerpt, maxSection)))
	lines = within(lines, w.b.excerpt, func(s string) string { return s })
	return []slack.Block{headed("log", "From "+literal(w.m.Log, 200)+", secrets removed", lines)}
}

// origin is where and when it was seen, and names to search for.
func (w drawing) origin() slack.Block {
	var parts []string
	for _, s := range w.m.Origin {
		part := ""
		for _, p := range s {
			switch {
			case !p.At.IsZero():
				part += dateToken(p.At)
			case p.Emphasis == message.Exact:
				part += code(p.Text, 100)
			default:
				part += inline(p.Text, 80)
			}
		}
		parts = append(parts, part)
	}
	names := inline(w.m.Reference, 300) + " · " + inline(string(w.m.ID), 200)
	return contextBlock("origin", strings.Join(parts, " · "), names)
}
