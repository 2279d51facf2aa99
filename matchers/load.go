package matchers

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
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
	changed bool // the operator has added causes, or changed built-in ones
}

// Builtin is the built-in catalogue.
func Builtin() (*Set, error) {
	return Load("")
}

// Load is the built-in catalogue and the causes of the *.toml files in dir,
// which are tried first. A cause of dir with the ID of a built-in one replaces
// those of its keys that it gives. dir "" is the built-in catalogue alone.
//
// A cause that fails its samples is never active. Where dir adds causes, the
// samples of the whole catalogue are tried on it, since an added cause can take a
// match from a built-in one: the error is conf.Problems, all of them, and there
// is no Set. The built-in catalogue alone is proved by the tests of this package,
// because it cannot change after the build and its proof takes most of the time
// of loading.
func Load(dir string) (*Set, error) { return load(dir, nil) }

// LoadValid is Load without the files of dir that have problems, which it returns: a
// service that starts at night runs with the rest.
func LoadValid(dir string) (*Set, conf.Problems, error) {
	var all conf.Problems
	var broken []string
	for {
		set, err := load(dir, broken)
		problems, ok := errors.AsType[conf.Problems](err)
		if !ok {
			return set, all, err
		}
		all = append(all, problems...)
		before := len(broken)
		for _, p := range problems {
			if !slices.Contains(broken, p.File) {
				broken = append(broken, p.File)
			}
		}
		if len(broken) == before { // not the operator's files
			return nil, all, err
		}
	}
}

func load(dir string, without []string) (*Set, error) {
	l, err := read(dir, without)
	if err != nil {
		return nil, err
	}
	return l.set(l.changed)
}

// read decodes the built-in files of causes and those of dir, except without.
func read(dir string, without []string) (*loader, error) {
	places, err := loadPlaces()
	if err != nil {
		return nil, err
	}
	l := &loader{places: places, known: map[string]*definition{}}
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
	own, err := causeFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range own {
		if slices.Contains(without, name) {
			continue
		}
		text, err := readCauses(name)
		if err != nil {
			return nil, err
		}
		l.add(name, text, true)
		l.changed = true
	}
	return l, nil
}

// HasCauses reports whether Load would read anything in dir.
func HasCauses(dir string) (bool, error) {
	names, err := causeFiles(dir)
	return len(names) > 0, err
}

// causeFiles are the operator's files in dir, "" has none.
func causeFiles(dir string) (names []string, err error) {
	if dir == "" {
		return nil, nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("causes: %w", err)
	}
	for _, file := range files {
		if path.Ext(file.Name()) == ".toml" {
			names = append(names, filepath.Join(dir, file.Name()))
		}
	}
	return names, nil
}

func readCauses(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("causes: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("causes: %s is not a file", name)
	case info.Size() > MaxCauseFile:
		return nil, fmt.Errorf("causes: %s is larger than %d bytes", name, MaxCauseFile)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("causes: %w", err)
	}
	return text, nil
}

// causesFile is a file of causes: one [[cause]] per cause.
type causesFile struct {
	Causes []definition `toml:"cause"`
}

// definition is a [[cause]] as it is written in TOML; compile.go checks it. All keys
// are required but root_cause, link, checked and sources, and one of codes and
// patterns; a built-in cause has checked and, to be certain, a source. In the
// operator's files, a definition with the ID of a built-in cause replaces only the
// keys that it gives.
type definition struct {
	// ID names the cause in alerts, settings and links: up to 64 lower-case letters,
	// digits and hyphens.
	ID string `toml:"id"`
	// RootCause is the number of the cause in Atlassian's article, if it is there.
	RootCause *int `toml:"root_cause"`
	// Provider is microsoft, google or any.
	Provider string `toml:"provider"`
	// Title is the headline of the alert: what is wrong, in one clause.
	Title string `toml:"title"`
	// Severity is low, medium, high or critical.
	Severity *conf.Severity `toml:"severity"`
	// Confidence is certain (documented or reproduced), likely or unknown.
	Confidence string `toml:"confidence"`
	// Tier ranks the patterns of a cause among those of others, see tiers. An exact
	// code decides before any pattern.
	Tier string `toml:"tier"`
	// Codes are exact provider codes, such as AADSTS50194.
	Codes []string `toml:"codes"`
	// Patterns are regular expressions (RE2), tried in order on the event's message.
	Patterns []string `toml:"patterns"`
	// Words are regular expressions of what a provider's refusal is about, where its code is lost; in
	// any case.
	Words []string `toml:"words"`
	// Diagnosis says what happened and why: a template, see fill. It may show any fact.
	Diagnosis string `toml:"diagnosis"`
	// Confirm says how to see that the fix worked: a template like that of a step.
	Confirm string `toml:"confirm"`
	// Fix are the steps in their order, each a [[cause.fix]]. A step may not show free
	// text from the log, see inStep.
	Fix []Step `toml:"fix"`
	// Links are pages to read, each a [[cause.link]].
	Links []alert.Link `toml:"link"`
	// Checked is when the cause was last compared with its sources, YYYY-MM-DD.
	Checked string `toml:"checked"`
	// Sources are pages of vendors, beyond those of the links, that say what the cause says.
	Sources []string `toml:"sources"`
	// Samples prove the cause, each a [[cause.sample]]; at least one has match = true.
	// Those of the whole catalogue are tried when operator causes are loaded.
	Samples []sample `toml:"sample"`

	source *conf.Source
	at     string // its path in source, such as cause[3]

	overridden  bool // source and at are those of the operator's definition
	ownSeverity bool // the operator has given it
}

// sample is text that the cause must explain, or must not. It has a log or a text.
type sample struct {
	Match bool              `toml:"match"` // whether the cause explains it
	Log   string            `toml:"log"`   // a whole event, with its header
	Text  string            `toml:"text"`  // what follows "The error message is:"
	Facts map[string]string `toml:"facts"` // facts that must be found, lists joined by spaces
}

type loader struct {
	places   map[string]string
	own, all []*definition
	known    map[string]*definition
	changed  bool // the operator has files of causes
	problems conf.Problems
}

// add decodes one file.
func (l *loader) add(name string, text []byte, own bool) {
	var f causesFile
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
			l.problem(d, "id", "%q is already the ID of another cause", d.ID)
		case exists && base.overridden:
			l.problem(d, "id", "%q is already overridden", d.ID)
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

// override takes over the keys that another definition gives, an empty list too. Later problems
// are reported at that one's text.
func (d *definition) override(by *definition) {
	from, to := reflect.ValueOf(by).Elem(), reflect.ValueOf(d).Elem()
	for i := range from.NumField() {
		if given := from.Field(i); from.Type().Field(i).IsExported() && !given.IsZero() {
			to.Field(i).Set(given)
		}
	}
	d.source, d.at, d.overridden, d.ownSeverity = by.source, by.at, true, by.Severity != nil
}

func (l *loader) problem(d *definition, key, format string, args ...any) {
	l.problems = append(l.problems, d.source.Problem(d.at+"."+key, format, args...))
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
