package conf

import (
	"reflect"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// Every key that a configuration may have is in docs/configuration.md.
func TestEveryKeyIsDocumented(t *testing.T) {
	text := testkit.Read(t, "../docs/configuration.md")
	seen := 0
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[Config]().PkgPath() {
			return
		}
		for i := range of.NumField() {
			key, option, _ := strings.Cut(of.Field(i).Tag.Get("toml"), ",")
			keys := []string{key}
			if option == "file" {
				keys = append(keys, key+"_file")
			}
			for _, key := range keys {
				if key == "" {
					continue
				}
				seen++
				if !strings.Contains(text, "`"+key+"`") && !strings.Contains(text, "`["+key) && !strings.Contains(text, "`[["+key) &&
					!strings.Contains(text, "."+key+"]`") {
					t.Errorf("docs/configuration.md does not know %s", key)
				}
			}
			walk(of.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[Config]())
	if seen < 40 {
		t.Errorf("only %d keys were looked for", seen)
	}
}
