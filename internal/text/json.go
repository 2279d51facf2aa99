package text

import (
	"encoding/json"
	"strings"
)

// JSON is a value as JSON on one line. Nothing in it is written as an escape that need not be,
// since receivers limit bytes.
func JSON(value any) (string, error) {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return strings.TrimSuffix(out.String(), "\n"), err
}
