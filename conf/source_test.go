package conf_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"jira-oauth-watcher/conf"
)

func TestSourceProblem(t *testing.T) {
	const text = `# é
title = "x"
a.b . "c.d" = 1 # dotted
[[rule]]
name = 'é'; `
	s := decodeAny(t, strings.TrimSuffix(text, "; ")+`
list = [ # [[rule]]
  "one", """
[[rule]]
name = "no" """,
  { deep = "é", more = [ 1, 2 ] } ]
[rule.sub]
x = 1
[[rule]]
[[rule.part]]
y = 1
[[rule.part]]
y = 2
`)
	tests := []struct{ path, want string }{
		{"title", "f:2:9: title: bad"},
		{"absent", "f:1:1: absent: bad"},
		{"", "f:1:1: bad"},
		{"a", "f:3:1: a: bad"},
		{"a.b", "f:3:3: a.b: bad"},
		{`a.b."c.d"`, `f:3:15: a.b."c.d": bad`},
		{`a.b."e.f"`, `f:3:3: a.b."e.f": bad`},
		{"rule", "f:4:1: rule: bad"},
		{"rule[0]", "f:4:1: rule: bad"},
		{"rule[0].name", "f:5:8: rule.name: bad"},
		{"rule[0].absent", "f:4:1: rule.absent: bad"},
		{"rule[0].list", "f:6:8: rule.list: bad"},
		{"rule[0].list[0]", "f:7:3: rule.list: bad"},
		{"rule[0].list[1]", "f:7:10: rule.list: bad"},
		{"rule[0].list[2].deep", "f:10:12: rule.list.deep: bad"},
		{"rule[0].list[2].more[1]", "f:10:29: rule.list.more: bad"},
		{"rule[0].list[2].absent", "f:10:3: rule.list.absent: bad"},
		{"rule[0].sub.x", "f:12:5: rule.sub.x: bad"},
		{"rule[1].absent", "f:13:1: rule.absent: bad"},
		{"rule[1].part[0].y", "f:15:5: rule.part.y: bad"},
		{"rule[1].part[1].y", "f:17:5: rule.part.y: bad"},
		{"rule[2].part[7].y", "f:4:1: rule.part.y: bad"},
	}
	for _, tt := range tests {
		if got := s.Problem(tt.path, "bad").String(); got != tt.want {
			t.Errorf("Problem(%s)\n got %s\nwant %s", tt.path, got, tt.want)
		}
	}
	for path, want := range map[string]bool{
		"a.b": true, `a.b."c.d"`: true, "rule[1].part[1]": true, "rule[1].part[2]": false, "name": false, "": false,
	} {
		if got := s.Has(path); got != want {
			t.Errorf("Has(%s) = %t, want %t", path, got, want)
		}
	}
}

// decodeAny is the source of a text whose keys do not matter.
func decodeAny(t *testing.T, text string) *conf.Source {
	t.Helper()
	s, problems := conf.Decode("f", []byte(text), &struct{}{})
	if s == nil {
		t.Fatalf("%s\n%v", text, problems)
	}
	return s
}

// writer writes random TOML and notes where it put each value.
type writer struct {
	*rand.Rand
	text  strings.Builder
	where map[string]string // path to line:col
	keys  int
}

func (w *writer) place() string {
	text := w.text.String()
	line := text[strings.LastIndexByte(text, '\n')+1:]
	return fmt.Sprintf("%d:%d", strings.Count(text, "\n")+1, utf8.RuneCountInString(line)+1)
}

// key gives a new key as it is written, and as it is named in a path.
func (w *writer) key() (written, named string) {
	w.keys++
	k := fmt.Sprintf("k%d", w.keys)
	switch w.IntN(5) {
	case 0:
		return `"` + k + `"`, k
	case 1:
		return `'` + k + `.="# é'`, `"` + k + `.=\"# é"`
	case 2:
		return `"` + k + `\u00e9\\"`, `"` + k + `é\\"`
	}
	return k, k
}

func (w *writer) noise() {
	w.text.WriteString([]string{"", "", "\n", "# [[x]] é = \"\"\"\n", "\t \n", "  "}[w.IntN(6)])
}

func (w *writer) pair(table string) {
	written, named := w.key()
	path := join(table, named)
	w.text.WriteString(written)
	if w.IntN(4) == 0 {
		written, named = w.key()
		path = join(path, named)
		w.text.WriteString([]string{".", " . "}[w.IntN(2)] + written)
	}
	w.text.WriteString([]string{"=", " = ", "\t=  "}[w.IntN(3)])
	w.value(path, 2)
}

func (w *writer) value(path string, depth int) {
	w.where[path] = w.place()
	n := w.IntN(12)
	if depth == 0 {
		n = w.IntN(9)
	}
	switch n {
	default:
		w.text.WriteString([]string{
			"1", "-1.5e3", "true", `"é [[x]] # \" = \\"`, `'\'`, "2026-01-02 03:04:05",
			"\"\"\"\n[[x]]\nk1 = \\\"\"\" \\\\\"\"\"\"\"", "'''\n''k = 1\n'''''", `""`,
		}[n])
	case 9, 10:
		w.text.WriteString("[")
		for i := range w.IntN(4) {
			w.noise()
			w.value(fmt.Sprintf("%s[%d]", path, i), depth-1)
			w.noise()
			w.text.WriteString(",")
		}
		w.text.WriteString("]")
	case 11:
		w.text.WriteString("{ ")
		for i := range w.IntN(3) {
			if i > 0 {
				w.text.WriteString(" , ")
			}
			written, named := w.key()
			w.text.WriteString(written + " = ")
			w.where[join(path, named)] = w.place()
			w.text.WriteString(`"é"`)
		}
		w.text.WriteString("}")
	}
}

func (w *writer) pairs(table string) {
	for range w.IntN(4) {
		w.noise()
		w.pair(table)
		w.text.WriteString([]string{"\n", " # é\n"}[w.IntN(2)])
	}
	w.noise()
	if !strings.HasSuffix(w.text.String(), "\n") {
		w.text.WriteString("\n")
	}
}

func (w *writer) document() {
	w.pairs("")
	for range w.IntN(4) {
		written, named := w.key()
		if w.IntN(2) == 0 {
			w.where[named] = w.place()
			w.text.WriteString("[" + written + "]\n")
			w.pairs(named)
			continue
		}
		for i := range 1 + w.IntN(3) {
			element := fmt.Sprintf("%s[%d]", named, i)
			w.where[element] = w.place()
			w.text.WriteString("[[ " + written + " ]]\n")
			w.pairs(element)
			for j := range w.IntN(3) {
				part := fmt.Sprintf("%s.part[%d]", element, j)
				w.where[part] = w.place()
				w.text.WriteString("[[" + written + ".part]] # é\n")
				w.pairs(part)
			}
		}
	}
}

func join(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}

// Wherever a key is written, its problem points there.
func TestPlaces(t *testing.T) {
	for seed := range uint64(2000) {
		w := writer{Rand: rand.New(rand.NewPCG(seed, 0)), where: map[string]string{}}
		w.document()
		s := decodeAny(t, w.text.String())
		for path, want := range w.where {
			p := s.Problem(path, "x")
			if got := fmt.Sprintf("%d:%d", p.Line, p.Col); got != want || !s.Has(path) {
				t.Fatalf("seed %d: %s is at %s, want %s, in\n%s", seed, path, got, want, w.text.String())
			}
		}
	}
}
