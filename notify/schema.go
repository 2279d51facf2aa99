package notify

import _ "embed"

// Schema is the JSON Schema (2020-12) of an Alert: of the body of a webhook
// without a template.
//
//go:embed alert.schema.json
var Schema []byte
