package webhook

import (
	"bytes"
	"errors"
	"strings"
	"text/template"
	"text/template/parse"
)

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
