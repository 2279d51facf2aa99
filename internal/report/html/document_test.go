package html_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// element is a part of a page. Pages are XML too, so that a test reads them
// with the strictest parser there is.
type element struct {
	name     string
	attr     map[string]string
	children []*element
	text     string // all text within
}

func (e *element) all(name string) []*element {
	var found []*element
	for _, c := range e.children {
		if c.name == name {
			found = append(found, c)
		}
		found = append(found, c.all(name)...)
	}
	return found
}

func (e *element) byID(id string) *element {
	for _, c := range e.children {
		if c.attr["id"] == id {
			return c
		}
		if found := c.byID(id); found != nil {
			return found
		}
	}
	return nil
}

func (e *element) has(class string) bool {
	return slices.Contains(strings.Fields(e.attr["class"]), class)
}

// parse reads a page strictly.
func parse(page []byte) (*element, error) {
	root := &element{}
	open := []*element{root}
	for d := xml.NewDecoder(bytes.NewReader(page)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			last.children = append(last.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
			open[len(open)-1].text += last.text
		case xml.CharData:
			last.text += string(token)
		case xml.Comment, xml.ProcInst:
			return nil, fmt.Errorf("a %T", token)
		}
	}
}

// allowed are the elements of a page and their attributes.
var allowed = map[string]string{
	"html": "lang", "head": "", "meta": "charset http-equiv content name", "link": "rel href", "title": "", "style": "", "body": "class",
	"header": "", "main": "", "section": "id", "article": "id class", "footer": "", "div": "class",
	"h1": "", "h2": "", "h3": "", "p": "class", "span": "class", "strong": "", "b": "", "code": "", "pre": "class",
	"dl": "", "dt": "", "dd": "", "ul": "class", "ol": "", "li": "class", "a": "href rel", "details": "id open", "summary": "",
	"table": "class", "thead": "", "tbody": "", "tr": "class", "th": "scope class", "td": "class",
}

// faults are what is wrong with a page: what untrusted text could have brought in,
// what a browser would ask for, what people who do not see would miss.
func faults(page []byte) []string {
	root, err := parse(page)
	if err != nil {
		return []string{err.Error()}
	}
	var all []string
	bad := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	ids := map[string]bool{}
	level := 0
	var walk func(e *element)
	walk = func(e *element) {
		attrs, known := allowed[e.name]
		if !known && e.name != "" {
			bad("element %s", e.name)
		}
		for name := range e.attr {
			if !slices.Contains(strings.Fields(attrs), name) {
				bad("attribute %s of %s", name, e.name)
			}
		}
		if id, ok := e.attr["id"]; ok && (id == "" || ids[id]) {
			bad("id %q is empty or there twice", id)
		} else if ok {
			ids[id] = true
		}
		if strings.TrimLeft(e.name, "h") == e.name[min(1, len(e.name)):] && len(e.name) == 2 && unicode.IsDigit(rune(e.name[1])) {
			now := int(e.name[1] - '0')
			if now > level+1 || now == 1 && level != 0 {
				bad("heading %d after %d: %s", now, level, e.text)
			}
			level = now
		}
		if e.name == "th" && !slices.Contains([]string{"col", "row"}, e.attr["scope"]) {
			bad("header of a table without scope: %s", e.text)
		}
		for _, c := range e.children {
			walk(c)
		}
	}
	walk(root)
	for _, e := range root.all("a") {
		href := e.attr["href"]
		if id, inside := strings.CutPrefix(href, "#"); inside {
			if !ids[id] {
				bad("link to %q, which is nowhere", href)
			}
			continue
		}
		if u, err := url.Parse(href); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || e.attr["rel"] != "noreferrer noopener" {
			bad("link %v", e.attr)
		}
	}
	for _, r := range root.text {
		if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			bad("character %U", r)
			break
		}
	}
	return append(all, asks(root)...)
}

// asks is what a page would ask for, or could.
func asks(root *element) []string {
	var all []string
	policy := ""
	for _, m := range root.all("meta") {
		if m.attr["http-equiv"] == "Content-Security-Policy" {
			policy = m.attr["content"]
		}
	}
	if policy != "default-src 'none'; style-src 'unsafe-inline'; img-src data:" {
		all = append(all, "policy "+policy)
	}
	for _, l := range root.all("link") {
		if l.attr["rel"] != "icon" || l.attr["href"] != "data:," {
			all = append(all, fmt.Sprintf("link %v", l.attr))
		}
	}
	if len(root.all("link")) != 1 {
		all = append(all, "no icon: a browser asks for one")
	}
	for _, s := range root.all("style") {
		for _, word := range []string{"url(", "@import", "image-set", "src:"} {
			if strings.Contains(s.text, word) {
				all = append(all, "style with "+word)
			}
		}
	}
	return all
}

// The faults that a page is looked for are found.
func TestFaults(t *testing.T) {
	good := string(document(t, several()))
	if all := faults([]byte(good)); all != nil {
		t.Fatalf("%q", all)
	}
	for _, tt := range []struct{ old, new string }{
		{"<main>", `<main><script>1</script>`},
		{"<main>", `<main><img src="x"/>`},
		{"<main>", `<main onclick="1">`},
		{"<main>", `<main><a href="javascript:1" rel="noreferrer noopener">x</a>`},
		{"<main>", `<main><a href="#nowhere">x</a>`},
		{"<main>", `<main><a href="https://example.com/">x</a>`},
		{"<main>", `<main><h3>x</h3>`},
		{"<main>", `<main><h1>x</h1>`},
		{"<main>", "<main>\u202e"},
		{"<main>", `<main><br>`},
		{"<main>", `<main><!-- x -->`},
		{`scope="col"`, ``},
		{`id="cause-2"`, `id="cause-1"`},
		{"default-src 'none'", "default-src *"},
		{`href="data:,"`, `href="/icon.png"`},
		{`<link rel="icon" href="data:,"/>`, ``},
		{":root {", "@import 'x'; :root {"},
	} {
		page := strings.Replace(good, tt.old, tt.new, 1)
		if page == good || faults([]byte(page)) == nil {
			t.Errorf("%s for %s is no fault", tt.new, tt.old)
		}
	}
}
