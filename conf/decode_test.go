package conf_test

import (
	"bytes"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/testkit"
)

type base struct {
	Name string `toml:"name"`
}

type part struct {
	base
	Size  int               `toml:"size"`
	Small int8              `toml:"small"`
	Count int               `toml:"count"`
	Facts map[string]string `toml:"facts"`
}

type document struct {
	Title    string                 `toml:"title"`
	On       bool                   `toml:"on"`
	Text     string                 `toml:"text"`
	Words    []string               `toml:"words"`
	Severity conf.Severity          `toml:"severity"`
	Levels   []conf.Severity        `toml:"levels"`
	Secrets  map[string]conf.Secret `toml:"secrets"`
	Part     part                   `toml:"part"`
	Parts    []part                 `toml:"parts"`
	Pointed  part                   `toml:"pointed"`
	Future   any                    `toml:"future,later"`
	Untagged string
	private  int
}

func TestDecode(t *testing.T) {
	const text = `
title = "é"
on = true
text = ""
words = ["a", "b"]
severity = "high"
levels = ["low", "critical"]
secrets = { a = "hunter2" }
part.name = "one"
part.facts."x.y" = "z"
[pointed]
size = 7
[[parts]]
name = "two"
small = -128
[[parts]]
count = 7
[parts.facts]
a = "b"
`
	want := document{
		Title: "é", On: true, Words: []string{"a", "b"}, Severity: conf.SeverityHigh,
		Levels:  []conf.Severity{conf.SeverityLow, conf.SeverityCritical},
		Secrets: map[string]conf.Secret{"a": conf.NewSecret(canary)},
		Part:    part{base: base{"one"}, Facts: map[string]string{"x.y": "z"}},
		Parts:   []part{{base: base{"two"}, Small: -128}, {Count: 7, Facts: map[string]string{"a": "b"}}},
		Pointed: part{Size: 7}, private: 0,
	}
	var got document
	source, problems := conf.Decode("f", []byte(text), &got)
	if source == nil || problems != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Decode: %v\n got %+v\nwant %+v", problems, got, want)
	}
}

func TestDecodeProblems(t *testing.T) {
	const yaml = "this looks like YAML, but the file is TOML: write key = value, and a table as [name]"
	tests := []struct{ text, want string }{
		{`untagged = ""`, `f:1:1: untagged: unknown key, allowed here: title, on, text, words, severity, levels, secrets, part, parts, pointed`},
		{`Title = ""`, `f:1:1: Title: unknown key, did you mean "title"?`},
		{`on = "true"`, `f:1:6: on: expected true or false, without quotes`},
		{`severity = 5`, `f:1:12: severity: unknown severity "5" (allowed: low, medium, high, critical)`},
		{`severity = 5.0`, `f:1:12: severity: expected a string in quotes`},
		{`part.small = 128`, `f:1:14: part.small: the number 128 is out of range`},
		{`part.size = "1"`, `f:1:13: part.size: expected a whole number, without quotes`},
		{`part.facts = 1`, `f:1:14: part.facts: expected a table, written [part.facts]`},
		{`part.facts.a = 1`, `f:1:16: part.facts.a: expected a string in quotes`},
		{`levels = "low"`, `f:1:10: levels: expected a list in brackets, such as ["one", "two"]`},
		{"[parts]", `f:1:1: parts: expected a list of tables, each written [[parts]]`},
		{"[[part]]\n[[part]]", `f:1:1: part: expected a table, written [part]`},
		{"parts = [ 1 ]", `f:1:11: parts: expected a table, written [[parts]]`},
		{"[pointed]\nsiz = 1", `f:2:1: pointed.siz: unknown key, did you mean "size"?`},
		{"[[future]]\nx = 1\n[[future]]", "f:1:1: future: not supported yet"},
		{"future = [1, 2]", "f:1:1: future: not supported yet"},
		{"[future.far]", "f:1:1: future: not supported yet"},
		{"futur = 1", `f:1:1: futur: unknown key, did you mean "future"?`},
		{"title = \"a\rb\"", `f:1:11: a carriage return in the middle of a line, write \r inside a string`},
		{"title = \"\xff\"", `f:1:10: not UTF-8, save the file as UTF-8`},
		{"t\x00i\x00", `f:1:2: not UTF-8, save the file as UTF-8`},
		{"words = 1\non = 1\ntitle = 1", "f:1:9: words: expected a list in brackets, such as [\"one\", \"two\"]\nf:2:6: on: expected true or false, without " +
			"quotes\nf:3:9: title: expected a string in quotes"},
		{"\uFEFFtitle = 1\r\nx = \"\"\"\r\n\r\n\"\"\"\r\ny = 1", "f:1:9: title: expected a string in quotes\nf:2:1: x: unknown key, allowed here: title, on, " +
			"text, words, severity, levels, secrets, part, parts, pointed\nf:5:1: y: unknown key, allowed here: title, on, text, words, severity, levels, " +
			"secrets, part, parts, pointed"},
		{"a = \"b\r\n", `f:1:7: the string has no closing quote on its line`},
		{"a = 1\n[b]\na = 2\n[[c]]\na = 3\n[[c]]\na = 4\n'a' = 5", "f:8:2: c.a: defined twice, first at line 7"},
		{"[a.b]\n[a]\n[c]\n[a]", "f:4:2: a: defined twice, first at line 2"},
		{"a = \"\"\"\na = 1\n\"\"\"\na = 2", "f:4:1: a: defined twice, first at line 1"},
		{"a = { b = 1,\tb = 2 }", "f:1:14: this key or table is defined twice"},
		{"a = “b”", "f:1:5: this quote is typographic, such as “ or ”, write straight ones: \"…\""},
		{"a = \"b” # it's", "f:1:7: this quote is typographic, such as “ or ”, write straight ones: \"…\""},
		{"a = \"‘b’\" \"", "f:1:10: more text after the value, put text in quotes, and each key on its own line"},
		{"a = b # “c”", "f:1:5: not a value, put text in quotes"},
		{"---\na: 1", "f:1:1: " + yaml},
		{"a:\n  - b", "f:1:1: " + yaml},
		{"a = 1\n  - b: c", "f:2:1: " + yaml},
		{"https://a", "f:1:6: a key must be followed by =, write key = value"},
	}
	for _, tt := range tests {
		if _, got := conf.Decode("f", []byte(tt.text), new(document)); got.Error() != tt.want {
			t.Errorf("Decode(%q)\n got %v\nwant %v", tt.text, got, tt.want)
		}
	}
}

