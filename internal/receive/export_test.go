package receive

import (
	"bytes"
	"fmt"
)

// Decode decodes a body and checks what comes out.
func Decode(body []byte, isJSON bool) error {
	all, err := decode(body, isJSON)
	for _, b := range all {
		if len(b.from.Node) > 4*maxName || len(b.from.Log) > 12*maxName+2 || !bytes.HasSuffix(b.text, []byte("\n")) {
			panic(fmt.Sprintf("batch %+v %q", b.from, b.text))
		}
	}
	return err
}
