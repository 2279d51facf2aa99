package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"jira-oauth-watcher/internal/alert"
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

// look is how a message is drawn.
type look struct {
	mention string // token that mentions somebody, for the first message of an incident; "" = nobody
	buttons bool   // somebody listens to buttons: else there are links
	reply   bool   // a follow-up in the thread of the incident's message, which says the rest
}

// bounds are how long the parts of a message may be; 0 = left out.
type bounds struct {
	meaning, step, steps, fact, values, excerpt int

	parts bool // names and ways through menus stand out
}

// thrift are the bounds to try one after the other, until a message is short
// enough. The excerpt goes first, then the facts. Real alerts fit the first.
var thrift = []bounds{
	{meaning: 1500, step: 800, steps: 20, fact: 300, values: maxList, excerpt: 1000, parts: true},
	{meaning: 1500, step: 800, steps: 20, fact: 300, values: maxList, excerpt: 300, parts: true},
	{meaning: 1500, step: 800, steps: 20, fact: 300, values: maxList, parts: true},
	{meaning: 1500, step: 800, steps: 20, fact: 100, values: 5},
	{meaning: 800, step: 400, steps: 12, fact: 60, values: 3},
	{meaning: 300, step: 100, steps: 8, fact: 30, values: 1},
}

// slackMessage is an alert as a message for an incoming webhook.
func slackMessage(d alert.Data, l look, plain bool) *slack.WebhookMessage {
	off := false
	m := &slack.WebhookMessage{Text: slackText(d, l), UnfurlLinks: &off, UnfurlMedia: &off}
	if !plain {
		m.Blocks = &slack.Blocks{BlockSet: slackBlocks(d, l)}
	}
	return m
}

// slackBlocks is an alert in Block Kit: what a person reads on a phone at
// night first, what one looks up at a desk last. What a log said stands in
// rich text, which Slack shows as it is, or escaped, so that it can neither
// mention anybody nor forge a link nor stand out.
func slackBlocks(d alert.Data, l look) []slack.Block {
	var blocks []slack.Block
	for _, b := range thrift {
		blocks = drawing{d, l, b}.blocks()
		if length(blocks) <= maxMessage {
			break
		}
	}
	return blocks
}

// length is what Slack counts of all blocks, as far as it is known: texts and
// what holds them.
func length(blocks []slack.Block) int {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(blocks); err != nil {
		return 0 // what sends them says so
	}
	return units(b.String())
}

// drawing is one message being drawn.
type drawing struct {
	d alert.Data
	l look
	b bounds
}

func (w drawing) blocks() []slack.Block {
	d, reply := w.d, w.l.reply
	brief := reply && (d.Kind == alert.Reminder || d.Kind == alert.Quiet || d.Kind == alert.Sighted)
	var blocks []slack.Block
	add := func(more ...slack.Block) { blocks = append(blocks, more...) }
	if !brief {
		add(w.title())
	} else {
		add(w.opening())
	}
	if m := w.mention(); m != nil {
		blocks = slices.Insert(blocks, 1, m)
	}
	if brief {
		return blocks
	}
	if d.Acknowledged != nil {
		add(small("acknowledged", acknowledged(*d.Acknowledged)))
	}
	if said := w.said(); said != nil {
		add(said)
	}
	if d.Kind != alert.Quiet {
		add(w.steps()...)
	}
	add(w.links()...) // where thumbs are, not below what is looked up later
	if d.Kind != alert.Quiet {
		add(w.integrations()...)
	}
	if d.Kind != alert.Quiet && !reply {
		add(w.facts()...)
		add(w.excerpt()...)
	}
	return append(blocks, w.origin())
}

// title is state, cause and integration. What is cut is the cause.
func (w drawing) title() slack.Block {
	which := ""
	switch d := w.d; {
	case d.Kind == alert.Storm || d.Kind == alert.Blind || d.Kind == alert.Sighted || d.Integration.ID == alert.Unknown:
	case ofMany(d):
		which = " · " + theMany(d)
	case !text.Blank(named(d)):
		which = " · " + literal(named(d), 40)
	case isUUID.MatchString(d.Integration.ID):
		which = " · " + d.Integration.ID[:8]
	case !text.Blank(d.Integration.ID):
		which = " · " + literal(d.Integration.ID, 40)
	}
	text := literal(headline(w.d), maxHeader-units(which)) + which
	return slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, text, false, false))
}

var isUUID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// mention is configuration, and checked: it stands as it is.
func (w drawing) mention() slack.Block {
	if mention(w.d, w.l) == "" {
		return nil
	}
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, w.l.mention, false, true), nil, nil)
}

// mention is the token to mention somebody with: nobody is called for what is
// over.
func mention(d alert.Data, l look) string {
	if d.Kind == alert.Quiet || d.Kind == alert.Sighted {
		return ""
	}
	return l.mention
}

// opening is a follow-up of a few sentences, without a title.
func (w drawing) opening() slack.Block {
	mark, words := state(w.d)
	s := slack.NewRichTextSection(rich(mark+" ", 0), rich(words, strong), rich(". ", 0))
	sentences := meaning(w.d)
	if w.d.Kind == alert.Reminder {
		sentences = []sentence{news(w.d), alternating(w.d)} // the first message says the rest
	}
	for i, m := range sentences {
		if i > 0 && len(m) > 0 {
			s.Elements = append(s.Elements, rich(" ", 0))
		}
		s.Elements = append(s.Elements, w.sentence(m)...)
	}
	if w.d.Kind == alert.Reminder {
		s.Elements = append(s.Elements, rich(" The steps are in the first message of this thread.", 0))
	}
	return slack.NewRichTextBlock("meaning", s)
}

