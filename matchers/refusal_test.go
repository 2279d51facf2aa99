package matchers

import "testing"

// A word of a refusal is known in the forms in which sentences have it.
func TestUsualWords(t *testing.T) {
	for word, want := range map[string]bool{
		"expire": true, "expired": true, "revoking": true, "tokens": true, "user's": true, "permitted": true,
		"zebra": false, "zebras": false, "e": false,
	} {
		if got := isUsual(word); got != want {
			t.Errorf("%q is a word of refusals: %t, want %t", word, got, want)
		}
	}
}
