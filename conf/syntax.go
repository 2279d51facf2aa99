package conf

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// maxText is the longest text that is read; a configuration needs 1% of it.
const maxText = 1 << 20

// parse reads the values of a text. The library only checks the rules of TOML:
// positions, types and messages are our own.
func parse(file string, t content) (tree map[string]any, problem *Problem) {
	at := func(s position, text string) *Problem {
		return &Problem{File: file, Line: s.line, Col: s.col, Text: text}
	}
	if i := strings.IndexByte(t.string, '\r'); i >= 0 {
		return nil, at(t.position(i), "a carriage return in the middle of a line, write \\r inside a string")
	}
	if i := notUTF8(t.string); i >= 0 { // the library's offset is one too early
		return nil, at(t.position(i), "not UTF-8, save the file as UTF-8")
	}
	defer func() { // the library has panicked on bad texts before
		if recover() != nil {
			tree, problem = nil, at(position{1, 1}, "not TOML, and the position of the error is unknown")
		}
	}()
	_, err := toml.Decode(t.string, &tree)
	if bad, ok := errors.AsType[toml.ParseError](err); ok {
		return nil, diagnose(file, t, bad)
	}
	if err != nil {
		return nil, at(position{1, 1}, "not TOML")
	}
	return tree, nil
}

// What is written into a file by habits from elsewhere.
var (
	// A typographic quote outside of a string that is closed by straight ones.
	typographic = regexp.MustCompile(`^((?:[^#"'“”„‟«»‘’‚‛]|"[^"]*"|'[^']*')*(?:["'][^"'#]*)?[“”„‟«»‘’‚‛])[^"'#]*(?:#.*)?$`)
	yaml        = regexp.MustCompile(`^\s*(- )?[\w.-]+:(\s.*)?$|^---\s*$`)
)

// diagnose says what is wrong where the library has found an error.
func diagnose(file string, t content, bad toml.ParseError) *Problem {
	offset := bad.Position.Start
	place := t.position(offset)
	line, _, _ := strings.Cut(t.string[t.lines[place.line-1]:], "\n")
	p := &Problem{File: file, Line: place.line, Col: place.col, Text: explain(bad.Message)}
	quoted := typographic.FindStringSubmatch(line)
	switch {
	case quoted != nil:
		p.Col = utf8.RuneCountInString(quoted[1])
		p.Text = `this quote is typographic, such as “ or ”, write straight ones: "…"`
	case yaml.MatchString(line):
		p.Col = 1
		p.Text = "this looks like YAML, but the file is TOML: write key = value, and a table as [name]"
	case strings.Contains(bad.Message, "has already been defined"):
		if key, first := repeated(t, offset); first > 0 && first < place.line {
			p.Key, p.Text = key, fmt.Sprintf("defined twice, first at line %d", first)
		}
	}
	return p
}

func notUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return -1
}

// sentences replace the messages of the library by what it says in them. Its
// own quote the text, which may be a secret without its quotes.
//
//go:embed syntax.txt
var sentences string

func explain(message string) string {
	for line := range strings.Lines(sentences) {
		words, say, _ := strings.Cut(strings.TrimSpace(line), " => ")
		for has := range strings.SplitSeq(words, "|") {
			if say != "" && strings.Contains(message, has) {
				return say
			}
		}
	}
	return "not TOML, write key = value, text in quotes"
}
