package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/template"
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

// parseTemplate reads an operator's template for the body of a webhook and tries it on alerts of each
// kind: a broken one must be found before it is needed. Errors begin with the key.
func parseTemplate(file string) (*template.Template, error) {
	text, err := notify.ReadFile("template", file, maxTemplate)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("template: %s is not in UTF-8", file)
	}
	form, err := template.New(file).Option("missingkey=error").Funcs(functions).Parse(string(text))
	if err != nil {
		return nil, err // it begins with "template: " and the place
	}
	empty := true
	for _, a := range samples() {
		body, err := fill(form, a)
		if err != nil {
			return nil, fmt.Errorf("%w (in a sample of kind %s)", err, a.Data.Kind)
		}
		empty = empty && body == nil
	}
	if empty {
		return nil, fmt.Errorf("template: %s makes nothing of any alert", file)
	}
	return form, nil
}

// output is what a template makes. A template that makes more ends at once, not when memory is full.
type output struct{ bytes.Buffer }

var errLarge = errors.New("its output is larger than 1 MiB")

func (o *output) Write(p []byte) (int, error) {
	if o.Len()+len(p) > maxBody {
		return 0, errLarge
	}
	return o.Buffer.Write(p)
}

// fill makes the body of an alert, without the white space that JSON does not
// need. The form is filled with the alert as it is on the wire, so that the names in it are
// those of the schema. nil = it makes nothing of this alert.
func fill(form *template.Template, a alert.Alert) ([]byte, error) {
	fields, err := wireForm(a)
	if err != nil {
		return nil, err
	}
	var out output
	if err := form.Execute(&out, fields); errors.Is(err, errLarge) {
		return nil, fmt.Errorf("template: %s: %w", form.Name(), errLarge)
	} else if err != nil {
		return nil, err
	}
	made := out.Bytes()
	if len(bytes.TrimSpace(made)) == 0 {
		return nil, nil
	}
	var value json.RawMessage
	if err := json.Unmarshal(made, &value); err != nil {
		at := len(made)
		if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = max(min(int(bad.Offset)-1, at), 0)
		}
		return nil, fmt.Errorf("template: %s: line %d of its output is not JSON at %q: %w", form.Name(),
			1+bytes.Count(made[:at], []byte("\n")), notify.OneLine(string(made[max(at-30, 0):min(at+30, len(made))])), err)
	}
	body, err := text.JSON(value)
	return []byte(body), err
}

// wireForm is an alert as templates see it: decoded from JSON, with whole numbers.
// Optional members are nil here, so that templates can test them.
func wireForm(a alert.Alert) (map[string]any, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
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
		case float64:
			fields[name] = int(v)
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
	"plain": func(s string) string { return text.Harmless(text.Indented(s)) },
	"wiki": func(s string) string {
		return wikiLine.ReplaceAllString(wikiMeta.Replace(text.Harmless(text.Indented(s))), "$1"+text.Apart+"$2")
	},
	"unlink":   text.Unlink,
	"quoted":   message.Quoted,
	"join":     join,
	"upper":    strings.ToUpper,
	"actor":    message.Actor,
	"headline": said(func(m message.Message) string { return text.Printable(m.Headline()) }),
	"summary":  said(message.Message.Summary),
	"incident": said(func(m message.Message) string { return string(m.ID.Incident()) }),
	"integrations": func(n int, fields map[string]any) (string, error) {
		m, err := composed(fields)
		return m.Integrations.Text(n), err
	},
}

// fit shortens a text so that it takes at most limit bytes in JSON, quotes
// apart.
func fit(limit int, s string) (string, error) {
	n := min(len([]rune(s)), limit) // a character takes at least one byte
	for {
		out := text.Cut(s, n)
		words, err := text.JSON(out)
		if err != nil || len(words)-2 <= limit || n <= 0 {
			return out, err
		}
		n -= max((len(words)-2-limit)/6, 1) // no character takes more than six bytes
	}
}

// wikiMeta breaks the macros, links, images and mentions of Jira's wiki markup.
var wikiMeta = strings.NewReplacer(`\`, "&#92;", "{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "|", `\|`, "!", `\!`)

// wikiLine is what makes a line a heading, a quotation, an item of a list or a rule.
var wikiLine = regexp.MustCompile(`(?m)^(\s*)(h[1-6]\.|bq\.|[#*-]+\s|----)`)

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

// said is a function of the message of the alert that a template sees.
func said(what func(message.Message) string) func(map[string]any) (string, error) {
	return func(fields map[string]any) (string, error) {
		m, err := composed(fields)
		return what(m), err
	}
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
