package conf

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"jira-oauth-watcher/internal/text"
)

const (
	maxIntegrations = 1000
	maxName         = 100 // characters
)

// integrations checks the names that people know integrations by.
func (b *builder) integrations(names map[string]string) {
	if len(names) > maxIntegrations {
		b.problem("integrations", "has %d names, at most %d are allowed", len(names), maxIntegrations)
	}
	for _, id := range slices.Sorted(maps.Keys(names)) {
		path, name := join("integrations", id), names[id]
		if strings.TrimSpace(id) == "" || !printable(id) {
			b.keyProblem(path, "expected an application ID, tenant, mail server or redirect suffix, in quotes")
		}
		if n := utf8.RuneCountInString(name); text.Blank(name) || n > maxName || !printable(name) {
			b.problem(path, "expected a name of 1 to %d printable characters", maxName)
		}
	}
}
