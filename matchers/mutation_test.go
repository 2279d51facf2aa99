package matchers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jira-oauth-watcher/matchers"
)

// variants are the shapes that one and the same report of a provider comes in.
func variants(t *testing.T, text string) map[string]string {
	t.Helper()
	const trace = "Trace ID: d7599cf0-813f-4495-8317-577479857f00 Correlation ID: 34687097-cd9a-4300-9639-b561f5effd26 Timestamp: 2024-03-05 09:07:01Z"
	quoted, err := json.Marshal(text + "\r\n" + strings.ReplaceAll(trace, " C", "\r\nC"))
	if err != nil {
		t.Fatal(err)
	}
	escaped := strings.ReplaceAll(string(quoted), "/", `\/`)
	description := refused + `{"error_description":` + escaped + `, "error":"invalid_request"}`
	return map[string]string{
		"as it is":               carrier(text),
		"trace on the same line": carrier(text + " " + trace),
		"trace on its own lines": carrier(text + "\n    " + strings.ReplaceAll(trace, " C", "\n    C")),
		"trace glued":            carrier(text + strings.ReplaceAll(trace, " ", "")),
		"carriage returns":       carrier(text + "\r\n" + trace + "\r\n"),
		"description first":      carrier(description),
		"description last":       carrier(refused + `{"error":"invalid_request","error_description":` + escaped + `}`),
		"quotes as numbers":      carrier(strings.NewReplacer("'", `\u0027`, "<", `\u003c`).Replace(description)),
		"cut off":                carrier(description[:len(description)-60]),
		"wrapped":                strings.ReplaceAll(carrier(text), " ", "\n"),
		"another user and flow":  strings.NewReplacer(" mira ", " ServiceRunner ", flowID, "aaaaaaaa-0000-4000-8000-bbbbbbbbbbbb").Replace(carrier(text)),
		"docker compose":         "jira-1  | " + strings.ReplaceAll(carrier(text+"\n"+trace), "\n", "\njira-1  | "),
		"a quote from a page":    "\u201c" + carrier(text) + "\u201d",
		"words of other tiers":   carrier(text + " PKIX path building failed, Connection reset, Unable to tunnel through proxy"),
	}
}

// Every report with a provider's code keeps its cause in every shape.
func TestMutations(t *testing.T) {
	s := builtin(t)
	tried := 0
	for _, c := range s.Causes() {
		_, texts := c.Proofs()
		for _, text := range texts {
			if c.TierName() != "provider" || !strings.HasPrefix(text, "AADSTS") {
				continue
			}
			for name, log := range variants(t, text) {
				if name == "wrapped" {
					log = strings.Replace(log, "\n", " ", 1) // the date is never wrapped from its time
				}
				tried++
				if err := sameCause(s, c, name, log); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d variants", tried)
	}
}

// sameCause puts a log through the stages of the service.
func sameCause(s *matchers.Set, want *matchers.Cause, name, log string) error {
	v := s.Diagnose(log, nil)
	if !v.Ours || v.Failure.Cause != want {
		got := v.Reason
		if v.Ours {
			got = v.Failure.Cause.ID + " by " + v.Failure.Signal
		}
		return fmt.Errorf("%s, %s: %s\n%.600s", want.ID, name, got, log)
	}
	return nil
}
