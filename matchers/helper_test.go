package matchers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

const (
	flowID  = "0f8fad5b-d9cb-469f-a165-70867728950e"
	flowURL = "/rest/oauth2-client/latest/config/flow/" + flowID
	logger  = "c.a.o.c.rest.resource.ClientConfigurationResource"
	leadIn  = "Error occurred while authorizing an integration. The error message is: "
	refused = "Error when fetching authorization response: "
)

// carrier is an event of the flow that reports payload.
func carrier(payload string) string {
	return "2024-03-05 09:07:03,021+0000 http-nio-8080-exec-7 ERROR mira 547x294x1 4eic3i 10.0.0.7 " + flowURL + " [" + logger + "] " + leadIn + payload
}

func builtin(t testing.TB) *matchers.Set {
	t.Helper()
	s, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// diagnose is the failure of an event that must be one.
func diagnose(t *testing.T, s *matchers.Set, text string) matchers.Failure {
	t.Helper()
	v := s.Diagnose(text, time.UTC)
	if !v.Ours {
		t.Fatalf("not ours, since %s: %s", v.Reason, text)
	}
	return v.Failure
}

// kb is one of the article's own events.
func kb(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "kb", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(text), "\n")
}

// events puts the lines of a text together, and ends them.
func events(text string) []event.Event {
	var a event.Assembler
	var out []event.Event
	take := func(e event.Event, ok bool) {
		if ok {
			e.Text = []byte(string(e.Text))
			out = append(out, e)
		}
	}
	for line := range strings.Lines(text) {
		take(a.Add(tailer.Line{Text: []byte(strings.TrimRight(line, "\r\n"))}))
	}
	take(a.Flush())
	return out
}
