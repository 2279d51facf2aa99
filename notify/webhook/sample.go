package webhook

import (
	_ "embed"
	"encoding/json"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/text"
)

//go:embed sample.json
var sampleText []byte

// samples are alerts to try a template on: one of each kind, with characters
// that JSON must escape wherever a log or the catalogue may bring them, and
// one in which little is known.
func samples() []alert.Alert {
	var f struct {
		Full, Sparse json.RawMessage
		Kinds        map[alert.Kind]json.RawMessage // what is different from Full
	}
	decode(sampleText, &f)
	var all []alert.Alert
	for _, kind := range alert.Kinds {
		a := sample(kind, f.Full, f.Kinds[kind])
		a.Data.Log.Excerpt = text.Cut(strings.Repeat(a.Data.Diagnosis+"\n", 100), 2000)
		all = append(all, a)
	}
	return append(all, sample(alert.Opened, f.Sparse))
}

// sample is an alert whose content is in several parts.
func sample(kind alert.Kind, parts ...json.RawMessage) alert.Alert {
	d := alert.Data{Kind: kind}
	for _, part := range parts {
		if part != nil {
			decode(part, &d)
		}
	}
	return alert.Alert{Type: "jira.oauth." + string(kind), Timestamp: d.Failures.Last, Data: d}
}

func decode(text []byte, into any) {
	if err := json.Unmarshal(text, into); err != nil {
		panic(err) // the program is not what its tests have tested
	}
}
