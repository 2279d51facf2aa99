package matchers

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"jira-oauth-watcher/conf"
)

// A template is text with {fact|words for a missing fact}, where {one,other|words}
// takes the first fact that exists, and with {@place} for a menu path that many
// causes share (causes/places.toml).

const placesFile = "places.toml"

var holeRE = regexp.MustCompile(`\{(@?)([a-z0-9_,-]+)(?:\|([^{}]*))?\}`)

func loadPlaces() (map[string]string, error) {
	text, err := fs.ReadFile(builtin, "causes/"+placesFile)
	if err != nil {
		return nil, err
	}
	var f struct {
		Places map[string]string `toml:"place"`
	}
	if _, problems := conf.Decode("causes/"+placesFile, text, &f); len(problems) > 0 {
		return nil, problems
	}
	return f.Places, nil
}

// template puts the places into a text and checks the names of its facts, so
// that a misspelled one is found when the cause is loaded.
func (l *loader) template(d *definition, key, text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = holeRE.ReplaceAllStringFunc(text, func(hole string) string {
		m := holeRE.FindStringSubmatch(hole)
		if m[1] == "" {
			for name := range strings.SplitSeq(m[2], ",") {
				if kindOf(name) == nil {
					l.problem(d, key, "there is no fact %q, known are: %s", name, strings.Join(factNames(), ", "))
				}
			}
			return hole
		}
		place, ok := l.places[m[2]]
		if !ok {
			l.problem(d, key, "there is no place %q in causes/%s", m[2], placesFile)
		}
		return place
	})
	if rest := holeRE.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
		l.problem(d, key, `a brace that is no {fact|fallback}`)
	}
	return text
}

// inStep is template for a text that someone acts on, a step or how to confirm it:
// untrusted text must not become part of it.
func (l *loader) inStep(d *definition, key, text string) string {
	text = l.template(d, key, text)
	for _, m := range holeRE.FindAllStringSubmatchIndex(text, -1) {
		for name := range strings.SplitSeq(text[m[4]:m[5]], ",") {
			switch k := kindOf(name); {
			case k == nil: // reported already
			case k.use == inDiagnosis:
				l.problem(d, key, "{%s} is free text from the log: it may appear in the diagnosis only", name)
			case k.use == toReplace && acted(text[:m[0]], text[m[1]:]):
				l.problem(d, key, "{%s} is untrusted text from the log: write it only as what to replace, "+
					"such as \"in place of {%[1]s}\", \"is {%[1]s} misspelled?\" or \"{%[1]s} is wrong\", "+
					"and never in a command, an address or a link", name)
			}
		}
	}
	return text
}

// fill puts facts into a template, each as its kind allows, or the words for a missing
// one. A sentence of a diagnosis that ends with a missing fact without such words is
// left out. Log text is data: braces in a fact are not expanded.
func fill(template string, facts Facts, inStep bool) string {
	var b strings.Builder
	at := 0
	for _, m := range holeRE.FindAllStringSubmatchIndex(template, -1) {
		b.WriteString(template[at:m[0]])
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
		if before := strings.LastIndex(b.String(), ". "); value == "" && alone && before >= 0 {
			sentences := b.String()[:before+1]
			b.Reset()
			b.WriteString(sentences)
			at = len(template)
			break
		}
		b.WriteString(value)
	}
	b.WriteString(template[at:])
	text := strings.ReplaceAll(b.String(), "``", "`") // the template had it in code style too
	text = strings.ReplaceAll(text, ".”.", ".”")      // one full stop ends a sentence
	return strings.Join(strings.Fields(text), " ")
}

// values are the values of a fact.
func (f Facts) values(name string) []string {
	if list, ok := f[name].([]string); ok {
		return list
	}
	if name == "provider_host" {
		return []string{f.Text("unknown_host") + f.Text("certificate_host")} // a failure has one of them
	}
	return []string{f.Text(name)}
}

// Text is a fact as it appears in a sentence: a list is joined by spaces.
func (f Facts) Text(name string) string {
	switch value := f[name].(type) {
	case string:
		return value
	case []string:
		return strings.Join(value, " ")
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}
