package scan_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// One mismatch of the Redirect URL's suffix, which the callback and the result of the
// request both log, is one incident; those of two integrations, and of two
// callbacks without a flow, are two.
func TestLoggedTwice(t *testing.T) {
	testkit.Pure(t)
	const first, second = "FC8GQRj7OZO_j1_b6A-Eig", "XCdokb3CcqduAnr9KcBT_A"
	callback := func(after time.Duration, suffix, logger, message string) string {
		return fmt.Sprintf("%s http-nio-8080-exec-9 ERROR admin 600x1x1 4eic3i 10.0.0.1 /plugins/servlet/oauth2/client/callback/%s [c.a.o.c.lib.web.%s] %s\n",
			testkit.Stamp(t0.Add(after)), suffix, logger, message)
	}
	mismatch := func(suffix string) string { return "Expected provider bLYIXxRp8tLSmxkdVQqDzg but got " + suffix + "." }
	const provider, servlet = "AuthorizationCodeFlowUrlsProvider", "AuthorizationCodeFlowServlet"
	const unknown = "Can't complete OAuth 2.0 authorization code flow - unknown state returned by authorization server"
	for name, tt := range map[string]struct {
		text string
		want int
	}{
		"twice":        {callback(0, first, provider, mismatch(first)) + failure(t0.Add(2*time.Second), 1, mismatch(first)), 1},
		"two of them":  {callback(0, first, provider, mismatch(first)) + failure(t0.Add(2*time.Second), 1, mismatch(second)), 2},
		"hours apart":  {callback(0, first, provider, mismatch(first)) + failure(t0.Add(2*time.Hour), 1, mismatch(first)), 2},
		"another text": {callback(0, first, provider, mismatch(first)) + failure(t0.Add(2*time.Second), 1, badSecret), 2},
		"two unknown":  {callback(0, first, servlet, unknown) + callback(time.Second, second, servlet, unknown), 2},
		"one, again":   {callback(0, first, servlet, unknown) + callback(time.Second, first, servlet, unknown), 1},
	} {
		r := scanned(t, options(), testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), tt.text))
		if r.Failures != 2 || len(r.Incidents) != tt.want {
			t.Errorf("%s: %d failures, %d incidents, want %d", name, r.Failures, len(r.Incidents), tt.want)
		}
	}
}
