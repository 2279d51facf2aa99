package matchers

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
)

//go:embed causes
var builtin embed.FS

// MaxCauseFile bounds a file of causes, in bytes.
const MaxCauseFile = 1 << 20

// Set is a compiled catalogue: immutable, for any number of goroutines.
type Set struct {
	causes  []*Cause // in the order they are tried
	byCode  map[string]*Cause
	unknown *Cause
}

// Builtin is the catalogue the program comes with.
func Builtin() (*Set, error) {
	return Load("")
}

// Load is the built-in catalogue and the causes of the *.toml files in dir,
// which are tried first. A cause of dir with the ID of a built-in one replaces
// those of its keys that it gives. dir "" is the built-in catalogue alone.
//
// Every cause is tried on its samples, so one that is wrong is never active:
// the error is conf.Problems, all of them, and there is no Set.
func Load(dir string) (*Set, error) {
	places, err := loadPlaces()
	if err != nil {
		return nil, err
	}
	l := loader{places: places, known: map[string]*definition{}}
	names, err := fs.Glob(builtin, "causes/*.toml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(builtin, name)
		if err != nil {
			return nil, err
		}
		if path.Base(name) != placesFile {
			l.add(name, text, false)
		}
	}
	if dir != "" {
		own, err := filepath.Glob(filepath.Join(dir, "*.toml"))
		if err != nil {
			return nil, fmt.Errorf("causes in %s: %w", dir, err)
		}
		for _, name := range own {
			text, err := readCauses(name)
			if err != nil {
				return nil, err
			}
			l.add(name, text, true)
		}
	}
	return l.set()
}

func readCauses(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("causes: %w", err)
	}
	if info.Size() > MaxCauseFile {
		return nil, fmt.Errorf("causes: %s is larger than %d bytes", name, MaxCauseFile)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("causes: %w", err)
	}
	return text, nil
}

// file is the form of a file of causes.
type file struct {
	Causes []definition `toml:"cause"`
}

// definition is a cause as it is written.
type definition struct {
	ID         string         `toml:"id"`
	RootCause  *int           `toml:"root_cause"`
	Provider   string         `toml:"provider"`
	Title      string         `toml:"title"`
	Severity   *conf.Severity `toml:"severity"`
	Confidence string         `toml:"confidence"`
	Tier       string         `toml:"tier"`
	Codes      []string       `toml:"codes"`
	Patterns   []string       `toml:"patterns"`
	Diagnosis  string         `toml:"diagnosis"`
	Confirm    string         `toml:"confirm"`
	Fix        []Step         `toml:"fix"`
	Links      []Link         `toml:"link"`
	Samples    []sample       `toml:"sample"`

	source *conf.Source
	at     string // its path in source, such as cause[3]
}

// sample is an event, or the text after "The error message is:", that the
// cause must explain or must leave alone.
type sample struct {
	Match bool              `toml:"match"`
	Log   string            `toml:"log"`
	Text  string            `toml:"text"`
	Facts map[string]string `toml:"facts"` // facts that must come out, lists joined by blanks
}

type loader struct {
	places   map[string]string
	own, all []*definition
	known    map[string]*definition
	problems conf.Problems
}

// add decodes one file.
func (l *loader) add(name string, text []byte, own bool) {
	var f file
	source, problems := conf.Decode(name, text, &f)
	l.problems = append(l.problems, problems...)
	if source == nil {
		return
	}
	for i := range f.Causes {
		d := &f.Causes[i]
		d.source, d.at = source, fmt.Sprintf("cause[%d]", i)
		base, exists := l.known[d.ID]
		switch {
		case d.ID == "":
			l.problem(d, "id", `missing, write id = "a-short-name"`)
		case exists && (!own || slices.Contains(l.own, base)):
			l.problem(d, "id", "%q is the ID of another cause already", d.ID)
		case exists:
			base.override(d)
		default:
			l.known[d.ID] = d
			if own {
				l.own = append(l.own, d)
			} else {
				l.all = append(l.all, d)
			}
		}
	}
}

// override takes over the keys that another definition gives, and from then
// on complaints are about that one's text.
func (d *definition) override(by *definition) {
	set := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	set(&d.Provider, by.Provider)
	set(&d.Title, by.Title)
	set(&d.Confidence, by.Confidence)
	set(&d.Tier, by.Tier)
	set(&d.Diagnosis, by.Diagnosis)
	set(&d.Confirm, by.Confirm)
	if by.RootCause != nil {
		d.RootCause = by.RootCause
	}
	if by.Severity != nil {
		d.Severity = by.Severity
	}
	if by.Codes != nil {
		d.Codes = by.Codes
	}
	if by.Patterns != nil {
		d.Patterns = by.Patterns
	}
	if by.Fix != nil {
		d.Fix = by.Fix
	}
	if by.Links != nil {
		d.Links = by.Links
	}
	if by.Samples != nil {
		d.Samples = by.Samples
	}
	d.source, d.at = by.source, by.at
}

