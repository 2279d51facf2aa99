package matchers

import (
	"crypto/md5"
	"encoding/base64"
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
