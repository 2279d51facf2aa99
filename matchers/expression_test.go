package matchers_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/matchers"
)

// The literals that an expression is filtered by never hide a match.
func TestExpressionFilter(t *testing.T) {
	texts := []string{
		"", "x", "\u212aEY", "\u017focks: general", "\xff CONNECTION REFUSED", "VERBINDUNGSAUFBAU ABGELEHNT",
		"Přerušeno ſocket CLOſED",
	}
	for _, c := range builtin(t).Causes() {
		logs, proofs := c.Proofs()
		texts = slices.Concat(texts, logs, proofs)
	}
	wordings, err := os.ReadFile("testdata/wordings.toml")
	if err != nil {
		t.Fatal(err)
	}
	texts = append(texts, strings.Split(string(wordings), "\n")...)
	texts = append(texts, strings.ToUpper(texts[len(texts)/2]), strings.ToLower(texts[len(texts)/3]))
	expressions := append(matchers.Expressions(builtin(t)),
		`(?i)k.y`, `(?i)socks`, `(?i:ab)cde|xyz`, `a*`, `(?:abc)?`, `(?:abc){0,2}`, `(?:abc){2}`, `[a-z]{5}`, `(?i)überfluss`)
	filtered := 0
	for _, expression := range expressions {
		re := regexp.MustCompile(expression)
		matches := matchers.Matcher(t, expression)
		for _, text := range texts {
			got, tried := matches(text)
			if want := re.MatchString(text); got != want {
				t.Errorf("%q matches %.100q: %v, want %v", expression, text, got, want)
			}
			if !tried {
				filtered++
			}
		}
	}
	if all := len(expressions) * len(texts); filtered*10 < all*9 {
		t.Errorf("%d of %d texts need not be tried, want nine of ten", filtered, all)
	}
}
