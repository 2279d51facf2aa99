package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// JSON writes a report as one document (report.schema.json). Incidents are written one
// by one: all of them as text would take several times the memory of the report.
func JSON(w io.Writer, r Report) error {
	incidents := r.Incidents
	r.Incidents = []Incident{}
	head, err := indented(r, "")
	if err != nil {
		return err
	}
	head, ok := bytes.CutSuffix(head, []byte("[]\n}"))
	if !ok {
		return errors.New("the incidents are not the last member of the report")
	}
	out := &sticky{w: w}
	out.write(head)
	out.write([]byte("["))
	for i, one := range incidents {
		text, err := indented(one, "    ")
		if err != nil {
			return err
		}
		if i > 0 {
			out.write([]byte(","))
		}
		out.write([]byte("\n    "))
		out.write(text)
	}
	if len(incidents) > 0 {
		out.write([]byte("\n  "))
	}
	out.write([]byte("]\n}\n"))
	return out.err
}

func indented(v any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// sticky is a writer that remembers its first error.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) write(p []byte) {
	if s.err == nil {
		_, s.err = s.w.Write(p)
	}
}
