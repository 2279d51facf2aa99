package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode/utf8"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

const (
	maxTemplate = 1 << 20 // bytes of the file
	maxBody     = 1 << 20 // bytes of its output
)

// bodyTemplate is an operator's template for the body of a webhook. It is filled with
// the alert as it is on the wire, so that the names in it are those of the
// schema, and makes JSON.
type bodyTemplate struct {
	file  string
	text  *template.Template
	lines map[*byte]int // line of each literal text of the template
}

// parseTemplate reads a template and tries it on alerts of each kind: a broken one must
// be found before it is needed. Errors begin with the key.
func parseTemplate(file string) (*bodyTemplate, error) {
	text, err := notify.ReadFile("template", file, maxTemplate)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("template: %s is not in UTF-8", file)
	}
	t, err := template.New(file).Option("missingkey=error").Funcs(functions).Parse(string(text))
	if err != nil {
		return nil, err // it begins with "template: " and the place
	}
	f := &bodyTemplate{file: file, text: t, lines: literals(t, string(text))}
	for _, a := range samples() {
		if _, err := f.fill(a); err != nil {
			return nil, fmt.Errorf("%w (in a sample of kind %s)", err, a.Data.Kind)
		}
	}
	return f, nil
}

// fill makes the body of an alert, without the white space that JSON does not
// need.
func (f *bodyTemplate) fill(a alert.Alert) ([]byte, error) {
	fields, err := wireForm(a)
	if err != nil {
		return nil, err
	}
	out := output{lines: f.lines}
	if err := f.text.Execute(&out, fields); err != nil {
		if errors.Is(err, errTooLong) {
			return nil, fmt.Errorf("template: %s: %w", f.file, errTooLong)
		}
		return nil, err
	}
	text := out.Bytes()
	var body bytes.Buffer
	var value json.RawMessage
	if err := json.Unmarshal(text, &value); err != nil {
		at := len(text)
		if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = max(min(int(bad.Offset)-1, at), 0)
		}
		return nil, fmt.Errorf("template: %s:%d: its output is not JSON at %q: %w", f.file, out.line(at),
			near(text, at), err)
	}
	if err := json.Compact(&body, text); err != nil {
		return nil, fmt.Errorf("template: %s: %w", f.file, err)
	}
	return body.Bytes(), nil
}

// near is the text around an offset.
func near(text []byte, at int) string {
	const around = 30
	return notify.OneLine(string(text[max(at-around, 0):min(at+around, len(text))]))
}

// wireForm is an alert as templates see it: decoded from JSON, with whole numbers.
// Optional members are nil here, so that templates can test them.
func wireForm(a alert.Alert) (map[string]any, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return nil, err
	}
	data := whole(fields)["data"].(map[string]any)
	if _, ok := data["acknowledged"]; !ok {
		data["acknowledged"] = nil
	}
	return fields, nil
}

// whole makes numbers that can be compared and printed as they are. An alert
// has no fractions.
func whole(fields map[string]any) map[string]any {
	for name, value := range fields {
		switch v := value.(type) {
		case json.Number:
			if n, err := v.Int64(); err == nil {
				fields[name] = int(n)
			}
		case map[string]any:
			whole(v)
		}
	}
	return fields
}

// functions are what templates can call, besides Go's own.
var functions = template.FuncMap{
	"json":     text.JSON,
	"cut":      func(n int, s string) string { return text.Cut(s, n) },
	"fit":      fit,
	"add":      func(a, b int) int { return a + b },
	"blocks":   text.Blocks,
	"markdown": markdown,
	"code":     fenced,
	"html": func(s string) string {
		return escapeHTML.Replace(text.UnlinkQuoted(text.PrintableLines(text.Indented(s))))
	},
	"unlink": text.Unlink,
	"join":   join,
	"upper":  strings.ToUpper,
	"actor":  message.Actor,
	"headline": func(fields map[string]any) (string, error) {
		m, err := composed(fields)
		return m.Headline(), err
	},
	"integrations": func(n int, fields map[string]any) (string, error) {
		m, err := composed(fields)
		return m.Integrations.Text(n), err
	},
	"summary": func(fields map[string]any) (string, error) {
		m, err := composed(fields)
		return m.Summary(), err
	},
}

// fit shortens a text so that it takes at most limit bytes in JSON, quotes
// apart.
func fit(limit int, s string) (string, error) {
	n := min(len([]rune(s)), limit) // a character takes at least one byte
	for out := text.Cut(s, n); ; {
		words, err := text.JSON(out)
		if err != nil || len(words)-2 <= limit || n <= 0 {
			return out, err
		}
		n -= max((len(words)-2-limit)/6, 1) // no character takes more than six bytes
		out = text.Cut(s, n)
	}
}

// escapeHTML leaves the apostrophe, which is harmless in text and between
// quotation marks, for receivers that show some texts as HTML and some not.
var escapeHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;")

// join puts texts and lists of them together.
func join(separator string, values ...any) string {
	var words []string
	for _, v := range values {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, word := range list {
			words = append(words, fmt.Sprint(word))
		}
	}
	return strings.Join(words, separator)
}

// composed is the message of the alert that a template sees.
func composed(fields map[string]any) (message.Message, error) {
	text, err := json.Marshal(fields)
	if err != nil {
		return message.Message{}, err
	}
	var a alert.Alert
	err = json.Unmarshal(text, &a)
	return message.Of(a.Data), err
}

var errTooLong = errors.New("its output is larger than 1 MiB")

// output is the output of a template. It remembers which stretch came from which line:
// an error in JSON is reported by its line in the template.
type output struct {
	bytes.Buffer
	lines     map[*byte]int
	stretches []stretch
}

// stretch is a literal text of a template in the output.
type stretch struct{ from, to, line int }

func (o *output) Write(p []byte) (int, error) {
	if o.Len()+len(p) > maxBody {
		return 0, errTooLong
	}
	if len(p) > 0 {
		// A literal text is written from where the parser has put it.
		if line, ok := o.lines[&p[0]]; ok {
			o.stretches = append(o.stretches, stretch{o.Len(), o.Len() + len(p), line})
		}
	}
	return o.Buffer.Write(p)
}

// line is where in the template the output at an offset is from: in a literal
// text, or in an action after it.
func (o *output) line(at int) int {
	line := 1
	for _, p := range o.stretches {
		if p.from > at {
			break
		}
		line = p.line + bytes.Count(o.Bytes()[p.from:min(at, p.to)], []byte("\n"))
	}
	return line
}

// literals are the lines of a template's literal texts.
func literals(t *template.Template, source string) map[*byte]int {
	lines := map[*byte]int{}
	var walk func(list *parse.ListNode)
	walk = func(list *parse.ListNode) {
		if list == nil {
			return
		}
		for _, node := range list.Nodes {
			switch n := node.(type) {
			case *parse.TextNode:
				if len(n.Text) > 0 {
					lines[&n.Text[0]] = 1 + strings.Count(source[:n.Pos], "\n")
				}
			case *parse.IfNode:
				walk(n.List)
				walk(n.ElseList)
			case *parse.RangeNode:
				walk(n.List)
				walk(n.ElseList)
			case *parse.WithNode:
				walk(n.List)
				walk(n.ElseList)
			}
		}
	}
	for _, part := range t.Templates() {
		if part.Tree != nil {
			walk(part.Root)
		}
	}
	return lines
}
