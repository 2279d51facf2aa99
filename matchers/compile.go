package matchers

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// set compiles what was read and, if asked to, tries every sample on the whole.
func (l *loader) set(prove bool) (*Set, error) {
	s := &Set{byCode: map[string]*Cause{}, changed: l.changed}
	for _, c := range l.all {
		l.compile(c)
		if c.ID == Unknown {
			s.unknown = c
			continue
		}
		s.causes = append(s.causes, c)
		for _, code := range c.Codes {
			switch other := s.byCode[code]; {
			case other == nil || c.own && !other.own:
				s.byCode[code] = c
			case other == c:
				l.problem(c, "codes", "%s is listed twice", code)
			default:
				l.problem(c, "codes", "%s is already a code of %s", code, other.ID)
			}
		}
	}
	rank := func(c *Cause) int {
		if c.own {
			return c.tier - len(tiers)
		}
		return c.tier
	}
	slices.SortStableFunc(s.causes, func(a, b *Cause) int { return rank(a) - rank(b) })
	switch {
	case len(l.problems) > 0:
	case s.unknown == nil:
		return nil, errors.New("causes: there is no cause " + Unknown)
	case prove:
		l.prove(s)
	}
	if len(l.problems) > 0 {
		l.problems.Sort()
		return nil, l.problems
	}
	return s, nil
}

// maxNamed is how many causes one complaint names.
const maxNamed = 5

// prove tries every sample on the whole catalogue. An added cause may explain
// what a built-in one does when it names the code, and what nothing explained
// so far; a pattern that takes a sample of another cause is too broad.
func (l *loader) prove(s *Set) {
	taken := map[string][]string{}
	for _, c := range l.all {
		for i, sample := range c.Samples {
			got := s.run(sample)
			by := got.Failure
			if sample.Match && by.Cause != nil && by.Cause.own && !c.own {
				if c.ID != Unknown && !slices.Contains(by.Cause.Codes, by.Signal) &&
					!slices.Contains(taken[by.Cause.ID], c.ID) {
					taken[by.Cause.ID] = append(taken[by.Cause.ID], c.ID)
				}
				continue
			}
			if why := outcome(c.ID, sample, got); why != "" {
				l.problem(c, fmt.Sprintf("sample[%d]", i), "%s", why)
			}
		}
	}
	for id, others := range taken {
		more := ""
		if n := len(others) - maxNamed; n > 0 {
			others, more = others[:maxNamed], fmt.Sprintf(" and %d more", n)
		}
		l.problem(l.known[id], "patterns", "too broad, they match the samples of %s%s", strings.Join(others, ", "),
			more)
	}
}

var (
	idRE   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	codeRE = regexp.MustCompile(`^AADSTS\d{4,8}$`)
)

// compile checks a cause and compiles it.
func (l *loader) compile(c *Cause) {
	c.ownSeverity = c.ownSeverity || c.own
	l.texts(c)
	for i, code := range c.Codes {
		if !codeRE.MatchString(code) {
			l.problem(c, fmt.Sprintf("codes[%d]", i), `%q is not a provider code, write one such as "AADSTS50194"`, code)
		}
	}
	c.patterns = l.expressions(c, "patterns", c.Patterns, "")
	c.words = l.expressions(c, "words", c.Words, `(?i)`)
	if c.ID != Unknown && len(c.Codes)+len(c.Patterns)+len(c.Words) == 0 {
		l.problem(c, "id", "%s has neither codes nor patterns, so it would never match", c.ID)
	}
	if c.ID != Unknown && !slices.ContainsFunc(c.Samples, func(s Sample) bool { return s.Match }) {
		l.problem(c, "id", "%s has no sample with match = true, add a [[cause.sample]]", c.ID)
	}
}

