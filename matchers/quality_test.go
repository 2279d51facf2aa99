package matchers_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/matchers"
)

var sentenceEnd = regexp.MustCompile(`[.!?](?:\s+[A-Z]|$)`)

// Every built-in cause says in two sentences what is wrong and in ten steps at most
// what to do, also when the log gives no facts.
func TestBuiltinTexts(t *testing.T) {
	wheres := []string{"jira-admin", "jira-host", "entra-admin", "google-admin", "exchange-admin", "mailbox-owner", "network-admin"}
	s := builtin(t)
	causes := s.Causes()
	if len(causes) < 9 || causes[len(causes)-1].ID != matchers.Unknown {
		t.Fatalf("%d causes, want eight at least and the unknown one at the end", len(causes))
	}
	seen, titles := map[int]bool{}, map[string]string{}
	for _, c := range causes {
		seen[c.RootCause] = true
		if other := titles[c.Title]; other != "" {
			t.Errorf("%s has the title of %s: people know a cause by it", c.ID, other)
		}
		titles[c.Title] = c.ID
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
			check(len(a.Fix) >= 1 && len(a.Fix) <= 10, "not one to ten steps", a.Fix)
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
		check(c.Title != "" && len(c.Title) <= 70 && !strings.HasSuffix(c.Title, "."), "title", c.Title)
		check(c.Example() != "", "no example")
		check(len(c.Links) > 0, "no links")
		for _, l := range c.Links {
			check(strings.HasPrefix(l.URL, "https://") && l.Title != "", "link", l)
		}
		v := example(s, c)
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

// example is the diagnosis of a cause's example.
func example(s *matchers.Set, c *matchers.Cause) matchers.Verdict {
	v := s.Diagnose(c.Example(), nil)
	if !v.Headed {
		v = s.Text(c.Example())
	}
	return v
}

// A cause of the article is short enough for one screen of a phone. What everybody must do
// comes first, up to the test of the fix: at most five steps, one menu path each. An alert
// adds up to 240 characters to this, and has all other steps after it.
func TestRootCausesAreShort(t *testing.T) {
	const first, all = 5, 860
	path := regexp.MustCompile(`(?:⚙|\w\.com) > `)
	s := builtin(t)
	for _, c := range s.Causes() {
		if c.RootCause == 0 {
			continue
		}
		for _, facts := range []matchers.Facts{nil, example(s, c).Failure.Facts} {
			a := c.Advise(facts)
			sum := 0
			short := func(what, text string, most int) {
				n := utf8.RuneCountInString(text)
				if sum += n; n == 0 || n > most {
					t.Errorf("%s: %s has %d characters, want 1 to %d: %s", c.ID, what, n, most, text)
				}
			}
			short("the title", c.Title, 70)
			short("the diagnosis", a.Diagnosis, 260)
			short("the confirmation", a.Confirm, 110)
			steps := a.Fix[:min(first, len(a.Fix))]
			for len(steps) > 0 && !strings.Contains(steps[len(steps)-1].Text, "Test connection") {
				steps = steps[:len(steps)-1]
			}
			if len(steps) < 2 {
				t.Errorf("%s: the fix cannot be tested within %d steps, or nothing comes before", c.ID, first)
			}
			for _, step := range steps {
				short("a step", strings.ReplaceAll(step.Text, "```", ""), 230)
				if n := len(path.FindAllString(step.Text, -1)); n > 1 {
					t.Errorf("%s: %d menu paths in one step: %s", c.ID, n, step.Text)
				}
			}
			if sum > all {
				t.Errorf("%s: %d characters, want at most %d", c.ID, sum, all)
			}
		}
	}
}
