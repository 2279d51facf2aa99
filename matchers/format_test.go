package matchers

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/causes-format.md has every key, word and fact, and each fact with its use.
func TestFormatIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/causes-format.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	names := slices.Concat(tiers, wheres, []string{"microsoft", "google", "any", "certain", "likely", "unknown"})
	for _, of := range []reflect.Type{reflect.TypeFor[definition](), reflect.TypeFor[Step](), reflect.TypeFor[Link](), reflect.TypeFor[sample]()} {
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
	for _, fact := range factTable {
		if want := uses[fact.kind.use]; documented[fact.name] != want {
			t.Errorf("the fact %s is documented for use %q, want %q", fact.name, documented[fact.name], want)
		}
	}
}
