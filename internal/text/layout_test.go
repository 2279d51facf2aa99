package text_test

import (
	"errors"
	"strings"
	"testing"
	"text/template"

	"jira-oauth-watcher/internal/text"
)

// What others wrote cannot end a line of a layout, nor control the terminal.
func TestLayout(t *testing.T) {
	const layout = `{{define "two"}}{{.}}
and {{twice .}}{{end -}}
{{bold}}{{wrap "" "  " "About " . ":"}}
{{plain}}{{line "> " .}}
{{wrap "- " "  " (show "two" .)}}
{{step "1. " "   " "Run\n` + "```\\n" + `cp  a b\n` + "```" + `\n" .}}
{{range split "a\nb\n"}}({{.}}){{end}} {{count 1200 "line"}}
`
	twice := template.FuncMap{"twice": func(s string) string { return s + s }}
	const want = "About x y:\n> x y\n- x y and x yx y\n1. Run\n     cp  a b\n   x y\n(a)(b) 1,200 lines\n"
	for _, color := range []bool{false, true} {
		var b strings.Builder
		if err := (text.Style{Color: color}).Layout(&b, layout, "x\ny\x1b", twice); err != nil {
			t.Fatal(err)
		}
		expected := want
		if color {
			expected = "\x1b[1m" + strings.Replace(want, ":\n", ":\n\x1b[0m", 1)
		}
		if b.String() != expected {
			t.Errorf("got %q\nwant %q", b.String(), expected)
		}
	}
	failed := errors.New("full")
	no := template.FuncMap{"no": func() (string, error) { return "", failed }}
	if err := (text.Style{}).Layout(&strings.Builder{}, "{{no}}", nil, no); !errors.Is(err, failed) {
		t.Errorf("an error: %v", err)
	}
}
