package incident_test

import (
	"strings"
	"testing"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
)

// Masking takes time linear in the text, whatever it is filled with.
func BenchmarkMask(b *testing.B) {
	set, err := matchers.Builtin()
	if err != nil {
		b.Fatal(err)
	}
	var examples strings.Builder
	for _, c := range set.Causes() {
		examples.WriteString(c.Example() + "\n")
	}
	fill := func(s string) string { return strings.Repeat(s, event.MaxText/len(s)) }
	for _, bb := range []struct{ name, text string }{
		{"samples", examples.String()},
		{"trace", fill("\tat com.atlassian.oauth2.client.rest.resource.ClientConfigurationResource.executeFlow(ClientConfigurationResource.java:123)\n")},
		{"escapes", fill(`\u005c`)},
		{"percent", fill("%25")},
		{"amp", fill("&amp;")},
		{"names", fill("secret=")},
		{"weak", fill("token=")},
		{"quotes", fill(`secret="`)},
		{"alternating", fill(`secret="auth='`)},
		{"tuples", fill("[secret,")},
		{"tags", fill("<secret ")},
		{"name value", fill(`name="secret" `)},
		{"braces", fill("{secret=")},
		{"userinfo", fill("a:b@")},
		{"colons", fill("a:")},
		{"pem", fill("-----BEGIN KEY-----")},
		{"pem tail", fill("AAAA\n")},
		{"backslashes", fill(`\`)},
		{"jwt", fill("eyJ")},
		{"basic", fill("basic ")},
		{"auth", fill("authorization:")},
		{"letters", fill("a1")},
		{"entra", fill("a8Q~")},
		{"thumbprint", fill("thumbprint ")},
		{"list", fill("secret=[")},
		{"slashes", fill("/rest/")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.text)))
			for b.Loop() {
				none.Text(bb.text)
			}
		})
	}
}
