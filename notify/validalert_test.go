package notify_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

var allKinds = []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Storm, alert.Blind, alert.Sighted, alert.Test}

// someKinds are kinds that are drawn differently; at full length all of them, and
// one that a later version may bring.
func someKinds() []alert.Kind {
	if testing.Short() {
		return []alert.Kind{alert.Opened, alert.Quiet, alert.Storm}
	}
	return append(slices.Clip(allKinds), "new")
}

// againstSchema is nil when a text is a valid body of a webhook.
func againstSchema(t *testing.T, text []byte) error {
	t.Helper()
	const name = "alert.schema.json"
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(notify.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(value)
}
