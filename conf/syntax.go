package conf

import (
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
	case p.Text == twice:
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

const twice = "this key or table is defined twice"

// sentences replace the messages of the library by what it says in them. Its
// own quote the text, which may be a secret without its quotes.
var sentences = []struct{ has, say string }{ // has one of several, with | between them
	{"has already been defined", twice},
	{"was already created", "this name is already used for something else, look for a table that is written both as " +
		"[name] and as [[name]]"},
	{"is not a table", "this name is already used for a value and cannot be a table"},
	{"strings cannot contain newlines", `the string has no closing quote on its line`},
	{`unexpected EOF; expected '"|unexpected EOF; expected "'`, "the string has no closing quote"},
	{"unexpected EOF; expected key separator", "a key without a value, write key = value"},
	{"unexpected EOF", "the text ends too early"},
	{"control character", "a control character, write it as an escape such as \\t"},
	{"invalid escape", `unknown escape in a string, write \\ for a backslash or put the string in single quotes`},
	{"hexadecimal digits after", `incomplete escape in a string, write \\ for a backslash or put the string in ` +
		`single quotes`},
	{"Escaped character", "the escape is not a valid character"},
	{"NULL bytes", "not UTF-8, save the file as UTF-8"},
	{"newlines not allowed within inline tables", "a table in braces must be on one line"},
	{"invalid datetime|expected value", "not a value, put text in quotes"},
	{"expected a digit|nvalid float|nvalid integer|floats must start|binary number|octal number|decimal number",
		"not a number, put text in quotes"},
	{"out of range|out of the safe", "the number is too large"},
	{"expected a top-level item to end", "more text after the value, put text in quotes, and each key on its own line"},
	{"expected a comma", "a comma or the closing bracket is missing"},
	{"unexpected comma", "there is an extra comma"},
	{"table array name delimiter", "the table's name is not closed, write [[name]]"},
	{"to end table name", "the table's name is not closed, write [name]"},
	{"table names cannot be empty", "a table without a name"},
	{"expected '.' or '='", "a key must be followed by =, write key = value"},
	{"key name appears blank", "a value without a key, write key = value"},
	{"keys cannot start with", "a key cannot start with a dot"},
	{"unexpected '.'", "there is an extra dot in the key"},
	{"unexpected '='", "the key must not end with a dot"},
}

func explain(message string) string {
	for _, s := range sentences {
		for has := range strings.SplitSeq(s.has, "|") {
			if strings.Contains(message, has) {
				return s.say
			}
		}
	}
	return "not TOML, write key = value, text in quotes"
}
