package text

import (
	"io"
	"iter"
	"strings"
	"text/template"
)

// Functions format numbers in all pages.
var Functions = template.FuncMap{
	"count": Count[int], "count64": Count[int64], "plural": Plural[int],
	"number": Number[int], "number64": Number[int64], "size": Size,
}

// Layout writes what a template makes of data for a terminal. What others wrote belongs in line, wrap or step, which
// take it in parts and make it printable, without line ends, as the methods of Page do. more has further functions.
func (s Style) Layout(w io.Writer, layout string, data any, more template.FuncMap) error {
	t := template.New("layout").Funcs(Functions).Funcs(more)
	paragraph := func(write func(p *Page, first, next, text string)) any {
		return func(first, next string, parts ...string) string {
			p := Page{Style: s}
			write(&p, first, next, strings.Join(parts, ""))
			return strings.TrimSuffix(p.String(), "\n")
		}
	}
	style := func(sequence string) any {
		if !s.Color {
			sequence = ""
		}
		return func() string { return sequence }
	}
	template.Must(t.Funcs(template.FuncMap{
		"bold": style(Bold), "faint": style(Faint), "plain": style(Reset),
		"wrap": paragraph((*Page).Wrap), "step": paragraph((*Page).Step),
		"line":  func(parts ...string) string { return Printable(strings.Join(parts, "")) },
		"split": func(s string) iter.Seq[string] { return strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") },
		"show": func(name string, data any) (string, error) { // what another template makes of data, to be wrapped
			var b strings.Builder
			err := t.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
	}).Parse(layout))
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}
