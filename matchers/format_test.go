package matchers

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/alert"
	said "jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/testkit"
)

// docs/causes-format.md has every key, word and fact, and each fact with its use.
func TestFormatIsDocumented(t *testing.T) {
	doc := testkit.Read(t, "../docs/causes-format.md")
	names := slices.Concat(tiers, wheres, []string{"microsoft", "google", "any", "certain", "likely", "unknown"})
	for _, of := range []reflect.Type{reflect.TypeFor[Cause](), reflect.TypeFor[Step](), reflect.TypeFor[alert.Link](), reflect.TypeFor[Sample]()} {
		for field := range of.Fields() {
			if key := field.Tag.Get("toml"); key != "" {
				names = append(names, key)
			}
		}
	}
	for _, name := range names {
		if !strings.Contains(doc, "`"+name) && !strings.Contains(doc, "cause."+name) && !strings.Contains(doc, "sample."+name) {
			t.Errorf("%s is not in docs/causes-format.md", name)
		}
	}
	uses := map[use]string{anywhere: "anywhere", toReplace: "to replace", inDiagnosis: "diagnosis only"}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| ((?:`[a-z_]+`(?:, )?)+) \\| ([a-z ]+) \\|").FindAllStringSubmatch(doc, -1) {
		for _, name := range strings.Split(row[1], ", ") {
			documented[strings.Trim(name, "`")] = row[2]
		}
	}
	for name, fact := range factTable {
		if want := uses[fact.kind.use]; documented[name] != want {
			t.Errorf("the fact %s is documented for use %q, want %q", name, documented[name], want)
		}
	}
}

// Every fact has a label for people, unless another part of a message has it.
func TestEveryFactHasALabel(t *testing.T) {
	elsewhere := []string{"message", "error_description", "provider_host"}
	for _, name := range factNames {
		m := said.Of(alert.Data{Kind: alert.Opened, Facts: map[string]any{name: "value"}})
		labeled := slices.ContainsFunc(slices.Concat(m.Facts, m.Details), func(f said.Fact) bool {
			return slices.Contains(f.Values, "value") && f.Label != strings.ReplaceAll(name, "_", " ")
		})
		if labeled == slices.Contains(elsewhere, name) {
			t.Errorf("the fact %s has a label: %t", name, labeled)
		}
	}
}