// said is what happened and what it means.
func (w drawing) said() slack.Block {
	var parts []slack.RichTextElement
	sentences := meaning(w.d)
	for i, m := range sentences {
		s := slack.NewRichTextSection(w.sentence(m)...)
		if last, ok := s.Elements[len(s.Elements)-1].(*slack.RichTextSectionTextElement); ok && i < len(sentences)-1 {
			last.Text += "\n" // a section ends without one
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		return nil
	}
	return slack.NewRichTextBlock("meaning", parts...)
}

func (w drawing) sentence(s sentence) []slack.RichTextSectionElement {
	var out []slack.RichTextSectionElement
	for _, p := range s {
		switch {
		case !p.at.IsZero():
			out = append(out, moment(p.at))
		case p.look == 0:
			out = append(out, w.prose(p.text, w.b.meaning)...)
		default:
			out = append(out, rich(spaced(p.text, w.b.meaning), p.look))
		}
	}
	return out
}

// steps are numbered throughout, and stand under who has to act.
func (w drawing) steps() []slack.Block {
	fix := w.d.Fix[:min(len(w.d.Fix), w.b.steps)]
	var parts []slack.RichTextElement
	for _, g := range groups(fix) {
		list := slack.NewRichTextList(slack.RTEListOrdered, 0)
		list.Offset = g.first - 1
		for _, step := range g.steps {
			list.Elements = append(list.Elements, slack.NewRichTextSection(w.prose(step.Text, w.b.step)...))
		}
		parts = append(parts, slack.NewRichTextSection(rich(literal(g.who, 60), strong)), list)
	}
	if more := len(w.d.Fix) - len(fix); more > 0 {
		parts = append(parts, slack.NewRichTextSection(rich(fmt.Sprintf("… and %d more steps, see the links.", more), 0)))
	}
	var blocks []slack.Block
	if len(parts) > 0 {
		blocks = append(blocks, slack.NewRichTextBlock("steps", parts...))
	}
	if c := confirmation(w.d); c != "" {
		s := slack.NewRichTextSection(append([]slack.RichTextSectionElement{rich("Fixed when: ", strong)}, w.prose(c, w.b.step)...)...)
		blocks = append(blocks, slack.NewRichTextBlock("confirm", s))
	}
	return blocks
}

// integrations are those that a storm has hit.
func (w drawing) integrations() []slack.Block {
	ids := stricken(w.d)
	if len(ids) == 0 {
		return nil
	}
	lines := make([]string, len(ids))
	for i, id := range ids {
		lines[i] = literal(id, 64)
	}
	return []slack.Block{preformatted("integrations", many(w.d)+":", strings.Join(lines, "\n"))}
}

// facts are pairs of name and value, ten to a section.
func (w drawing) facts() []slack.Block {
	var blocks []slack.Block
	for pairs := range slices.Chunk(particulars(w.d), maxFields) {
		var fields []*slack.TextBlockObject
		for _, p := range pairs {
			text := "*" + p.name + "*"
			for _, value := range atMost(p.values, w.b.values) {
				if line := "\n" + code(value, w.b.fact); units(text+line) <= maxField {
					text += line
				}
			}
			fields = append(fields, slack.NewTextBlockObject(slack.MarkdownType, text, false, true))
		}
		blocks = append(blocks, slack.NewSectionBlock(nil, fields, nil))
	}
	return blocks
}

// excerpt is the event itself, where Slack interprets nothing.
func (w drawing) excerpt() []slack.Block {
	if text.Blank(w.d.Log.Excerpt) || w.b.excerpt == 0 {
		return nil
	}
	text := within(frameless(text.PrintableLines(short(w.d.Log.Excerpt, maxSection))), w.b.excerpt, func(s string) string { return s })
	return []slack.Block{preformatted("log", "From "+literal(w.d.Log.Path, 200)+", secrets removed", text)}
}

// origin is where and when it was seen, and names to search for.
func (w drawing) origin() slack.Block {
	d := w.d
	parts := []string{code(d.Node, 100)}
	if !text.Blank(d.Request.User) {
		parts = append(parts, "tried by "+code(d.Request.User, 100))
	}
	if f := d.Failures; !f.Last.IsZero() {
		parts = append(parts, date(f.Last))
		switch {
		case f.First.IsZero():
		case lasting(d) && d.Kind == alert.Sighted:
			parts = append(parts, "began "+date(f.First))
		case lasting(d):
			parts = append(parts, "since "+date(f.First))
		case f.Count > 1:
			what := "failure"
			if d.Kind == alert.Blind || d.Kind == alert.Sighted {
				what = "gap"
			}
			parts = append(parts, counted(f.Count, what)+" since "+date(f.First))
		}
	}
	if d.Kind != alert.Quiet && d.Kind != alert.Sighted {
		parts = append(parts, "severity "+tame(severity(d), 60))
	}
	return small("origin", strings.Join(parts, " · "), tame(reference(d), 300)+" · "+tame(string(d.ID), 200))
}
