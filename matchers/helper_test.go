package matchers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/testkit"
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

// loaded is the built-in catalogue, read once: that takes a while.
var loaded = sync.OnceValues(matchers.Builtin)

func builtin(t testing.TB) *matchers.Set {
	t.Helper()
	s, err := loaded()
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
	return strings.TrimSuffix(testkit.Read(t, filepath.Join("..", "testdata", "kb", name)), "\n")
}

// through reads a text as the service does, and calls take for each event that
// may be ours.
func through(t testing.TB, text []byte, take func(event.Event)) {
	t.Helper()
	a := event.Assembler{Find: matchers.Find}
	r := tailer.Stream(bytes.NewReader(text))
	defer r.Close()
	for {
		b, err := r.Block(context.Background(), time.Minute)
		a.Block(b, take)
		if errors.Is(err, io.EOF) {
			a.Flush(take)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// events puts the lines of a text together, and keeps those that may be ours.
func events(t testing.TB, text string) []event.Event {
	t.Helper()
	var out []event.Event
	through(t, []byte(text), func(e event.Event) {
		e.Text = bytes.Clone(e.Text)
		out = append(out, e)
	})
	return out
}
