package receive

import (
	"bytes"
	"fmt"
)

// Decode decodes a body and checks what comes out.
func Decode(body []byte, isJSON bool) error {
	all, err := decode(body, isJSON)
	for from, text := range all {
		if len(from.Node) > 4*maxName || len(from.Log) > 12*maxName+2 || !bytes.HasSuffix(text, []byte("\n")) {
			panic(fmt.Sprintf("lines of %+v: %q", from, text))
		}
	}
	return err
}
