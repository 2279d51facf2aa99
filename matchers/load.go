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
	l := &loader{known: map[string]*Cause{}, origins: map[*Cause]origin{}}
	files, _ := fs.Glob(builtin, "causes/*")
	for _, name := range files {
		text, _ := builtin.ReadFile(name) // it is embedded
		if name == placesFile {
			_, problems := conf.Decode(name, text, &l.shared)
			l.problems = append(l.problems, problems...)
		} else {
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
			return nil, fmt.Errorf("causes: %w", err)
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
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", name)
	case info.Size() > MaxCauseFile:
		return nil, fmt.Errorf("%s is larger than %d bytes", name, MaxCauseFile)
	}
	return os.ReadFile(name)
}

// causesFile is a file of causes: one [[cause]] per cause.
type causesFile struct {
	Causes []Cause `toml:"cause"`
}

type loader struct {
	shared struct {
		Places map[string]string `toml:"place"`
	}
	all      []*Cause
	known    map[string]*Cause
	origins  map[*Cause]origin
	changed  bool // the operator has files of causes
	problems conf.Problems
}

// origin is where a cause is written.
type origin struct {
	source     *conf.Source
	at         string // its path in source, such as cause[3]
	overridden bool   // source and at are those of the operator's keys
}

// gives reports whether a key is written there.
func (o origin) gives(key string) bool { return o.source.Has(o.at + "." + key) }

// add decodes one file.
func (l *loader) add(name string, text []byte, own bool) {
	var f causesFile
	source, problems := conf.Decode(name, text, &f)
	l.problems = append(l.problems, problems...)
	if source == nil {
		return
	}
	for i := range f.Causes {
		c := &f.Causes[i]
		c.own = own
		l.origins[c] = origin{source: source, at: fmt.Sprintf("cause[%d]", i)}
		base, exists := l.known[c.ID]
		switch {
		case c.ID == "":
			l.problem(c, "id", `missing, write id = "a-short-name"`)
		case exists && (!own || base.own):
			l.problem(c, "id", "%q is already the ID of another cause", c.ID)
		case exists && l.origins[base].overridden:
			l.problem(c, "id", "%q is already overridden", c.ID)
		case exists:
			l.override(base, c)
		default:
			l.known[c.ID] = c
			l.all = append(l.all, c)
		}
	}
}

// override replaces the keys of a cause that another one gives. Later problems are reported at that
// one's text.
func (l *loader) override(c, by *Cause) {
	o := l.origins[by]
	from, to := reflect.ValueOf(by).Elem(), reflect.ValueOf(c).Elem()
	for i := range from.NumField() {
		key := from.Type().Field(i).Tag.Get("toml")
		if given := from.Field(i); key != "" && (!given.IsZero() || o.gives(key)) {
			to.Field(i).Set(given)
		}
	}
	c.ownSeverity, o.overridden = o.gives("severity"), true
	l.origins[c] = o
}

func (l *loader) problem(c *Cause, key, format string, args ...any) {
	o := l.origins[c]
	l.problems = append(l.problems, o.source.Problem(o.at+"."+key, format, args...))
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