func (l *loader) problem(d *definition, key, format string, args ...any) {
	l.problems = append(l.problems, d.source.Problem(d.at+"."+key, format, args...))
}

// set compiles what was read and tries every sample on the whole.
func (l *loader) set() (*Set, error) {
	s := &Set{byCode: map[string]*Cause{}}
	definitions := slices.Concat(l.own, l.all)
	for _, d := range definitions {
		c := l.compile(d)
		c.own = slices.Contains(l.own, d)
		if c.ID == Unknown {
			s.unknown = c
			continue
		}
		s.causes = append(s.causes, c)
		for _, code := range c.Codes {
			if other := s.byCode[code]; other == nil {
				s.byCode[code] = c
			} else if c.own == other.own {
				l.problem(d, "codes", "%s is a code of %s already", code, other.ID)
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
	slices.SortStableFunc(s.causes, func(a, b *Cause) int { return a.tier - b.tier })
	for _, d := range definitions {
		for i, sample := range d.Samples {
			if why := s.try(d.ID, sample); why != "" {
				l.problem(d, fmt.Sprintf("sample[%d]", i), "%s", why)
			}
		}
	}
	if len(l.problems) > 0 {
		l.problems.Sort()
		return nil, l.problems
	}
	return s, nil
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
	for i, code := range d.Codes {
		if !codeRE.MatchString(code) {
			l.problem(d, fmt.Sprintf("codes[%d]", i), `%q is no provider code, write one such as "AADSTS50194"`, code)
		}
	}
	for i, p := range d.Patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			l.problem(d, fmt.Sprintf("patterns[%d]", i), "%s (the syntax is that of RE2)", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			continue
		}
		c.patterns = append(c.patterns, re)
	}
	if d.ID != Unknown && len(d.Codes)+len(d.Patterns) == 0 {
		l.problem(d, "id", "%s has neither codes nor patterns, it would never match", d.ID)
	}
	if d.ID != Unknown && !slices.ContainsFunc(d.Samples, func(s sample) bool { return s.Match }) {
		l.problem(d, "id", "%s has no sample with match = true, add a [[cause.sample]]", d.ID)
	}
	return c
}

// words checks and fills in the texts and the fixed words of a cause.
func (l *loader) words(d *definition, c *Cause) {
	if !idRE.MatchString(d.ID) {
		l.problem(d, "id", "%q is no ID, use lower-case letters, digits and hyphens", d.ID)
	}
	if d.Severity == nil {
		l.problem(d, "severity", `missing, write "low", "medium", "high" or "critical"`)
	} else {
		c.Severity = *d.Severity
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
	c.Confirm = l.template(d, "confirm", d.Confirm)
	for i, step := range d.Fix {
		at := fmt.Sprintf("fix[%d]", i)
		l.word(d, at+".where", step.Where, wheres)
		c.Fix = append(c.Fix, Step{Text: l.template(d, at+".text", step.Text), Where: step.Where})
	}
	for i, link := range d.Links {
		if !strings.HasPrefix(link.URL, "https://") || link.Title == "" {
			l.problem(d, fmt.Sprintf("link[%d]", i), "a link needs a title and a URL that begins with https://")
		}
	}
}

func (l *loader) word(d *definition, key, value string, allowed []string) {
	if !slices.Contains(allowed, value) {
		l.problem(d, key, "%q is not known, write one of: %s", value, strings.Join(allowed, ", "))
	}
}

// try runs one sample; "" means it came out as it should.
func (s *Set) try(id string, want sample) string {
	var got Verdict
	switch {
	case want.Log != "" && want.Text == "":
		got = s.Diagnose(want.Log, nil)
	case want.Text != "" && want.Log == "":
		got = s.Text(want.Text)
	default:
		return "give the sample either log (a whole event) or text (what stands behind \"The error message is:\")"
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
		if found := got.Failure.Facts.text(name); found != value {
			return fmt.Sprintf("the fact %s of this sample must be %q, but is %q", name, value, found)
		}
	}
	return ""
}

// Causes lists the catalogue in the order it is tried, the unknown cause last.
func (s *Set) Causes() []*Cause {
	return append(slices.Clone(s.causes), s.unknown)
}

// Cause finds a cause by its ID.
func (s *Set) Cause(id string) (*Cause, bool) {
	for _, c := range s.Causes() {
		if c.ID == id {
			return c, true
		}
	}
	return nil, false
}
