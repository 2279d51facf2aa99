package matchers

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// set compiles what was read and, if asked to, tries every sample on the whole.
func (l *loader) set(prove bool) (*Set, error) {
	s := &Set{byCode: map[string]*Cause{}, changed: l.changed}
	definitions := slices.Concat(l.own, l.all)
	for _, d := range definitions {
		c := l.compile(d)
		c.own = slices.Contains(l.own, d)
		c.ownSeverity = c.own || d.ownSeverity
		if c.ID == Unknown {
			s.unknown = c
			continue
		}
		s.causes = append(s.causes, c)
		for _, code := range c.Codes {
			if other := s.byCode[code]; other == nil {
				s.byCode[code] = c
			} else if other == c {
				l.problem(d, "codes", "%s is listed twice", code)
			} else if c.own == other.own {
				l.problem(d, "codes", "%s is already a code of %s", code, other.ID)
			}
		}
	}
	if len(l.problems) > 0 {
		l.problems.Sort()
		return nil, l.problems
	}
	if s.unknown == nil {
		return nil, errors.New("causes: there is no cause " + Unknown)
	}
	rank := func(c *Cause) int {
		if c.own {
			return c.tier - len(tiers)
		}
		return c.tier
	}
	slices.SortStableFunc(s.causes, func(a, b *Cause) int { return rank(a) - rank(b) })
	if prove {
		l.prove(s, definitions)
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
func (l *loader) prove(s *Set, definitions []*definition) {
	taken := map[string][]string{}
	for _, d := range definitions {
		for i, sample := range d.Samples {
			got := s.run(sample)
			by := got.Failure
			if sample.Match && by.Cause != nil && by.Cause.own && !slices.Contains(l.own, d) {
				if d.ID != Unknown && !slices.Contains(by.Cause.Codes, by.Signal) &&
					!slices.Contains(taken[by.Cause.ID], d.ID) {
					taken[by.Cause.ID] = append(taken[by.Cause.ID], d.ID)
				}
				continue
			}
			if why := outcome(d.ID, sample, got); why != "" {
				l.problem(d, fmt.Sprintf("sample[%d]", i), "%s", why)
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

// compile checks one definition and makes a Cause of it.
func (l *loader) compile(d *definition) *Cause {
	c := &Cause{
		ID: d.ID, Provider: d.Provider, Title: d.Title, Confidence: d.Confidence,
		Codes: d.Codes, Links: d.Links, samples: d.Samples,
	}
	l.words(d, c)
	l.evidence(d, c)
	for i, code := range d.Codes {
		if !codeRE.MatchString(code) {
			l.problem(d, fmt.Sprintf("codes[%d]", i), `%q is not a provider code, write one such as "AADSTS50194"`, code)
		}
	}
	c.patterns = l.expressions(d, "patterns", d.Patterns, "")
	c.words = l.expressions(d, "words", d.Words, `(?i)`)
	if d.ID != Unknown && len(d.Codes)+len(d.Patterns)+len(d.Words) == 0 {
		l.problem(d, "id", "%s has neither codes nor patterns, so it would never match", d.ID)
	}
	if d.ID != Unknown && !slices.ContainsFunc(d.Samples, func(s sample) bool { return s.Match }) {
		l.problem(d, "id", "%s has no sample with match = true, add a [[cause.sample]]", d.ID)
	}
	return c
}

// expressions compiles regular expressions of a definition, each after a prefix.
func (l *loader) expressions(d *definition, key string, from []string, prefix string) []*expression {
	var all []*expression
	for i, p := range from {
		re, err := newExpression(p)
		if err == nil && prefix != "" {
			re, err = newExpression(prefix + "(?:" + p + ")")
		}
		if err != nil {
			l.problem(d, fmt.Sprintf("%s[%d]", key, i), "%s (the syntax is that of RE2)",
				strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			continue
		}
		all = append(all, re)
	}
	return all
}

// words checks and fills in the texts and the fixed words of a cause.
func (l *loader) words(d *definition, c *Cause) {
	if !idRE.MatchString(d.ID) {
		l.problem(d, "id", "%q is not a valid ID, use lowercase letters, digits and hyphens", d.ID)
	}
	switch {
	case d.Severity != nil:
		c.Severity = *d.Severity
	case !d.source.Has(d.at + ".severity"): // else it was refused already
		l.problem(d, "severity", `missing, write "low", "medium", "high" or "critical"`)
	}
	if d.RootCause != nil {
		c.RootCause = *d.RootCause
	}
	l.word(d, "confidence", d.Confidence, []string{"certain", "likely", "unknown"})
	l.word(d, "provider", d.Provider, []string{"microsoft", "google", "any"})
	if d.ID != Unknown {
		l.word(d, "tier", d.Tier, tiers)
	}
	c.tier = slices.Index(tiers, d.Tier)
	for key, text := range map[string]string{"title": d.Title, "diagnosis": d.Diagnosis, "confirm": d.Confirm} {
		if text == "" {
			l.problem(d, key, "missing")
		}
	}
	if len(d.Fix) == 0 {
		l.problem(d, "id", "%s has no steps, add a [[cause.fix]]", d.ID)
	}
	c.Diagnosis = l.template(d, "diagnosis", d.Diagnosis)
	c.Confirm = l.inStep(d, "confirm", d.Confirm)
	for i, step := range d.Fix {
		at := fmt.Sprintf("fix[%d]", i)
		l.word(d, at+".where", step.Where, wheres)
		if step.When != "" {
			l.word(d, at+".when", step.When, natures)
		}
		c.Fix = append(c.Fix, Step{Text: l.inStep(d, at+".text", step.Text), Where: step.Where, When: step.When})
	}
	for i, link := range d.Links {
		if !strings.HasPrefix(link.URL, "https://") || link.Title == "" {
			l.problem(d, fmt.Sprintf("link[%d]", i), "a link needs a title and a URL that begins with https://")
		}
		if strings.ContainsAny(link.URL+link.Title, "{}") {
			l.problem(d, fmt.Sprintf("link[%d]", i), "a link cannot contain facts: remove the braces")
		}
	}
}

// evidence checks when the cause was checked, and against what.
func (l *loader) evidence(d *definition, c *Cause) {
	if d.Checked != "" {
		at, err := time.Parse(time.DateOnly, d.Checked)
		if err != nil {
			l.problem(d, "checked", `%q is not a date, write one such as "2026-11-25"`, d.Checked)
		}
		c.Checked = at
	}
	for i, url := range d.Sources {
		if !strings.HasPrefix(url, "https://") || strings.ContainsAny(url, "{} ") {
			l.problem(d, fmt.Sprintf("sources[%d]", i), "%q is not a URL that begins with https://", url)
		}
		c.Sources = append(c.Sources, url)
	}
	for _, link := range d.Links {
		if vendors.MatchString(link.URL) && !slices.Contains(c.Sources, link.URL) {
			c.Sources = append(c.Sources, link.URL)
		}
	}
}

func (l *loader) word(d *definition, key, value string, allowed []string) {
	switch {
	case slices.Contains(allowed, value):
	case value == "":
		l.problem(d, key, "missing, write one of: %s", strings.Join(allowed, ", "))
	default:
		l.problem(d, key, "unknown value %q, write one of: %s", value, strings.Join(allowed, ", "))
	}
}

// run diagnoses a sample.
func (s *Set) run(of sample) Verdict {
	if of.Log != "" {
		return s.Diagnose(of.Log, nil)
	}
	return s.Text(of.Text)
}

// outcome is what is wrong with a sample of a cause, given its diagnosis; "" means
// nothing.
func outcome(id string, want sample, got Verdict) string {
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
