package message

import (
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

// Functions are what the templates of receivers call.
var Functions = map[string]any{
	"turns": Turns, "blocks": text.Blocks, "time": text.Time, "join": strings.Join,
	"indented": func(s string) string { return strings.ReplaceAll(text.Indented(s), "\n", "\n    ") },
	"id":       func(id alert.ID) string { return text.Printable(string(id)) },
	"quoted":   marked, "json": text.JSON,
}

// marked marks each line after the first as a quotation, so that none passes for ours.
func marked(s string) string { return strings.ReplaceAll(s, "\n", "\n  | ") }

// Quoted is a text of a log of which each line is marked as a quotation.
func Quoted(s string) string { return "  | " + marked(s) }

// Harmless is m for receivers that show texts as they are: nothing in them has an effect,
// and no link is a log's. Each text has at most limit characters; only the commands of
// steps and the excerpt have line ends. Details and Request are left out.
func (m Message) Harmless(limit int) Message {
	lines := func(s string) string {
		s = text.Cut(text.PrintableLines(s[:min(len(s), 8*limit)]), limit) // first: the rest takes time
		return text.Cut(text.Harmless(s), limit)
	}
	line := func(s string) string { return strings.ReplaceAll(lines(s), "\n", " ") }
	quoted := func(s string) string { return text.Unlink(line(s)) }
	for _, s := range []*string{&m.State, &m.About, &m.Name, &m.Node, &m.Whose, &m.Confirm, &m.Reference} {
		*s = line(*s)
	}
	m.Log, m.Excerpt = quoted(m.Log), text.Unlink(lines(m.Excerpt))
	sentence := func(s Sentence) Sentence {
		return each(s, func(f Fragment) Fragment { f.Text = line(f.Text); return f })
	}
	m.Sentences, m.Notes = each(m.Sentences, sentence), each(m.Notes, sentence)
	m.Steps = each(m.Steps, func(s Step) Step {
		blocks := each(text.Blocks(s.Text), func(b text.Block) text.Block { b.Text = lines(b.Text); return b })
		return Step{s.Number, line(s.Who), text.Join(blocks), s.Later}
	})
	m.Facts, m.Circumstances = each(m.Facts, func(f Fact) Fact {
		return Fact{line(f.Label), each(AtMost(f.Values, MaxValues), quoted)}
	}), each(m.Circumstances, func(f Fact) Fact { return Fact{f.Label, each(f.Values, quoted)} })
	m.Details, m.Request = nil, nil
	ids := m.Integrations.IDs
	m.Integrations.IDs = each(ids[:min(len(ids), MaxIntegrations)], quoted)
	m.Links = each(m.Links, func(l alert.Link) alert.Link { l.Title = line(l.Title); return l })
	return m
}

func each[T any](list []T, do func(T) T) []T {
	out := slices.Clone(list)
	for i, v := range out {
		out[i] = do(v)
	}
	return out
}
