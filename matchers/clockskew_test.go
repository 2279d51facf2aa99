package matchers_test

import (
	"strings"
	"testing"
)

// A clock that is wrong is said, with what to do; a time zone, the way of an
// answer and an edited log are not.
func TestClockSkew(t *testing.T) {
	for provider, want := range map[string]string{
		"2024-03-05 08:07:01Z": "",
		"2024-03-05 08:03:03Z": "",
		"2024-03-05 08:00:20Z": "6m43s ahead of the provider's",
		"2024-03-05 08:16:30Z": "9m27s behind the provider's",
		"2024-03-05 09:07:01Z": "", // an hour: a zone
		"2024-03-05 08:22:00Z": "", // a quarter of an hour
		"2023-03-05 08:07:01Z": "",
	} {
		f := diagnose(t, builtin(t), "2024-03-05 09:07:03,021+0100"+strings.TrimPrefix(carrier("AADSTS7000215: Invalid client secret provided. Timestamp: "+
			""+provider), carrier("")[:28]))
		got, _ := f.Facts["clock_skew"].(string)
		steps := f.Cause.Advise(f.Facts).Fix
		told := strings.Contains(steps[len(steps)-1].Text, "clock")
		if got != want || told != (want != "") {
			t.Errorf("%s: %q, told %v, want %q", provider, got, told, want)
		}
	}
}