// expressions compiles regular expressions of a cause, each after a prefix.
func (l *loader) expressions(c *Cause, key string, from []string, prefix string) []*expression {
	var all []*expression
	for i, p := range from {
		re, err := newExpression(p)
		if err == nil && prefix != "" {
			re, err = newExpression(prefix + "(?:" + p + ")")
		}
		if err != nil {
			l.problem(c, fmt.Sprintf("%s[%d]", key, i), "%s (the syntax is that of RE2)",
				strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			continue
		}
		all = append(all, re)
	}
	return all
}

// texts checks and fills in the texts and the fixed words of a cause.
func (l *loader) texts(c *Cause) {
	if !idRE.MatchString(c.ID) {
		l.problem(c, "id", "%q is not a valid ID, use lowercase letters, digits and hyphens", c.ID)
	}
	if o := l.origins[c]; !o.overridden && !o.gives("severity") {
		l.problem(c, "severity", `missing, write "low", "medium", "high" or "critical"`)
	}
	l.word(c, "confidence", c.Confidence, []string{"certain", "likely", "unknown"})
	l.word(c, "provider", c.Provider, []string{"microsoft", "google", "any"})
	if c.ID != Unknown {
		l.word(c, "tier", c.Tier, tiers)
	}
	c.tier = slices.Index(tiers, c.Tier)
	for key, text := range map[string]string{"title": c.Title, "diagnosis": c.Diagnosis, "confirm": c.Confirm} {
		if text == "" {
			l.problem(c, key, "missing")
		}
	}
	if len(c.Fix) == 0 {
		l.problem(c, "id", "%s has no steps, add a [[cause.fix]]", c.ID)
	}
	c.Diagnosis = l.template(c, "diagnosis", c.Diagnosis)
	c.Confirm = l.inStep(c, "confirm", c.Confirm)
	for i, step := range c.Fix {
		at := fmt.Sprintf("fix[%d]", i)
		l.word(c, at+".where", step.Where, wheres)
		if step.When != "" {
			l.word(c, at+".when", step.When, natures)
		}
		c.Fix[i].Text = l.inStep(c, at+".text", step.Text)
	}
	for i, url := range c.Sources {
		if !strings.HasPrefix(url, "https://") || strings.ContainsAny(url, "{} ") {
			l.problem(c, fmt.Sprintf("sources[%d]", i), "%q is not a URL that begins with https://", url)
		}
	}
	for i, link := range c.Links {
		if !strings.HasPrefix(link.URL, "https://") || link.Title == "" {
			l.problem(c, fmt.Sprintf("link[%d]", i), "a link needs a title and a URL that begins with https://")
		}
		if strings.ContainsAny(link.URL+link.Title, "{}") {
			l.problem(c, fmt.Sprintf("link[%d]", i), "a link cannot contain facts: remove the braces")
		}
		if vendors.MatchString(link.URL) && !slices.Contains(c.Sources, link.URL) {
			c.Sources = append(c.Sources, link.URL)
		}
	}
}

func (l *loader) word(c *Cause, key, value string, allowed []string) {
	switch {
	case slices.Contains(allowed, value):
	case value == "":
		l.problem(c, key, "missing, write one of: %s", strings.Join(allowed, ", "))
	default:
		l.problem(c, key, "unknown value %q, write one of: %s", value, strings.Join(allowed, ", "))
	}
}

// run diagnoses a sample.
func (s *Set) run(of Sample) Verdict {
	if of.Log != "" {
		return s.Diagnose(of.Log, nil)
	}
	return s.Text(of.Text)
}

// outcome is what is wrong with a sample of a cause, given its diagnosis; "" means
// nothing.
func outcome(id string, want Sample, got Verdict) string {
	if (want.Log == "") == (want.Text == "") {
		return "give the sample either log (a whole event) or text (what follows \"The error message is:\")"
	}
	won := got.Ours && got.Failure.Cause.ID == id
	switch {
	case want.Match && !got.Ours:
		return fmt.Sprintf("this sample must match %s, but is not a failure of the flow: %s", id, got.Reason)
	case want.Match && !won:
		return fmt.Sprintf("this sample must match %s, but %s explains it", id, got.Failure.Cause.ID)
	case !want.Match && won:
		return fmt.Sprintf("this sample must not match %s, but does", id)
	}
	for name, value := range want.Facts {
		if found := got.Failure.Facts.Text(name); found != value {
			return fmt.Sprintf("the fact %s of this sample must be %q, but is %q", name, value, found)
		}
	}
	return ""
}
