package conf

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// Every key that a configuration may have is in docs/configuration.md.
func TestEveryKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[raw]().PkgPath() {
			return
		}
		for i := range of.NumField() {
			key, _, _ := strings.Cut(of.Field(i).Tag.Get("toml"), ",")
			if key != "" {
				seen++
				if s := string(text); !strings.Contains(s, "`"+key+"`") && !strings.Contains(s, "`["+key) && !strings.Contains(s, "`[["+key) && !strings.Contains(s, "."+key+"]`") {
					t.Errorf("docs/configuration.md does not know %s", key)
				}
			}
			walk(of.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[raw]())
	if seen < 40 {
		t.Errorf("only %d keys were looked for", seen)
	}
}
