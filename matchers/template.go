package matchers

import (
	"regexp"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// A template is text with {fact|words for a missing fact}, where {one,other|words}
// takes the first fact that exists, and with {@place} for what many causes share
// (causes/places.toml). A step's commands are between lines of three backticks, as
// in Markdown.

const placesFile = "causes/places.toml"

var holeRE = regexp.MustCompile(`\{(@?)([a-z0-9_,-]+)(?:\|([^{}]*))?\}`)

// template puts the places into a text and checks the names of its facts, so
// that a misspelled one is found when the cause is loaded.
func (l *loader) template(c *Cause, key, words string) string {
	words = holeRE.ReplaceAllStringFunc(words, func(hole string) string {
		m := holeRE.FindStringSubmatch(hole)
		if m[1] == "" {
			for name := range strings.SplitSeq(m[2], ",") {
				if kindOf(name) == nil {
					l.problem(c, key, "unknown fact %q, known facts are: %s", name, strings.Join(factNames, ", "))
				}
			}
			return hole
		}
		place, ok := l.shared.Places[m[2]]
		if !ok {
			l.problem(c, key, "%q is not defined in %s", m[2], placesFile)
		}
		return place
	})
	if rest := holeRE.ReplaceAllString(words, ""); strings.ContainsAny(rest, "{}") {
		l.problem(c, key, `a brace that is not part of {fact|fallback}`)
	}
	switch holds, closed := text.Fenced(words); {
	case holds && !strings.HasPrefix(key, "fix["):
		l.problem(c, key, "commands belong in a step, write a [[cause.fix]]")
	case holds && text.Blocks(words)[0].Code:
		l.problem(c, key, "a step must first say what its command is for")
	case !closed:
		l.problem(c, key, "the command block is not closed: end it with a line of three backticks")
	}
	return tidy(words, func(s string) string { return s })
}

// tidy applies a change to each part of a text. Line ends and runs of spaces do not
// count, but for the lines of commands.
func tidy(s string, change func(string) string) string {
	blocks := text.Blocks(s)
	for i, b := range blocks {
		var lines []string
		for line := range strings.SplitSeq(change(b.Text), "\n") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		separator := " "
		if b.Code {
			separator = "\n"
		}
		blocks[i].Text = strings.Join(lines, separator)
	}
	return text.Join(blocks)
}

// inStep is template for a text that someone acts on, a step or how to confirm it:
// untrusted text must not become part of it.
func (l *loader) inStep(c *Cause, key, step string) string {
	step = l.template(c, key, step)
	for _, b := range text.Blocks(step) {
		l.safe(c, key, b)
	}
	return step
}

func (l *loader) safe(c *Cause, key string, b text.Block) {
	for _, m := range holeRE.FindAllStringSubmatchIndex(b.Text, -1) {
		for name := range strings.SplitSeq(b.Text[m[4]:m[5]], ",") {
			switch k := kindOf(name); {
			case k == nil: // reported already
			case k.use == inDiagnosis:
				l.problem(c, key, "{%s} is free text from the log: it may appear in the diagnosis only", name)
			case k.use == toReplace && (b.Code || acted(b.Text[:m[0]], b.Text[m[1]:])):
				l.problem(c, key, "{%s} is untrusted text from the log: use it only as the value to replace, "+
					"such as \"in place of {%[1]s}\", \"is {%[1]s} misspelled?\" or \"{%[1]s} is wrong\", "+
					"and never in a command, a URL or a link", name)
			}
		}
	}
}

// fill puts facts into a template, each as its kind allows, or the words for a missing
// one. A sentence of a diagnosis and parentheses that end with a missing fact without
// such words are left out. Log text is data: braces in a fact are not expanded.
func fill(template string, facts Facts, inStep bool) string {
	return tidy(template, func(part string) string { return fillPart(part, facts, inStep) })
}

func fillPart(template string, facts Facts, inStep bool) string {
	filled, at := "", 0
	for _, m := range holeRE.FindAllStringSubmatchIndex(template, -1) {
		filled += template[at:m[0]]
		at = m[1]
		alone := strings.HasSuffix(template[:m[0]], ": ") && strings.Trim(template[m[1]:], ".") == ""
		value := ""
		for name := range strings.SplitSeq(template[m[4]:m[5]], ",") {
			if value = kindOf(name).show(facts.values(name), inStep, alone); value != "" {
				break
			}
		}
		if value == "" && m[6] >= 0 {
			value = template[m[6]:m[7]]
		}
		if before := strings.LastIndex(filled, ". "); value == "" && alone && before >= 0 {
			filled, at = filled[:before+1], len(template)
			break
		}
		if value == "" {
			before, after := leaveOut(filled, template[at:])
			filled, at = before, len(template)-len(after)
		}
		filled += value
	}
	filled = strings.ReplaceAll(filled+template[at:], "``", "`") // the template had it in code style too
	return strings.ReplaceAll(filled, ".”.", ".”")               // one full stop ends a sentence
}

// leaveOut removes the parentheses around a missing fact, and a space, from the text before and after it.
func leaveOut(before, after string) (string, string) {
	open := strings.LastIndexByte(before, '(')
	if strings.HasPrefix(after, ")") && open > strings.LastIndexByte(before, ')') {
		before, after = before[:open], after[len(")"):]
	}
	if after == "" || strings.ContainsAny(after[:1], ".,;: ") {
		before = strings.TrimSuffix(before, " ")
	}
	return before, after
}

// values are the values of a fact.
func (f Facts) values(name string) []string {
	switch value := f[name].(type) {
	case string:
		return []string{value}
	case []string:
		return value
	}
	if name == "provider_host" {
		return []string{f.Text("unknown_host") + f.Text("certificate_host")} // a failure has one of them
	}
	return nil
}

// Text is a fact as it appears in a sentence: a list is joined by spaces.
func (f Facts) Text(name string) string { return strings.Join(f.values(name), " ") }
