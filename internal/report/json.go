package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// JSON writes a report as one document (report.schema.json). Incidents are written one
// by one: all of them as text would take several times the memory of the report. They are its last
// member.
func JSON(w io.Writer, r Report) error {
	incidents := r.Incidents
	r.Incidents = []Incident{}
	head, err := indented(r, "")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w) // it remembers its first error
	out.Write(bytes.TrimSuffix(head, []byte("[]\n}")))
	between := "["
	for _, one := range incidents {
		text, err := indented(one, "    ")
		if err != nil {
			return err
		}
		out.WriteString(between + "\n    ")
		out.Write(text)
		between = ","
	}
	if len(incidents) == 0 {
		out.WriteString("[]\n}\n")
	} else {
		out.WriteString("\n  ]\n}\n")
	}
	return out.Flush()
}

func indented(v any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
