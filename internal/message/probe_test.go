package message_test

import (
	"strings"
	"testing"

	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/testkit"
)

// A host that is reachable proves that the failure was temporary only if the failure was about it.
func TestReachableProbe(t *testing.T) {
	testkit.Pure(t)
	for _, assumed := range []bool{false, true} {
		d := alerttest.Probed(t).Data
		d.Probe.OK, d.Probe.Assumed = true, assumed
		var text strings.Builder
		for _, s := range message.Of(d).Sentences {
			for _, part := range s {
				text.WriteString(part.Text)
			}
		}
		got := text.String()
		if strings.Contains(got, "was temporary") == assumed || strings.Contains(got, "does not show which host failed") != assumed {
			t.Errorf("assumed %t: %s", assumed, got)
		}
	}
}
