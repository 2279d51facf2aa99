package matchers_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

var sentenceEnd = regexp.MustCompile(`[.!?](?:\s+[A-Z]|$)`)

// Every built-in cause says in two sentences what is wrong and in six steps
// what to do, also when the log tells nothing.
func TestBuiltinTexts(t *testing.T) {
	wheres := []string{"jira-admin", "jira-host", "entra-admin", "google-admin", "exchange-admin", "mailbox-owner", "network-admin"}
	s := builtin(t)
	causes := s.Causes()
	if len(causes) < 9 || causes[len(causes)-1].ID != matchers.Unknown {
		t.Fatalf("%d causes, want eight at least and the unknown one at the end", len(causes))
	}
	seen := map[int]bool{}
	for _, c := range causes {
		seen[c.RootCause] = true
		check := func(ok bool, what string, args ...any) {
			t.Helper()
			if !ok {
				t.Errorf("%s: %s %q", c.ID, what, args)
			}
		}
		for _, facts := range []matchers.Facts{nil, {}, {"code": "AADSTS1234", "scopes": []string{}, "message": ""}} {
			a := c.Advise(facts)
			n := len(sentenceEnd.FindAllString(strings.TrimSuffix(a.Diagnosis, ".")+".", -1)) // the log's own words may end it
			check(n >= 1 && n <= 2, "not one or two sentences", a.Diagnosis)
			check(len(a.Diagnosis) <= 400, "long", a.Diagnosis)
			check(len(a.Fix) >= 1 && len(a.Fix) <= 6, "not one to six steps", a.Fix)
			check(a.Confirm != "", "no confirm")
			all := a.Diagnosis + a.Confirm
			for _, step := range a.Fix {
				check(slices.Contains(wheres, step.Where), "nobody is", step.Where)
				check(step.Text != "" && len(step.Text) <= 500, "a step without text, or a long one", step.Text)
				for _, b := range text.Blocks(step.Text) {
					if b.Code {
						check(!strings.ContainsAny(b.Text, "{}\t…"), "a command that cannot be pasted", b.Text)
					} else {
						all += strings.ReplaceAll(b.Text, "\n", " ")
					}
				}
			}
			check(!strings.ContainsAny(all, "{}|@\n\t") && !strings.Contains(all, "  "), "left over", all)
		}
		check(c.Title != "" && len(c.Title) <= 80 && !strings.HasSuffix(c.Title, "."), "title", c.Title)
		check(c.Example() != "", "no example")
		check(len(c.Links) > 0, "no links")
		for _, l := range c.Links {
			check(strings.HasPrefix(l.URL, "https://") && l.Title != "", "link", l)
		}
		v := s.Diagnose(c.Example(), nil)
		if !v.Headed {
			v = s.Text(c.Example())
		}
		check(v.Ours && v.Failure.Cause == c, "its example is explained by another cause", c.Example())
		found, ok := s.Cause(c.ID)
		check(ok && found == c, "not found by its ID")
	}
	for root := 1; root <= 8; root++ {
		if !seen[root] {
			t.Errorf("no cause is the article's root cause %d", root)
		}
	}
	if c, ok := s.Cause("no-such-cause"); ok || c != nil {
		t.Errorf("Cause of no ID: %+v", c)
	}
}