// Each way to break the syntax has its own sentence.
func TestDecodeSyntax(t *testing.T) {
	const general = "not TOML, write key = value, text in quotes"
	for _, text := range []string{
		"a = 1\na = 2", "[a]\n[a]", "a = []\n[[a]]", "a = 1\n[a.b]", "a.b = 1\na.b.c = 2", "a = \"x\n\"",
		"a = \"", "a = '", "a = \"\"\"", "a = '''", "a", "a.", "a = ", "a = [", "a = [1", "a = {", "a = {b = 1", "[", "[a", "[a.",
		"a = \"\x01\"", `a = "\q"`, `a = "\u12"`, `a = "\U110000zz"`, `a = "\uD800"`, `a = "\xZZ"`,
		"a = 2026-13-45", "a = hunter2", "a = @", "a = .5", "a = 5.", "a = 1__0", "a = 007", "a = +x", "a = 1e",
		"a = 99999999999999999999", "a = 1 b = 2", "a = [1 2]", "a = [,]", "a = {b = 1 c = 2}", "a = {,}",
		"[]", "[a b]", "[[a] ]", "[.a]", "= 1", ".a = 1", "a b = 1", "a. = 1", "a..b = 1", "a = 0b2", "a = 0o9", "a = 0xg", "a = +0x1",
	} {
		source, problems := conf.Decode("f", []byte(text), new(document))
		if source != nil || len(problems) != 1 || problems[0].Text == general {
			t.Errorf("Decode(%q) = %v", text, problems)
		}
	}
}

// What has no problem is decoded, what has one stays unset.
func TestDecodeGoesOn(t *testing.T) {
	var got document
	source, problems := conf.Decode("f", []byte("title = 'x'\non = 1\nwords = ['a', 1]"), &got)
	if want := (document{Title: "x", Words: []string{"a", ""}}); source == nil || len(problems) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("Decode: %v\n got %+v\nwant %+v", problems, got, want)
	}
	source, problems = conf.Decode("f", []byte("title = 'x'\non = "), &got)
	if source != nil || len(problems) != 1 {
		t.Errorf("Decode of bad syntax: %v, %v", source, problems)
	}
}

// The decoder survives any text, its problems lie within the text, and line
// ends make no difference. What is no TOML is not shown.
func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.toml")
	for _, file := range files {
		f.Add(testkit.Read(f, file))
	}
	for _, found := range []string{"a = \"b\r\n", "\xa5", "\"\"=0\n\"本", "\r\r\n", "\uFEFF\uFEFFtitle = 1"} {
		f.Add(found)
	}
	f.Add("title = '''\r\n'''\r\npart = { name = \"\\u00e9\" }\r\n\"\" = 1\n[parts.''.\"\"]")
	f.Fuzz(func(t *testing.T, in string) {
		in = strings.ReplaceAll(in, "\r\n", "\n")
		var here, windows document
		source, problems := conf.Decode("f", []byte(in), &here)
		lines := strings.Split(in, "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.Col > len([]rune(lines[p.Line-1]))+1 {
				t.Errorf("%q: there is no place %v", in, p)
			}
			if source == nil && strings.Contains(p.String(), canary) {
				t.Errorf("%q: the text is shown: %v", in, p)
			}
		}
		if strings.Contains(in, "\r") {
			return // it could become part of a line end
		}
		crlf := bytes.ReplaceAll([]byte(in), []byte("\n"), []byte("\r\n"))
		source2, problems2 := conf.Decode("f", crlf, &windows)
		if !reflect.DeepEqual(problems2, problems) || !reflect.DeepEqual(windows, here) || !reflect.DeepEqual(source2, source) {
			t.Errorf("%q: with CRLF\n got %v %+v\nwant %v %+v", in, problems2, windows, problems, here)
		}
	})
}

// A whole configuration survives any text too.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.toml")
	for _, file := range files {
		f.Add(testkit.Read(f, file))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, in string) {
		c, err := conf.Load(write(t, dir+"/config.toml", in, 0o600))
		if problems, ok := err.(conf.Problems); err != nil && (!ok || len(problems) == 0) {
			t.Errorf("%q: %v is no list of problems", in, err)
		}
		if (c == nil) == (err == nil) {
			t.Errorf("%q: %v and %v", in, c, err)
		}
	})
}
