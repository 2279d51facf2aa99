package mask_test

import (
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/mask"
)

// The answer of a token endpoint is no secret, although "token" is the name of one.
func TestProbeShowsAnswers(t *testing.T) {
	const seen = "http: POST https://login.microsoftonline.com:443/common/oauth2/v2.0/token → HTTP/1.1 400 Bad Request"
	if got := (mask.Masks{}).Probe(alert.Probe{Seen: []string{seen}}).Seen[0]; got != seen {
		t.Errorf("got %q, want %q", got, seen)
	}
}
