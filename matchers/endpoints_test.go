package matchers_test

import (
	"testing"
)

// The Redirect URL's checksum names the endpoint that it was made for.
func TestEndpointOfARedirectURL(t *testing.T) {
	f := diagnose(t, builtin(t), carrier("Expected provider FC8GQRj7OZO_j1_b6A-Eig but got VZTVB3H4Eyo3R5KDvTp1vg."))
	for name, want := range map[string]string{
		"expected_endpoint": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
		"actual_endpoint":   "https://accounts.google.com/o/oauth2/v2/auth",
	} {
		if f.Facts[name] != want {
			t.Errorf("%s is %q, want %q", name, f.Facts[name], want)
		}
	}
}
