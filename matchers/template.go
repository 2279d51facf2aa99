package matchers

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
)

// A template is text with {fact|words for when the fact is missing}, where
// {one,other|words} takes the first fact there is, and with {@place} for a menu
// path that many causes share (causes/places.toml).

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
// that a misspelt one is found when the cause is loaded.
func (l *loader) template(d *definition, key, text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = holeRE.ReplaceAllStringFunc(text, func(hole string) string {
		m := holeRE.FindStringSubmatch(hole)
		if m[1] == "" {
			for name := range strings.SplitSeq(m[2], ",") {
				if !slices.Contains(factNames, name) {
					l.problem(d, key, "there is no fact %q, known are: %s", name, strings.Join(factNames, ", "))
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

// fill puts facts into a template. What a log says is data here: braces in a
// fact are not looked at again.
func fill(template string, facts Facts) string {
	text := holeRE.ReplaceAllStringFunc(template, func(hole string) string {
		m := holeRE.FindStringSubmatch(hole)
		for name := range strings.SplitSeq(m[2], ",") {
			if value := facts.Text(name); value != "" {
				return value
			}
		}
		return m[3]
	})
	return strings.Join(strings.Fields(text), " ")
}

// Text is a fact as it stands in a sentence: a list is joined by blanks.
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
