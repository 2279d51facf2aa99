package matchers

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// redirectSuffix is the last segment of the Redirect URL that Jira makes for an
// Authorization endpoint: the MD5 of its address in base64url without padding.
// It was read in a published build of Jira's OAuth client plugin, and is a hint:
// what Jira itself shows counts.
func redirectSuffix(authorizationEndpoint string) string {
	sum := md5.Sum([]byte(authorizationEndpoint))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// authorizationEndpoints are those that Jira's forms come with, and the ones
// that Microsoft's documentation names.
var authorizationEndpoints = []string{
	"https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
	"https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize",
	"https://login.microsoftonline.com/consumers/oauth2/v2.0/authorize",
	"https://accounts.google.com/o/oauth2/v2/auth",
	"https://accounts.google.com/o/oauth2/auth",
}

// endpoints names the well-known endpoint that a Redirect URL was made for.
func (f *Failure) endpoints() {
	for _, which := range []string{"expected", "actual"} {
		suffix := f.Facts.Text(which + "_suffix")
		for _, endpoint := range authorizationEndpoints {
			if suffix != "" && suffix == redirectSuffix(endpoint) {
				f.Facts[which+"_endpoint"] = endpoint
			}
		}
	}
}

// Bounds of a clock difference that is worth a word: less is the way of the
// answer, more is no clock that is wrong but a log that was edited.
const (
	minSkew = 5 * time.Minute
	maxSkew = 12 * time.Hour
)

// clockSkew adds how far Jira's clock is from the provider's, when the log
// shows both. Microsoft and Google refuse what is too early or too late.
// Differences of whole quarters of an hour are time zones, not clocks.
func (f *Failure) clockSkew(at time.Time) {
	provider, err := time.Parse("2006-01-02 15:04:05Z", f.Facts.Text("provider_time"))
	if err != nil || at.IsZero() {
		return
	}
	skew := at.Sub(provider)
	direction := "ahead of"
	if skew < 0 {
		skew, direction = -skew, "behind"
	}
	if quarter := (skew + time.Minute).Truncate(15 * time.Minute); skew < minSkew || skew > maxSkew || (skew-quarter).Abs() <= time.Minute {
		return
	}
	f.Facts["clock_skew"] = fmt.Sprintf("%s %s the provider's", strings.TrimSuffix(skew.Round(time.Second).String(), "0s"), direction)
}

// notes are steps that a fact asks for, whatever the cause is.
func notes(facts Facts) []Step {
	skew := facts.Text("clock_skew")
	if skew == "" {
		return nil
	}
	return []Step{{Where: "jira-host", Text: "The clock of this Jira node is " + skew + ": set it right (timedatectl, chronyc tracking), a wrong clock alone breaks OAuth."}}
}
