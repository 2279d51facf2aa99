package message

import (
	"slices"

	"jira-oauth-watcher/internal/text"
)

// Harmless is m for receivers that show texts as they are: nothing in them has an effect,
// and no link is a log's. Each text has at most limit characters; only the commands of
// steps and the excerpt have line ends. Details and Request are left out.
func (m Message) Harmless(limit int) Message {
	lines := func(s string) string { return text.Cut(text.Harmless(s[:min(len(s), 8*limit)]), limit) }
	line := func(s string) string { return lines(text.Printable(s[:min(len(s), 8*limit)])) }
	quoted := func(s string) string { return text.Unlink(line(s)) }
	for _, s := range []*string{&m.State, &m.About, &m.Name, &m.Node, &m.Confirm, &m.Reference} {
		*s = line(*s)
	}
	m.Log, m.Excerpt = quoted(m.Log), text.Unlink(lines(m.Excerpt))
	m.Sentences = slices.Clone(m.Sentences)
	for i, s := range m.Sentences {
		m.Sentences[i] = slices.Clone(s)
		for j := range s {
			m.Sentences[i][j].Text = line(s[j].Text)
		}
	}
	m.Steps = slices.Clone(m.Steps)
	for i, s := range m.Steps {
		blocks := text.Blocks(s.Text)
		for j, b := range blocks {
			blocks[j].Text = lines(b.Text)
		}
		m.Steps[i].Who, m.Steps[i].Text = line(s.Who), text.Join(blocks)
	}
	each := func(values []string, do func(string) string) []string {
		out := slices.Clone(values)
		for i, v := range out {
			out[i] = do(v)
		}
		return out
	}
	m.Details, m.Request = nil, nil
	for _, facts := range []*[]Fact{&m.Facts, &m.Circumstances} {
		*facts = slices.Clone(*facts)
		for i, f := range *facts {
			(*facts)[i] = Fact{line(f.Label), each(AtMost(f.Values, MaxValues), quoted)}
		}
	}
	ids := m.Integrations.IDs
	m.Integrations.IDs = each(ids[:min(len(ids), MaxIntegrations)], quoted)
	m.Links = slices.Clone(m.Links)
	for i := range m.Links {
		m.Links[i].Title = line(m.Links[i].Title)
	}
	return m
}
