package mask

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Names are found where one search for all of them finds them.
func TestEachName(t *testing.T) {
	pieces := regexp.MustCompile(`[a-z]+`).FindAllString(names.String(), -1)
	pieces = append(pieces, "_", ".", " ", "+", "-", "d", "t", "2", "x", "=", "ü", "\n")
	whole := regexp.MustCompile(strings.TrimPrefix(names.String(), "^"))
	r := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 50_000 {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			piece := pieces[r.IntN(len(pieces))]
			b.WriteString(piece[:len(piece)-r.IntN(2)*r.IntN(len(piece))])
		}
		var got [][]int
		for from, to := range eachName(b.String()) {
			got = append(got, []int{from, to})
		}
		want := whole.FindAllStringIndex(b.String(), -1)
		if !slices.EqualFunc(got, want, slices.Equal[[]int]) {
			t.Fatalf("%q: got %v, want %v", b.String(), got, want)
		}
		found += len(want)
	}
	if found < 50_000 {
		t.Errorf("only %d names in all texts", found)
	}
}

func BenchmarkSecrets(b *testing.B) {
	event := "2026-11-26 18:31:10,638+0000 http-nio-8080-exec-7 ERROR admin 600x7x1 4eic3i 10.0.0.1 " +
		"/rest/oauth2-client/latest/config/flow/00000001-aaaa-4bbb-8ccc-000000000001 [c.a.o.c.rest.resource." +
		"ClientConfigurationResource] Error occurred while authorizing an integration. The error message is: " +
		"AADSTS7000215: Invalid client secret provided. Trace ID: 15582ef9-f50c-49d2-bbea-ed98debc4d00"
	trace := strings.Repeat("\n\tat com.atlassian.oauth2.client.rest.resource.ClientConfigurationResource.call"+
		"(ClientConfigurationResource.java:123)", 60)
	for name, s := range map[string]string{"event": event, "trace": event + trace} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				secrets(s)
			}
		})
	}
}
